//! Which path a connection takes, as the kernel side looks it up (`most_specific` in `monitor-ebpf/src/paths.rs`): the
//! longest prefix wins, whether its path is for all ports or for this one; of two equally long ones the one for this port.

use super::{Config, PathConfig};
use ipnet::IpNet;
use monitor_common::PathClock;
use monitor_judge::Ignore;
use monitor_model::explained::{Explained, ExplainedPath, Lost, OtherPath};
use monitor_model::finding::Clock;
use monitor_model::settings;
use std::cmp::Reverse;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// One end of a connection: an address, and a port where one was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// An IPv4 address that was written as IPv6 is IPv4, as it is to the kernel's path.
    pub address: IpAddr,
    /// Never 0.
    pub port: Option<u16>,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        let address = bare.unwrap_or(text).parse::<IpAddr>();
        let (address, port) = match (address, text.parse::<SocketAddr>()) {
            (Ok(address), _) => (address, None),
            (_, Ok(both)) => (both.ip(), Some(both.port())),
            _ => {
                return Err(
                    "write an address such as 10.0.0.4, 10.0.0.4:443, 2001:db8::4 or [2001:db8::4]:443; names are not \
                     looked up (`getent ahosts NAME` has their addresses)"
                        .to_owned(),
                );
            }
        };
        if port == Some(0) {
            return Err("0 is no port of a connection; leave it out for any".to_owned());
        }
        let address = address.to_canonical();
        Ok(Self { address, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.address, port).fmt(f),
            None => self.address.fmt(f),
        }
    }
}

/// A path that has the address.
struct Candidate<'a> {
    path: &'a PathConfig,
    prefix: IpNet,
}

impl Candidate<'_> {
    fn takes(&self, port: Option<u16>) -> bool {
        let ports = &self.path.ports;
        ports.is_empty() || port.is_some_and(|port| ports.contains(&port))
    }
}

/// What applies to a connection between these two, which are of one family; `wall_unix_ns` is now, in ns since 1970.
pub fn explain(config: &Config, local: Endpoint, remote: Endpoint, wall_unix_ns: i64) -> Explained {
    let (address, port) = (remote.address, remote.port);
    let loopback = address.is_loopback() || local.address.is_loopback() || local.address == address;
    let longest = |path: &PathConfig| {
        let has = path
            .remote
            .iter()
            .filter(|prefix| prefix.contains(&address));
        has.copied().max_by_key(IpNet::prefix_len)
    };
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for path in &config.paths {
        if let Some(prefix) = longest(path) {
            candidates.push(Candidate { path, prefix });
        }
    }
    let elsewhere = config.paths.len() - candidates.len();
    candidates.sort_by_key(|one| Reverse((one.prefix.prefix_len(), !one.path.ports.is_empty())));
    let wins = candidates
        .iter()
        .position(|one| !loopback && one.takes(port));
    let won = wins.map(|index| candidates.remove(index));
    let others = candidates.iter().map(|one| OtherPath {
        name: one.path.name.clone(),
        place: one.path.place.clone(),
        prefix: one.prefix.to_string(),
        lost: lost(one, won.as_ref(), port),
    });
    let others = if loopback {
        Vec::new()
    } else {
        others.collect()
    };
    Explained {
        local: local.to_string(),
        remote: remote.to_string(),
        why: match &won {
            _ if loopback => "both ends are on this host: no middlebox sits on the loopback device, so no path applies".to_owned(),
            Some(won) => why(won, remote),
            None if config.paths.is_empty() => "no path is configured: give one, or `--timeout`".to_owned(),
            None => format!("no path has {remote}: a silence there has no timeout to cross"),
        },
        path: won.map(|won| explained(&won, port, config.warn_at, wall_unix_ns)),
        others,
        elsewhere,
        settings: settings::link(None, service_port(local, remote)),
    }
}

fn lost(one: &Candidate<'_>, won: Option<&Candidate<'_>>, port: Option<u16>) -> Lost {
    match (port, won) {
        (None, _) if !one.takes(port) => Lost::NoPortGiven,
        (Some(_), _) if !one.takes(port) => Lost::OtherPort,
        (_, Some(won)) if won.prefix.prefix_len() == one.prefix.prefix_len() => Lost::AllPorts,
        _ => Lost::ShorterPrefix,
    }
}

fn why(won: &Candidate<'_>, remote: Endpoint) -> String {
    let Candidate { path, prefix } = won;
    let ports = match (path.ports.is_empty(), remote.port) {
        (false, Some(port)) => format!("for port {port}"),
        _ => "for all ports".to_owned(),
    };
    let gateway = match prefix.prefix_len() {
        0 => {
            "; it applies only where the route there has a gateway: a peer on this link passes no middlebox"
        }
        _ => "",
    };
    let address = remote.address;
    format!("{prefix} {ports} is the longest prefix that has {address}{gateway}")
}

fn explained(
    won: &Candidate<'_>,
    port: Option<u16>,
    warn_at: f64,
    wall_unix_ns: i64,
) -> ExplainedPath {
    let Candidate { path, prefix } = won;
    let rule = path.rules.at(wall_unix_ns);
    ExplainedPath {
        name: path.name.clone(),
        place: path.place.clone(),
        prefix: prefix.to_string(),
        port: port.filter(|_| !path.ports.is_empty()),
        only_behind_gateway: prefix.prefix_len() == 0,
        timeout_seconds: path.timeout.as_secs_f64(),
        warn_seconds: path.timeout.mul_f64(warn_at).as_secs_f64(),
        clock: match path.clock {
            PathClock::Packets => Clock::Packets,
            PathClock::Payload => Clock::Payload,
        },
        stated: path.stated,
        keepalive_seconds: match path.clock {
            PathClock::Packets => Some(half(path.timeout)),
            PathClock::Payload => None,
        },
        heal: path.heal.map(|rule| rule.words(path.timeout)),
        severity: rule.most,
        ignored: rule.ignored.is_some(),
        ignored_until: match path.rules.ignore {
            Some(Ignore::Until(end)) => Some(end),
            _ => None,
        },
        path_owner: rule.owner,
    }
}

/// As the advice on findings has it: in whole seconds, as TCP_KEEPIDLE is.
fn half(timeout: Duration) -> f64 {
    (timeout / 2).as_secs().max(1) as f64
}

/// The port of the service: the remote one, unless only the local one is that of a service that is known.
fn service_port(local: Endpoint, remote: Endpoint) -> u16 {
    let known = |port: &u16| settings::section(None, *port) != settings::ANY_PROGRAM;
    let ports = [remote.port, local.port];
    let known = ports.into_iter().flatten().find(known);
    known.or(remote.port).unwrap_or_default()
}
