//! The words behind `state`: what silence comes to, the states of TCP and the groups of them that `ss` has, what findings
//! conclude, how alerts fare.

use crate::list::List;
use monitor_model::alert::AlertState;
use monitor_model::finding::{Cause, FindingClass, Outcome};
use monitor_model::listing::IdleState;

/// A state that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// As it is written.
    pub word: String,
    /// Names in JSON of what has it; any will do.
    names: Vec<&'static str>,
}

const SILENCES: [&str; 4] = [
    IdleState::Ok.name(),
    IdleState::AtRisk.name(),
    IdleState::Crossed.name(),
    IdleState::Stalled.name(),
];

const ALERTS: [&str; 3] = [
    AlertState::Pending.name(),
    AlertState::Firing.name(),
    AlertState::Over.name(),
];

/// States of TCP and groups of them: the words, and the names in JSON. What each group holds is said in ss(8).
const TCP: [(&[&str], &[&str]); 17] = [
    (&["established"], &["established"]),
    (&["syn-sent"], &["syn_sent"]),
    (&["syn-recv", "syn-rcv"], &["syn_recv"]),
    (&["fin-wait-1"], &["fin_wait1"]),
    (&["fin-wait-2"], &["fin_wait2"]),
    (&["time-wait"], &["time_wait"]),
    (&["closed", "close", "unconnected"], &["close"]),
    (&["close-wait"], &["close_wait"]),
    (&["last-ack"], &["last_ack"]),
    (&["listening", "listen"], &["listen"]),
    (&["closing"], &["closing"]),
    (&["unknown"], &["unknown"]),
    (
        &["all"],
        &[
            "established",
            "syn_sent",
            "syn_recv",
            "fin_wait1",
            "fin_wait2",
            "time_wait",
            "close",
            "close_wait",
            "last_ack",
            "listen",
            "closing",
            "unknown",
        ],
    ),
    (
        &["connected"],
        &[
            "established",
            "syn_sent",
            "syn_recv",
            "fin_wait1",
            "fin_wait2",
            "time_wait",
            "close_wait",
            "last_ack",
            "closing",
        ],
    ),
    (
        &["synchronized"],
        &[
            "established",
            "syn_recv",
            "fin_wait1",
            "fin_wait2",
            "time_wait",
            "close_wait",
            "last_ack",
            "closing",
        ],
    ),
    (&["bucket"], &["syn_recv", "time_wait"]),
    (
        &["big"],
        &[
            "established",
            "syn_sent",
            "fin_wait1",
            "fin_wait2",
            "close",
            "close_wait",
            "last_ack",
            "listen",
            "closing",
        ],
    ),
];

/// Names of what findings conclude.
fn conclusions() -> impl Iterator<Item = &'static str> {
    let classes = FindingClass::ALL.iter().map(|class| class.name());
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.name());
    classes
        .chain(outcomes)
        .chain(Cause::ALL.iter().map(|cause| cause.name()))
}

/// Without what tells "at-risk", "at_risk" and "AtRisk" apart.
fn folded(word: &str) -> String {
    let letters = word.chars().filter(|c| !"-_".contains(*c));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

impl State {
    /// Reads a word.
    pub fn parse(word: &str) -> Option<Self> {
        let called =
            |words: &[&str], word: &str| words.iter().any(|one| folded(one) == folded(word));
        let all = all();
        let found = all.iter().find(|(words, _)| called(words, word));
        let word = *found?.0.first()?;
        let mut names = Vec::new();
        // "closed" is a state of TCP, and an outcome.
        let same = all.iter().filter(|(words, _)| called(words, word));
        for name in same.flat_map(|(_, names)| names) {
            if !names.contains(name) {
                names.push(*name);
            }
        }
        Some(Self {
            word: word.replace('_', "-"),
            names,
        })
    }

    /// All words, for the nearest to what is none.
    pub fn words() -> Vec<String> {
        let words = all().into_iter().flat_map(|(words, _)| words);
        words.map(|word| word.replace('_', "-")).collect()
    }

    /// Whether any of these names is one that has it.
    pub fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.names.contains(name))
    }

    /// Whether rows of `list` can have it.
    pub fn is_of(&self, list: List) -> bool {
        let has = |name: &&str| match list {
            List::Connections => {
                SILENCES.contains(name) || TCP.iter().any(|(_, names)| names.contains(name))
            }
            List::Findings => conclusions().any(|other| other == *name),
            List::Alerts => ALERTS.contains(name),
        };
        self.names.iter().any(has)
    }
}

fn all() -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let plain = SILENCES.into_iter().chain(ALERTS).chain(conclusions());
    let plain = plain.map(|name| (vec![name], vec![name]));
    let tcp = TCP
        .iter()
        .map(|(words, names)| (words.to_vec(), names.to_vec()));
    plain.chain(tcp).collect()
}
