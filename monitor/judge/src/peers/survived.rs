//! Silences of one prefix that were survived lately: a longer one clears a shorter.

use crate::thresholds::{MAX_SURVIVED, SURVIVED_ELSEWHERE, SURVIVED_EXPIRY_NS};

/// Who spoke first after a silence: a box may let in what it no longer lets out, and the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// This host, its probes included.
    Us,
    /// The peer.
    Peer,
}

/// A silence of one connection that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The connection's socket cookie.
    pub(crate) cookie: u64,
    pub(crate) first: First,
    /// How long it lasted, in ns: at least, of one that was survived; at most, of one that was not.
    pub(crate) ns: u64,
    /// CLOCK_MONOTONIC, in ns.
    pub(crate) at_ns: u64,
}

/// The longest survived silences, one for each connection and side. Bounded: the longest stay.
#[derive(Clone, Debug, Default)]
pub(super) struct Survived(Vec<Ended>);

impl Survived {
    pub(super) fn note(&mut self, ended: Ended) {
        self.0.retain(|known| lately(known, ended.at_ns));
        let same = |known: &&mut Ended| (known.cookie, known.first) == (ended.cookie, ended.first);
        if let Some(known) = self.0.iter_mut().find(same) {
            if ended.ns >= known.ns {
                *known = ended;
            }
            return;
        }
        self.0.push(ended);
        let of_side = |known: &&Ended| known.first == ended.first;
        if self.0.iter().filter(of_side).count() > MAX_SURVIVED {
            let shortest = self
                .0
                .iter()
                .enumerate()
                .filter(|(_, known)| known.first == ended.first)
                .min_by_key(|(_, known)| known.ns);
            if let Some((place, _)) = shortest {
                self.0.swap_remove(place);
            }
        }
    }

    /// Whether a longer one was survived than `failed`, on its own connection or on two others.
    pub(super) fn clears(&self, failed: &Ended) -> bool {
        let longer = self.0.iter().filter(|known| {
            known.first == failed.first && known.ns > failed.ns && lately(known, failed.at_ns)
        });
        let (own, others): (Vec<&Ended>, Vec<&Ended>) =
            longer.partition(|known| known.cookie == failed.cookie);
        !own.is_empty() || others.len() >= SURVIVED_ELSEWHERE
    }
}

fn lately(known: &Ended, now_ns: u64) -> bool {
    now_ns.saturating_sub(known.at_ns) <= SURVIVED_EXPIRY_NS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thresholds::SECOND;

    fn ended(cookie: u64, first: First, seconds: u64, at: u64) -> Ended {
        Ended {
            cookie,
            first,
            ns: seconds * SECOND,
            at_ns: at * SECOND,
        }
    }

    #[test]
    fn its_own_or_two_others_clear_a_silence_and_only_of_the_same_side() {
        let mut survived = Survived::default();
        let failed = ended(1, First::Us, 7, 100);
        survived.note(ended(2, First::Us, 9, 90));
        assert!(
            !survived.clears(&failed),
            "one other may have gone another way"
        );
        survived.note(ended(2, First::Us, 10, 95));
        assert!(!survived.clears(&failed), "it is still the same one");
        survived.note(ended(3, First::Peer, 9, 95));
        assert!(!survived.clears(&failed), "there the peer spoke first");
        survived.note(ended(3, First::Us, 7, 95));
        assert!(!survived.clears(&failed), "that one is no longer");
        survived.note(ended(4, First::Us, 8, 95));
        assert!(survived.clears(&failed));
        let mut own = Survived::default();
        own.note(ended(1, First::Us, 8, 95));
        assert!(own.clears(&failed));
    }

    #[test]
    fn what_was_survived_long_ago_clears_nothing() {
        let mut survived = Survived::default();
        survived.note(ended(1, First::Us, 9, 100));
        assert!(survived.clears(&ended(1, First::Us, 7, 3_700)));
        assert!(!survived.clears(&ended(1, First::Us, 7, 3_701)));
    }

    #[test]
    fn the_longest_stay() {
        let mut survived = Survived::default();
        for cookie in 0..100 {
            survived.note(ended(cookie, First::Us, cookie, 100));
            survived.note(ended(cookie, First::Peer, cookie, 100));
        }
        assert_eq!(survived.0.len(), 2 * MAX_SURVIVED);
        assert!(survived.clears(&ended(200, First::Us, 97, 100)));
        assert!(!survived.clears(&ended(200, First::Us, 98, 100)));
    }
}
