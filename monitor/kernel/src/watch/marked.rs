//! The network namespaces in which sockets may carry callbacks of ours. Namespaces come and go with their containers:
//! those that are gone are forgotten.

use std::collections::HashMap;
use std::path::PathBuf;

/// No namespace is looked for before there are so many.
const LEAST: usize = 64;

/// Network namespaces in which sockets are marked after one sweep: in each the host's whole table of sockets is walked.
const A_SWEEP: usize = 16;

/// They.
#[derive(Debug)]
pub(crate) struct Marked {
    known: HashMap<u32, Known>,
    /// Sweeps so far.
    turn: u64,
    /// With so many, one looks for those that are gone.
    look_at: usize,
}

/// What is known of one.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// A process that was seen to hold a socket there.
    pid: u32,
    /// After which sweep sockets were marked there last.
    turn: u64,
}

impl Default for Marked {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            turn: 0,
            look_at: LEAST,
        }
    }
}

impl Marked {
    /// Sockets of this namespace may carry callbacks from now on.
    pub(crate) fn note(&mut self, netns: u32, pid: u32) {
        let turn = self.turn;
        self.known.insert(netns, Known { pid, turn });
    }

    /// Those of the `wanted` namespaces, each with a process in it, in which sockets are marked after this sweep: who has
    /// waited longest comes first, and who was never served before all others.
    pub(crate) fn in_turn(&mut self, mut wanted: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
        self.turn += 1;
        wanted.sort_by_key(|(netns, _)| self.known.get(netns).map(|known| known.turn));
        wanted.truncate(A_SWEEP);
        wanted
    }

    /// Forgets those that are not among `all`, which is asked once there are twice as many as were there the last time:
    /// it looks at every process of the host. So there are never more than twice as many as there are on the host.
    pub(crate) fn forget_gone(&mut self, own: u32, all: impl FnOnce() -> HashMap<u32, PathBuf>) {
        if self.known.len() < self.look_at {
            return;
        }
        let all = all();
        self.known
            .retain(|netns, _| *netns == own || all.contains_key(netns));
        self.known.shrink_to(LEAST);
        self.look_at = LEAST.max(self.known.len().saturating_mul(2));
    }

    /// All of them; none is left.
    pub(crate) fn take(&mut self) -> HashMap<u32, u32> {
        let known = std::mem::take(self).known;
        known
            .into_iter()
            .map(|(netns, known)| (netns, known.pid))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 1;

    fn there(namespaces: std::ops::Range<u32>) -> HashMap<u32, PathBuf> {
        namespaces
            .map(|netns| (netns, PathBuf::from("/proc/1/ns/net")))
            .collect()
    }

    #[test]
    fn of_many_that_come_and_go_few_are_kept_and_one_looks_rarely() {
        let mut marked = Marked::default();
        let (mut looks, mut most) = (0, 0);
        marked.note(OWN, 1);
        // Of ten thousand, at any time ten are there.
        for netns in 1_000..11_000 {
            marked.note(netns, netns);
            marked.forget_gone(OWN, || {
                looks += 1;
                there(netns - 9..netns + 1)
            });
            most = most.max(marked.known.len());
        }
        assert!(most <= LEAST, "{most}");
        assert!(looks <= 10_000 / (LEAST - 11), "{looks}");
        let left = marked.take();
        assert!(left.contains_key(&OWN), "this one's own is always there");
        assert!(marked.take().is_empty());
    }

    #[test]
    fn every_namespace_has_its_turn_however_many_there_are() {
        let mut marked = Marked::default();
        let all: Vec<(u32, u32)> = (0..50).map(|netns| (netns, 1)).collect();
        for _ in 0..4 {
            // Something falls silent in each of them all the time.
            let now = marked.in_turn(all.clone());
            assert_eq!(now.len(), A_SWEEP);
            for (netns, pid) in now {
                marked.note(netns, pid);
            }
        }
        assert_eq!(marked.take().len(), all.len());
    }

    #[test]
    fn those_that_stay_are_all_kept() {
        let mut marked = Marked::default();
        let mut looks = 0;
        for netns in 0..5_000 {
            marked.note(netns, netns);
            marked.forget_gone(OWN, || {
                looks += 1;
                there(0..netns + 1)
            });
        }
        assert_eq!(marked.take().len(), 5_000);
        assert!(looks <= 8, "{looks}");
    }
}
