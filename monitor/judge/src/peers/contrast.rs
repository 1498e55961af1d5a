//! The longest gap that was survived and the shortest that failed, for each
//! path and remote prefix: one dead connection alone cannot tell an expired
//! entry from a dead peer. Beside them the siblings of the moment.

use crate::evidence::EvidenceList;
use crate::local_tables::LocalTables;
use crate::paths::JudgedPath;
use crate::peers::prefix::prefix;
use crate::peers::siblings::Siblings;
use crate::peers::survived::Survived;
pub(crate) use crate::peers::survived::{Ended, First};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    path: Option<String>,
    /// The /24 or /64, the rest zero.
    prefix: IpAddr,
}

/// What is known of one prefix, in ns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contrast {
    longest_survived: Option<u64>,
    shortest_failed: Option<u64>,
    lately: Survived,
}

impl Contrast {
    /// Whether a longer silence than `failed` was survived within the last hour: on the same connection, or on
    /// two others, where the same side spoke first.
    pub(crate) fn clears(&self, failed: &Ended) -> bool {
        self.lately.clears(failed)
    }

    /// The longest silence that was survived there, in ns.
    pub(crate) fn longest_survived_ns(&self) -> Option<u64> {
        self.longest_survived
    }

    /// The shortest that failed, in ns.
    pub(crate) fn shortest_failed_ns(&self) -> Option<u64> {
        self.shortest_failed
    }

    /// Adds what is known to the evidence.
    pub(crate) fn add_to(&self, evidence: &mut EvidenceList) {
        if let Some(ns) = self.longest_survived {
            evidence.seconds("longest_survived_gap_seconds", ns);
        }
        if let Some(ns) = self.shortest_failed {
            evidence.seconds("shortest_failed_gap_seconds", ns);
        }
    }
}

/// The table of contrasts: bounded, what does not fit is counted.
#[derive(Debug)]
pub(crate) struct Contrasts {
    table: HashMap<Key, Contrast>,
    capacity: usize,
    /// How other connections fare.
    pub(crate) siblings: Siblings,
    /// What this host's own tables of connections say.
    pub(crate) local_tables: LocalTables,
    /// Whether only connections within a scope are known here.
    pub(crate) scoped: bool,
    /// Gaps that were not noted because the table was full.
    pub(crate) dropped: u64,
}

impl Contrasts {
    pub(crate) fn new(capacity: usize, scoped: bool) -> Self {
        Self {
            table: HashMap::new(),
            capacity,
            siblings: Siblings::default(),
            local_tables: LocalTables::default(),
            scoped,
            dropped: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// What is known of the prefix of `remote` on `path`.
    pub(crate) fn of(&self, path: Option<&JudgedPath>, remote: SocketAddr) -> Contrast {
        self.table
            .get(&key(path, remote))
            .cloned()
            .unwrap_or_default()
    }

    /// This gap was survived.
    pub(crate) fn survived(&mut self, path: Option<&JudgedPath>, remote: SocketAddr, gap: Ended) {
        self.change(path, remote, |known| {
            let longest = known.longest_survived.unwrap_or(0);
            known.longest_survived = Some(longest.max(gap.ns));
            known.lately.note(gap);
        });
    }

    /// A gap of `ns` ended badly.
    pub(crate) fn failed(&mut self, path: Option<&JudgedPath>, remote: SocketAddr, ns: u64) {
        self.change(path, remote, |known| {
            known.shortest_failed = Some(known.shortest_failed.map_or(ns, |old| old.min(ns)));
        });
    }

    /// The longest silence that was survived on this path and the shortest that failed, in ns, to whichever prefix.
    pub(crate) fn of_path(&self, path: &str) -> [Option<u64>; 2] {
        let here = self.table.iter();
        let here = here.filter(|(key, _)| key.path.as_deref() == Some(path));
        here.fold([None, None], |[longest, shortest], (_, known)| {
            let shorter = [shortest, known.shortest_failed].into_iter().flatten();
            [longest.max(known.longest_survived), shorter.min()]
        })
    }

    fn change(
        &mut self,
        path: Option<&JudgedPath>,
        remote: SocketAddr,
        change: impl FnOnce(&mut Contrast),
    ) {
        let key = key(path, remote);
        if !self.table.contains_key(&key) && self.table.len() >= self.capacity {
            self.dropped += 1;
            return;
        }
        change(self.table.entry(key).or_default());
    }
}

fn key(path: Option<&JudgedPath>, remote: SocketAddr) -> Key {
    Key {
        path: path.map(|path| path.name.clone()),
        prefix: prefix(remote.ip()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().expect("a socket address")
    }

    fn gap(ns: u64) -> Ended {
        Ended {
            cookie: 1,
            first: First::Us,
            ns,
            at_ns: 0,
        }
    }

    fn known(contrasts: &Contrasts, address: &str) -> (Option<u64>, Option<u64>) {
        let known = contrasts.of(None, at(address));
        (known.longest_survived, known.shortest_failed)
    }

    #[test]
    fn siblings_in_a_prefix_share_what_is_known() {
        let mut contrasts = Contrasts::new(8, false);
        contrasts.survived(None, at("20.1.2.3:443"), gap(5));
        contrasts.survived(None, at("20.1.2.200:80"), gap(3));
        contrasts.failed(None, at("20.1.2.9:443"), 9);
        contrasts.failed(None, at("20.1.2.9:443"), 7);
        assert_eq!(known(&contrasts, "20.1.2.77:1"), (Some(5), Some(7)));
        assert_eq!(known(&contrasts, "20.1.3.3:443"), (None, None));
        contrasts.failed(None, at("[2001:db8::1]:443"), 2);
        assert_eq!(known(&contrasts, "[2001:db8::ffff:2]:1"), (None, Some(2)));
        assert_eq!(known(&contrasts, "[2001:db8:0:1::1]:1"), (None, None));
    }

    #[test]
    fn a_full_table_counts_what_it_refuses() {
        let mut contrasts = Contrasts::new(1, false);
        contrasts.survived(None, at("10.0.0.1:1"), gap(5));
        contrasts.survived(None, at("10.0.1.1:1"), gap(5));
        contrasts.failed(None, at("10.0.0.2:1"), 8);
        assert_eq!((contrasts.len(), contrasts.dropped), (1, 1));
    }
}
