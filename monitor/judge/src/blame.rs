//! Whether the silence before a failure is to blame for it, by what others met.

use crate::paths::JudgedPath;
use crate::peers::contrast::{Contrast, Ended};
use crate::peers::siblings::SiblingCounts;
use monitor_common::{NO_PATH_WARN_NS, NOT_SILENT_NS};
use monitor_model::format;

/// What the silence before a failure has to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// As much as was stated, and no more is known.
    AsStated,
    /// Others that were silent failed with it, and those that were not are fine: a box forgets after
    /// `silence_ns` at the most, which is `sooner_ns` before what was stated, if anything was.
    Quicker {
        silence_ns: u64,
        sooner_ns: Option<u64>,
    },
    /// A longer one was survived.
    Cleared,
    /// It is shorter than the timeout.
    Below,
    /// Nothing: the client has gone, whatever it was silent for.
    Gone,
}

/// A silence, and what ended it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    /// How long it was by the best measure: of an outcome the least, of a stall the most that it can have been, in ns.
    pub(crate) ns: u64,
    /// The most that it can have been, in ns.
    pub(crate) at_most_ns: u64,
    /// Who ended it and when, where its own outcome is told.
    pub(crate) ended: Option<Ended>,
}

/// What `before` has to do with a failure on `path`, `siblings` beside it.
pub(crate) fn blame(
    before: &Before,
    path: Option<&JudgedPath>,
    siblings: &SiblingCounts,
    known: &Contrast,
) -> Blame {
    if before.ended.is_some_and(|ended| known.clears(&ended)) {
        return Blame::Cleared;
    }
    let stated_ns = path.map(|path| path.timeout_ns);
    if let Some(silence_ns) = killed_by(before, path, siblings)
        && stated_ns.is_none_or(|stated_ns| silence_ns < stated_ns)
    {
        return Blame::Quicker {
            silence_ns,
            sooner_ns: stated_ns.map(|stated_ns| stated_ns - silence_ns),
        };
    }
    let below = stated_ns.is_some_and(|stated_ns| before.at_most_ns < stated_ns);
    if below && before.ended.is_some() {
        Blame::Below
    } else {
        Blame::AsStated
    }
}

/// The shortest of the silences by which connections to one address were killed, if they were: this one and
/// others failed on what followed one, none that was not silent failed, and others, which came out of none as
/// long, are fine.
fn killed_by(before: &Before, path: Option<&JudgedPath>, siblings: &SiblingCounts) -> Option<u64> {
    let silent = before.at_most_ns >= silent_from(path);
    let shortest = siblings.shortest_silence_ns?.min(before.at_most_ns);
    let others = siblings.moving > 0 && siblings.rested_ns < shortest;
    (silent && siblings.silent > 0 && siblings.fresh == 0 && others).then_some(shortest)
}

/// From which silence on a box may have forgotten a connection, whatever was stated, in ns.
pub(crate) fn silent_from(path: Option<&JudgedPath>) -> u64 {
    NOT_SILENT_NS.min(path.map_or(NO_PATH_WARN_NS, |path| path.warn_ns))
}

impl Blame {
    /// The same in words, for the end of a summary.
    pub(crate) fn words(self) -> Option<String> {
        const OTHERS: &str = "eviction under load, a restarted box, failover or policy do";
        match self {
            Self::AsStated | Self::Gone => None,
            Self::Quicker {
                silence_ns,
                sooner_ns: Some(sooner_ns),
            } => Some(format!(
                "it was the silence: the path is quicker than stated, by {} (a silence of {} was fatal)",
                format::duration(sooner_ns),
                format::duration(silence_ns)
            )),
            Self::Quicker { silence_ns, .. } => Some(format!(
                "it was the silence: the path forgets after {} at most",
                format::duration(silence_ns)
            )),
            Self::Cleared => Some(format!(
                "a longer one survived: a fixed timeout does not explain it; {OTHERS}"
            )),
            Self::Below => Some(format!(
                "below the timeout, which does not explain it; {OTHERS}, or a path that is quicker than stated"
            )),
        }
    }
}
