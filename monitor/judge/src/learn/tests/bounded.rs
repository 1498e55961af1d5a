//! Whatever it is told: it stays within its bounds, says nothing that contradicts itself, and does not panic.

use super::super::{Bears, Learned};
use crate::peers::contrast::{Ended, First};
use crate::thresholds::{MAX_LEARNED, SECOND};
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};

fn ended() -> impl Strategy<Value = Ended> {
    let ns = prop_oneof![4 => (1..1_000_u64).prop_map(|s| s * SECOND), 1 => any::<u64>()];
    let at_ns = prop_oneof![4 => (0..100_000_u64).prop_map(|s| s * SECOND), 1 => any::<u64>()];
    (0..6_u64, any::<bool>(), ns, at_ns).prop_map(|(cookie, us, ns, at_ns)| Ended {
        cookie,
        first: if us { First::Us } else { First::Peer },
        ns,
        at_ns,
    })
}

fn says() -> impl Strategy<Value = Bears> {
    prop_oneof![
        Just(Bears::Survived),
        Just(Bears::Died),
        Just(Bears::Retracted),
        Just(Bears::Doubted),
        Just(Bears::Nothing),
    ]
}

fn remotes() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        4 => (0..2_u32).prop_map(|prefix| IpAddr::V4((prefix << 8).into())),
        1 => any::<u32>().prop_map(|ip| IpAddr::V4(ip.into())),
        1 => any::<u128>().prop_map(|ip| IpAddr::V6(ip.into())),
    ];
    (ip, any::<u16>()).prop_map(SocketAddr::from)
}

proptest! {
    #[test]
    fn any_silences_in_any_order(
        told in proptest::collection::vec((says(), remotes(), ended(), any::<i64>()), 0..400),
        capacity in 0..8_usize,
    ) {
        let mut learned = Learned::new(capacity);
        for (says, remote, ended, wall) in &told {
            learned.note(*says, None, *remote, ended, *wall);
            prop_assert!(learned.len() <= capacity);
        }
        for known in learned.of_path(None) {
            if let (Some(least), Some(most)) = (known.at_least_seconds, known.at_most_seconds) {
                prop_assert!(least < most, "{known:?}");
            }
            prop_assert!(known.occasions <= known.died);
        }
    }
}

#[test]
fn a_flood_of_prefixes_leaves_those_with_deaths_and_counts_the_rest() {
    let mut learned = Learned::new(MAX_LEARNED);
    let ended = |ns| Ended {
        cookie: 1,
        first: First::Us,
        ns,
        at_ns: 0,
    };
    let ours: SocketAddr = "192.0.2.1:443".parse().expect("an address");
    learned.note(Bears::Died, None, ours, &ended(100 * SECOND), 0);
    for number in 0..4_000_u32 {
        let remote = SocketAddr::from((std::net::Ipv4Addr::from(number << 8), 1));
        learned.note(Bears::Survived, None, remote, &ended(SECOND), 1);
    }
    assert_eq!(learned.len(), MAX_LEARNED);
    let all = learned.of_path(None);
    let kept = |prefix: &str| all.iter().any(|one| one.prefix.as_deref() == Some(prefix));
    assert!(kept("192.0.2.0/24"));
    assert_eq!(learned.dropped(), 4_001 - MAX_LEARNED as u64);
}

#[test]
fn each_side_is_learned_by_itself() {
    let mut learned = Learned::new(8);
    let remote: SocketAddr = "192.0.2.1:443".parse().expect("an address");
    for (first, seconds) in [(First::Us, 100), (First::Peer, 300)] {
        let ended = Ended {
            cookie: 1,
            first,
            ns: seconds * SECOND,
            at_ns: 0,
        };
        learned.note(Bears::Survived, None, remote, &ended, 0);
    }
    let lived: Vec<_> = learned
        .of_path(None)
        .iter()
        .map(|one| one.at_least_seconds)
        .collect();
    assert_eq!(lived, [Some(300.0), Some(100.0)]);
}
