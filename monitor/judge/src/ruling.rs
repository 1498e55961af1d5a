//! What a rule of an outcome or of a cause concludes.

use crate::evidence::EvidenceList;
use monitor_model::finding::{Certainty, Severity};

/// What a rule concludes. With what it is about it becomes a finding.
#[derive(Debug)]
pub(crate) struct Ruling {
    pub(crate) severity: Severity,
    /// How sure, where that is not as its card says.
    pub(crate) certainty: Option<Certainty>,
    /// How long it was silent, or has not moved, at least, in ns.
    pub(crate) length_ns: u64,
    pub(crate) bearing: Bearing,
    /// Whether a silence before may be to blame: not where this host itself refuses, nor where the peer is heard
    /// all the same.
    pub(crate) may_be_silence: bool,
    /// Whether it may yet be told again of the same gap, graver.
    pub(crate) provisional: bool,
    /// Whether nothing at all is heard of the peer, and this host lets out what it sends.
    pub(crate) gone: bool,
    /// Whether the application has closed and no process holds the socket: nobody hangs.
    pub(crate) left_behind: bool,
    /// Whether the peer has closed its side.
    pub(crate) peer_closed: bool,
    /// Whether the kernel gave the connection up.
    pub(crate) given_up: bool,
    /// Whether what waits still does.
    pub(crate) still_waits: bool,
    pub(crate) evidence: EvidenceList,
    /// What to do. Of a connection that is gone, `None` leaves it to how others fare.
    pub(crate) advice: Option<String>,
    /// The words of the summary in place of those on the silence.
    pub(crate) head: Option<String>,
    /// The end of the summary line; empty for none.
    pub(crate) summary_tail: String,
}

impl Ruling {
    /// One that wakes nobody, advises nothing and says nothing of other silences of this length.
    pub(crate) fn of(length_ns: u64) -> Self {
        Self {
            severity: Severity::None,
            certainty: None,
            length_ns,
            bearing: Bearing::Neutral,
            may_be_silence: false,
            provisional: false,
            gone: false,
            left_behind: false,
            peer_closed: false,
            given_up: false,
            still_waits: false,
            evidence: EvidenceList::default(),
            advice: None,
            head: None,
            summary_tail: String::new(),
        }
    }
}

/// What a ruling says about silences of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// They can be survived.
    Survived,
    /// They can be fatal.
    Failed,
    /// Nothing.
    Neutral,
}
