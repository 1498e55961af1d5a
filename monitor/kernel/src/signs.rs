//! Which signs of a forged ACK can be read on this kernel.

use crate::attach::HookStatus;
use crate::hook_table::{RECEIVE, REVISIT, SOCKETS};
use monitor_common::{MISSING, Member, Offsets};
use serde::Serialize;

const TTL: &str = "ttl";
const ROUND_TRIP: &str = "round_trip";

/// A sign by which a middlebox's ACK may differ from the peer's, and whether it can be read here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignStatus {
    /// `timestamp`, `ttl`, `window` or `round_trip`.
    pub sign: &'static str,
    /// Whether it can be read.
    pub readable: bool,
    /// What is missing for it: members of kernel structures, or the receive hook.
    pub missing: Vec<&'static str>,
}

/// Each sign with the members that it is read from, as the list of members names them.
const SIGNS: [(&str, [&str; 2]); 4] = [
    // Whether the option was negotiated, and the value before.
    (
        "timestamp",
        ["tcp_sock.tcp_header_len", "tcp_sock.rx_opt.rcv_tsval"],
    ),
    (TTL, ["sk_buff.head", "sk_buff.network_header"]),
    // The segment's window means something only with its scale.
    ("window", ["tcp_sock.snd_wnd", "tcp_sock.rx_opt.snd_wscale"]),
    (ROUND_TRIP, ["tcp_sock.srtt_us", "tcp_sock.rtt_min"]),
];

/// All signs, each with what it lacks.
pub(crate) fn signs(offsets: &Offsets, hooks: &[HookStatus]) -> Vec<SignStatus> {
    let works = |name| {
        hooks
            .iter()
            .any(|hook| hook.hook == name && hook.mechanism.is_some())
    };
    let sockets = works(SOCKETS);
    let snapshots = works(REVISIT);
    let receives = sockets || snapshots || works(RECEIVE);
    SIGNS
        .iter()
        .map(|(sign, members)| {
            let absent = members.iter().copied().filter(|name| {
                member(name).is_none_or(|found| *(found.slot)(&mut { *offsets }) == MISSING)
            });
            // A socket's callbacks get to see TCP's header, and no other.
            let no_packet = (sockets || snapshots) && *sign == TTL;
            // A revisit comes up to a second after the segment.
            let no_time = snapshots && *sign == ROUND_TRIP;
            let missing: Vec<_> = (!receives)
                .then_some("the receive hook")
                .into_iter()
                .chain(no_packet.then_some("the IP header: see --watch global"))
                .chain(no_time.then_some("when it came: see --watch global"))
                .chain(absent)
                .collect();
            SignStatus {
                sign,
                readable: missing.is_empty(),
                missing,
            }
        })
        .collect()
}

/// The first that is read of a structure's member.
fn member(name: &str) -> Option<&'static Member> {
    let is_it = |rest: &str| rest.is_empty() || rest.starts_with('.');
    Offsets::MEMBERS
        .iter()
        .find(|member| member.path.strip_prefix(name).is_some_and(is_it))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel that has every member.
    fn complete() -> Offsets {
        // SAFETY: an `Offsets` is a `Record`: every bit pattern is valid.
        unsafe { std::mem::zeroed() }
    }

    fn receive(mechanism: Option<&str>) -> Vec<HookStatus> {
        vec![HookStatus {
            mechanism: mechanism.map(str::to_owned),
            ..HookStatus::new(RECEIVE)
        }]
    }

    fn readable(signs: &[SignStatus]) -> Vec<&str> {
        let readable = signs.iter().filter(|sign| sign.readable);
        readable.map(|sign| sign.sign).collect()
    }

    #[test]
    fn a_kernel_with_all_members_reads_all_four() {
        let signs = signs(&complete(), &receive(Some("tp_btf/tcp_probe")));
        assert_eq!(
            readable(&signs),
            ["timestamp", "ttl", "window", "round_trip"]
        );
        assert!(signs.iter().all(|sign| sign.missing.is_empty()));
    }

    #[test]
    fn a_missing_member_takes_its_own_sign_and_is_named() {
        for (sign, name) in SIGNS
            .iter()
            .flat_map(|(sign, names)| names.map(|name| (*sign, name)))
        {
            let mut offsets = complete();
            *(member(name).unwrap().slot)(&mut offsets) = MISSING;
            let signs = signs(&offsets, &receive(Some("tp_btf/tcp_probe")));
            for status in &signs {
                if status.sign == sign {
                    assert_eq!(status.missing, [name]);
                    assert!(!status.readable, "{name}");
                } else {
                    assert!(status.readable, "{name} took {}", status.sign);
                }
            }
        }
    }

    #[test]
    fn without_the_receive_hook_there_is_no_sign_at_all() {
        for hooks in [receive(None), Vec::new()] {
            let signs = signs(&complete(), &hooks);
            assert_eq!(readable(&signs), [""; 0]);
            assert!(
                signs
                    .iter()
                    .all(|sign| sign.missing == ["the receive hook"])
            );
        }
    }
}
