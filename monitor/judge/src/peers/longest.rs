//! The longest answers of connections whose waits were long: remembered when they end, whether or not anybody looked
//! before. Bounded: of two generations the older one goes when the younger one has filled its half.

use crate::thresholds::WORKLOAD_EXPIRY_NS;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Of one connection.
#[derive(Clone, Copy, Debug)]
struct Answer {
    remote: SocketAddr,
    ns: u64,
}

/// Longest answers by socket cookie.
#[derive(Debug, Default)]
pub(super) struct Longest {
    young: HashMap<u64, Answer>,
    old: HashMap<u64, Answer>,
    most: usize,
    /// When a generation last gave way for its age, CLOCK_MONOTONIC in ns.
    turned_ns: u64,
}

impl Longest {
    /// Of so many connections at most.
    pub(super) fn of(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// Connections that are remembered.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// An answer took so long. Returns how many connections are forgotten for it.
    pub(super) fn note(&mut self, cookie: u64, remote: SocketAddr, ns: u64) -> u64 {
        let ns = ns.max(self.ns(cookie, remote));
        self.old.remove(&cookie);
        let mut forgotten = 0;
        if self.young.len() >= self.most.div_ceil(2) && !self.young.contains_key(&cookie) {
            let full = std::mem::take(&mut self.young);
            forgotten = std::mem::replace(&mut self.old, full).len() as u64;
        }
        self.young.insert(cookie, Answer { remote, ns });
        forgotten
    }

    /// Time has come to `now_ns`: forgets what was not noted for a whole [`WORKLOAD_EXPIRY_NS`].
    pub(super) fn forget(&mut self, now_ns: u64) {
        self.turned_ns = self.turned_ns.min(now_ns);
        let age_ns = now_ns - self.turned_ns;
        if age_ns >= WORKLOAD_EXPIRY_NS / 2 {
            self.old = std::mem::take(&mut self.young);
            self.turned_ns = now_ns;
        }
        if age_ns >= WORKLOAD_EXPIRY_NS {
            self.old = HashMap::new();
        }
    }

    /// The longest answer of this connection, in ns; 0 if none is known.
    pub(super) fn ns(&self, cookie: u64, remote: SocketAddr) -> u64 {
        let known = self.young.get(&cookie).or_else(|| self.old.get(&cookie));
        known
            .filter(|answer| answer.remote == remote)
            .map_or(0, |answer| answer.ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], 5432))
    }

    #[test]
    fn the_longest_stays_and_another_peer_has_none() {
        let mut longest = Longest::of(8);
        longest.note(1, remote(), 300);
        longest.note(1, remote(), 4);
        assert_eq!(longest.ns(1, remote()), 300);
        let other = SocketAddr::from(([192, 0, 2, 2], 5432));
        assert_eq!(longest.ns(1, other), 0);
    }

    #[test]
    fn those_of_late_are_kept_and_the_rest_is_counted() {
        let mut longest = Longest::of(8);
        let mut forgotten = 0;
        for cookie in 0..100 {
            forgotten += longest.note(cookie, remote(), 300);
            assert!(longest.len() <= 8);
            assert_eq!(longest.ns(0, remote()), if cookie < 8 { 300 } else { 0 });
        }
        assert_eq!(longest.ns(99, remote()), 300);
        assert_eq!(forgotten + longest.len() as u64, 100);
    }
}
