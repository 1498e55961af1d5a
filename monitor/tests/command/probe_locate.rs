//! `tcplull probe --locate`: of three routers, the one that forgets.

use super::probe::{BOUND, PORT, nft, other_side, side_by_side, within};
use crate::common::net::ip;
use crate::common::run::finish_within;
use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use monitor_lab::network::block::{Block, CLIENT_SIDE};
use monitor_lab::network::family::Family;
use monitor_lab::network::namespace::Namespace;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub const TESTS: &[Test] = &[Test::as_root(
    "of_three_routers_the_one_that_forgets_is_found_and_of_two_that_do_the_quicker",
    both,
)];

fn both() -> Tested {
    side_by_side(&[second, quicker, quicker_over_ipv6])
}

/// Two hosts, and three routers between them.
struct Chain {
    /// From the client to the server.
    hosts: Vec<Namespace>,
    first: IpAddr,
    /// Last, so that its addresses are given back when all is gone.
    _block: Block,
}

impl Chain {
    /// Each router may remember connections for so many seconds only.
    fn build(family: Family, number: u32, forgets_after: [Option<u32>; 3]) -> Result<Self, Failed> {
        let block = Block::claim_of(family)?;
        let roles = ["near", "one", "two", "three", "far"];
        let hosts = roles.map(|role| Namespace::create(number, role));
        let hosts = hosts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let chain = Self {
            hosts,
            first: block.gateway(CLIENT_SIDE),
            _block: block,
        };
        let (option, bits, no_dad) = match family {
            Family::V4 => ("-4", 30, ""),
            // Nobody has it already.
            Family::V6 => ("-6", 126, " nodad"),
        };
        for (link, pair) in chain.hosts.windows(2).enumerate() {
            let [left, right] = pair else { continue };
            ip(
                left,
                &format!(
                    "link add right type veth peer name left netns {}",
                    right.name()
                ),
            )?;
            for (host, port, end) in [(left, "right", 1), (right, "left", 2)] {
                let address = chain.address(link, end);
                ip(
                    host,
                    &format!("{option} addr add {address}/{bits} dev {port}{no_dad}"),
                )?;
                ip(host, &format!("link set {port} up"))?;
            }
        }
        for (place, host) in chain.hosts.iter().enumerate() {
            if place < 4 {
                let next = chain.address(place, 2);
                ip(host, &format!("{option} route add default via {next}"))?;
            }
            if place == 4 {
                let before = chain.address(3, 1);
                ip(host, &format!("{option} route add default via {before}"))?;
            } else if place > 1 {
                let before = chain.address(place - 1, 1);
                let near = chain.address(0, 0);
                ip(
                    host,
                    &format!("{option} route add {near}/{bits} via {before}"),
                )?;
            }
            if (1..4).contains(&place) {
                match family {
                    Family::V4 => {
                        host.set("ipv4/ip_forward", "1")?;
                        host.set("ipv4/icmp_ratelimit", "0")?;
                    }
                    Family::V6 => {
                        host.set("ipv6/conf/all/forwarding", "1")?;
                        host.set("ipv6/icmp/ratelimit", "0")?;
                    }
                }
            }
        }
        for (router, seconds) in chain.hosts[1..4].iter().zip(forgets_after) {
            if let Some(seconds) = seconds {
                forgets(router, seconds)?;
            }
        }
        Ok(chain)
    }

    /// An address of that link.
    fn address(&self, link: usize, end: u8) -> IpAddr {
        let last = link as u8 * 4 + end;
        match self.first {
            IpAddr::V4(first) => {
                let [a, b, c, _] = first.octets();
                Ipv4Addr::new(a, b, c, last).into()
            }
            IpAddr::V6(first) => {
                let mut octets = first.octets();
                octets[15] = last;
                Ipv6Addr::from(octets).into()
            }
        }
    }
}

/// A router forgets connections after so many seconds, and drops what it does not know.
fn forgets(router: &Namespace, seconds: u32) -> Tested {
    let rules = "table inet lab {
            chain pass {
                type filter hook forward priority filter
                meta l4proto tcp ct state invalid drop
                ct state new tcp flags & (syn|ack) != syn drop
            }
        }";
    nft(router, rules)?;
    let after = seconds.to_string();
    router.set("netfilter/nf_conntrack_tcp_timeout_established", &after)?;
    Ok(router.set("netfilter/nf_conntrack_tcp_loose", "0")?)
}

/// What is found of that chain.
fn located(chain: &Chain) -> Result<Value, Failed> {
    let [near, .., far] = &chain.hosts[..] else {
        return Err("no chain".into());
    };
    let there = SocketAddr::from((chain.address(3, 2), PORT));
    let target = there.to_string();
    let _listens = other_side(far, near, there)?;
    let mut probe = within(near, &[&target, "--up-to", "6s", "--locate", "--json"]);
    let ended = finish_within(BOUND, &mut probe, "")?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout)?;
    let routers = &report["located"]["routers"];
    let addresses = (0..3).map(|hop| chain.address(hop, 2).to_string());
    for (router, address) in addresses.enumerate() {
        assert_eq!(routers[router]["address"], address.as_str(), "{report:#}");
    }
    assert_eq!(report["keepalive"], "counts", "{report:#}");
    // The first, one for each hop, two for a port that is closed; each that was silent, and one beside those that expired.
    let gaps = report["gaps"].as_array().ok_or("no gaps")?;
    let expired = gaps.iter().filter(|gap| gap["became"] == "expired").count();
    let least = 1 + 4 + 2 + gaps.len() + expired;
    let connections = report["connections"].as_u64();
    assert!(connections >= u64::try_from(least).ok(), "{report:#}");
    Ok(report)
}

fn second() -> Tested {
    let chain = Chain::build(Family::V4, 901, [None, Some(3), None])?;
    let report = located(&chain)?;
    assert_eq!(report["located"]["hop"], 2, "{report:#}");
    let keeps = report["located"]["routers"]
        .as_array()
        .ok_or("no routers")?;
    let keeps: Vec<&Value> = keeps.iter().map(|router| &router["keeps"]).collect();
    assert_eq!(keeps, [false, true, true]);
    Ok(())
}

fn quicker() -> Tested {
    let chain = Chain::build(Family::V4, 902, [Some(5), None, Some(3)])?;
    let report = located(&chain)?;
    assert_eq!(report["located"]["hop"], 3, "{report:#}");
    Ok(())
}

/// The slower one is further away, where probes that keep the quicker do not come.
fn quicker_over_ipv6() -> Tested {
    let chain = Chain::build(Family::V6, 903, [Some(3), None, Some(5)])?;
    let report = located(&chain)?;
    assert_eq!(report["located"]["hop"], 1, "{report:#}");
    Ok(())
}
