//! `tcplull probe --locate`: of three routers, the one that forgets.

use super::probe::{BOUND, PORT, other_side, side_by_side, within};
use crate::common::net::ip;
use crate::common::run::finish_within;
use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use monitor_lab::network::block::{Block, CLIENT_SIDE};
use monitor_lab::network::namespace::Namespace;
use serde_json::Value;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};

pub const TESTS: &[Test] = &[Test::as_root(
    "of_three_routers_the_one_that_forgets_is_found_and_of_two_that_do_the_quicker",
    both,
)];

fn both() -> Tested {
    side_by_side(&[second, quicker])
}

/// Two hosts, and three routers between them.
struct Chain {
    /// From the client to the server.
    hosts: Vec<Namespace>,
    first: Ipv4Addr,
    /// Last, so that its addresses are given back when all is gone.
    _block: Block,
}

impl Chain {
    /// Each router may remember connections for so many seconds only.
    fn build(number: u32, forgets_after: [Option<u32>; 3]) -> Result<Self, Failed> {
        let block = Block::claim()?;
        let IpAddr::V4(gateway) = block.gateway(CLIENT_SIDE) else {
            return Err("the block is of IPv4".into());
        };
        let [a, b, c, _] = gateway.octets();
        let roles = ["near", "one", "two", "three", "far"];
        let hosts = roles.map(|role| Namespace::create(number, role));
        let hosts = hosts.into_iter().collect::<Result<Vec<_>, _>>()?;
        let chain = Self {
            hosts,
            first: Ipv4Addr::new(a, b, c, 0),
            _block: block,
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
                ip(host, &format!("addr add {address}/30 dev {port}"))?;
                ip(host, &format!("link set {port} up"))?;
            }
        }
        for (place, host) in chain.hosts.iter().enumerate() {
            if place < 4 {
                let next = chain.address(place, 2);
                ip(host, &format!("route add default via {next}"))?;
            }
            if place == 4 {
                let before = chain.address(3, 1);
                ip(host, &format!("route add default via {before}"))?;
            } else if place > 1 {
                let before = chain.address(place - 1, 1);
                ip(
                    host,
                    &format!("route add {}/30 via {before}", chain.address(0, 0)),
                )?;
            }
            if (1..4).contains(&place) {
                host.set("ipv4/ip_forward", "1")?;
                host.set("ipv4/icmp_ratelimit", "0")?;
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
    fn address(&self, link: usize, end: u8) -> Ipv4Addr {
        let [a, b, c, _] = self.first.octets();
        Ipv4Addr::new(a, b, c, link as u8 * 4 + end)
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
    let mut nft = Command::new("ip");
    nft.args(["netns", "exec", router.name(), "nft", "-f", "-"]);
    let mut nft = nft.stdin(Stdio::piped()).spawn()?;
    nft.stdin
        .take()
        .ok_or("no pipe")?
        .write_all(rules.as_bytes())?;
    assert!(nft.wait()?.success());
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
    Ok(report)
}

fn second() -> Tested {
    let chain = Chain::build(901, [None, Some(3), None])?;
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
    let chain = Chain::build(902, [Some(5), None, Some(3)])?;
    let report = located(&chain)?;
    assert_eq!(report["located"]["hop"], 3, "{report:#}");
    Ok(())
}
