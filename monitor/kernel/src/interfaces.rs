//! Which addresses are on interfaces, in this network namespace and in others.

use crate::watch::namespaces;
use nix::ifaddrs::getifaddrs;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long a list of them is believed.
const BELIEVED: Duration = Duration::from_secs(1);

/// Namespaces that are entered within that time, at most: each takes a thread some 200 us.
const MOST_ENTERED: usize = 64;

/// Looks up addresses on interfaces. What cannot be known (no rights to enter a namespace, nobody in it any more, too many
/// at once) is counted.
#[derive(Debug)]
pub struct Interfaces {
    own: Option<u32>,
    lists: HashMap<u32, Option<BTreeSet<IpAddr>>>,
    since: Instant,
    unknown: u64,
}

impl Default for Interfaces {
    fn default() -> Self {
        Self {
            own: namespaces::own().ok(),
            lists: HashMap::new(),
            since: Instant::now(),
            unknown: 0,
        }
    }
}

impl Interfaces {
    /// Whether `address` is on an interface of the network namespace with inode `netns`, in which the process `pid` was
    /// seen to hold a socket; `None` where nobody can tell.
    pub fn have(&mut self, netns: u32, pid: u32, address: IpAddr) -> Option<bool> {
        if self.since.elapsed() >= BELIEVED {
            self.lists.clear();
            self.since = Instant::now();
        }
        let own = self.own == Some(netns);
        if !self.lists.contains_key(&netns) {
            if own {
                self.lists.insert(netns, here().ok());
            } else if pid == 0 {
                // A timer's fact. The sweep that follows knows who holds the socket.
                return None;
            } else if self.lists.len() < MOST_ENTERED
                && let Some(namespace) = namespaces::of_holder(pid, netns)
            {
                // One that may not be entered is not tried again at once.
                let list = namespaces::within(&namespace, here);
                self.lists.insert(netns, list.ok());
            }
        }
        let list = self.lists.get(&netns).and_then(Option::as_ref);
        let there = list.map(|list| list.contains(&address));
        self.unknown += u64::from(there.is_none());
        there
    }

    /// How often nobody could tell.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }
}

/// All that are in this thread's namespace.
fn here() -> io::Result<BTreeSet<IpAddr>> {
    let all = getifaddrs()?.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    Ok(all.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// TEST-NET-1 of RFC 5737.
    const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77));

    #[test]
    fn an_own_address_is_there_and_a_foreign_one_is_not() {
        let mut interfaces = Interfaces::default();
        let own = namespaces::own().unwrap();
        let own_pid = std::process::id();
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(interfaces.have(own, own_pid, loopback), Some(true));
        assert_eq!(interfaces.have(own, 0, NOWHERE), Some(false));
        assert_eq!(interfaces.unknown(), 0);
    }

    #[test]
    fn of_a_namespace_that_nobody_is_in_nothing_is_said_and_that_is_counted() {
        let mut interfaces = Interfaces::default();
        let own = namespaces::own().unwrap();
        let pid = std::process::id();
        assert_eq!(interfaces.have(own.wrapping_add(1), pid, NOWHERE), None);
        assert_eq!(interfaces.have(own.wrapping_add(1), pid, NOWHERE), None);
        assert_eq!(interfaces.unknown(), 2);
    }

    #[test]
    fn who_cannot_lead_into_a_namespace_does_not_keep_others_from_it() {
        let own = namespaces::own().unwrap();
        let mut interfaces = Interfaces {
            own: None,
            ..Interfaces::default()
        };
        // A timer, and a process that is not in it: no process has this id, the largest is 2^22 (PID_MAX_LIMIT).
        for pid in [0, u32::MAX] {
            assert_eq!(interfaces.have(own, pid, NOWHERE), None);
            assert!(interfaces.lists.is_empty());
        }
        assert_eq!(interfaces.unknown(), 1, "of a timer's nothing is expected");
        interfaces.have(own, std::process::id(), NOWHERE);
        assert_eq!(interfaces.lists.len(), 1);
    }
}
