//! What was learned of a path's idle timeout from what its connections lived through.

use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The idle timeout of a path to one neighbourhood, as far as silences have shown it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LearnedTimeout {
    /// The neighbourhood: a /24, of IPv6 a /64. Missing for whom addresses are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub prefix: Option<String>,
    /// Who spoke first after these silences: a box may let in what it no longer lets out, and the other way round.
    pub first_word: FirstWord,
    /// The timeout is longer than this, in seconds: so long a silence was survived. `None` where none was.
    #[schemars(range(min = 0.0))]
    pub at_least_seconds: Option<f64>,
    /// It is no longer than this, in seconds: by such silences connections died, more often than anything else explains.
    /// `None` where that is not known.
    #[schemars(range(min = 0.0))]
    pub at_most_seconds: Option<f64>,
    /// Silences that were survived.
    pub survived: u64,
    /// Deaths by silences longer than `at_least_seconds`, of those that are kept.
    pub died: u64,
    /// Those within a minute are one occasion; so many there were.
    pub occasions: u64,
    /// What does not fit: deaths by shorter silences (eviction under load, a box that started anew), and silences that were
    /// survived beyond `at_most_seconds`.
    pub unfit: u64,
    /// When the first of these silences ended.
    pub since: Option<Timestamp>,
    /// When the last of these silences ended.
    pub until: Option<Timestamp>,
    /// When the timeout was seen to have become another: what was known before is forgotten. `None` if it has not.
    pub changed: Option<Timestamp>,
}

impl LearnedTimeout {
    /// How this timeout stands to one of so many seconds, where the two cannot both be right.
    pub fn against(&self, seconds: f64) -> Option<Misstated> {
        // What the peer may do after a silence says nothing of what this host may.
        if self.first_word != FirstWord::Us {
            return None;
        }
        let shorter = |most: f64| most < seconds * (1.0 - TOLERANCE);
        let longer = |least: f64| least > seconds * (1.0 + TOLERANCE);
        if self.at_most_seconds.is_some_and(shorter) {
            Some(Misstated::Shorter)
        } else if self.at_least_seconds.is_some_and(longer) {
            Some(Misstated::Longer)
        } else {
            None
        }
    }
}

/// Boxes look through their tables now and then, and round: within this share two timeouts are the same.
pub const TOLERANCE: f64 = 0.05;

/// How a learned timeout contradicts another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misstated {
    /// It is shorter: connections die that nobody warned of.
    Shorter,
    /// It is longer: what is told to cross it does not.
    Longer,
}

/// Who spoke first after a silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstWord {
    /// This host, its probes included.
    #[default]
    Us,
    /// The peer.
    Peer,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(least: Option<f64>, most: Option<f64>) -> LearnedTimeout {
        LearnedTimeout {
            at_least_seconds: least,
            at_most_seconds: most,
            ..LearnedTimeout::default()
        }
    }

    #[test]
    fn only_what_cannot_both_be_right_contradicts() {
        for (least, most, expected) in [
            (None, None, None),
            (Some(200.0), None, None),
            (Some(200.0), Some(360.0), None),
            (Some(290.0), Some(299.0), None),
            (Some(301.0), Some(310.0), None),
            (Some(100.0), Some(130.0), Some(Misstated::Shorter)),
            (Some(400.0), None, Some(Misstated::Longer)),
        ] {
            assert_eq!(
                learned(least, most).against(300.0),
                expected,
                "{least:?} {most:?}"
            );
        }
        let by_peer = LearnedTimeout {
            first_word: FirstWord::Peer,
            ..learned(Some(900.0), None)
        };
        assert_eq!(by_peer.against(300.0), None);
    }
}
