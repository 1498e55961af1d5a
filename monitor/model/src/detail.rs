//! One connection with all that is known of it: what `tcplull show` shows.

use crate::evidence::meanings;
use crate::finding::{Cause, Connection, Finding, Outcome};
use crate::listing::ConnectionRow;
use crate::owner::Owner;
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One connection at one moment, and what is known of its past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionDetail {
    /// When it was looked at.
    pub time: Timestamp,
    /// The connection.
    pub connection: Connection,
    /// Who holds it, or held it.
    pub owner: Owner,
    /// As `tcplull ls` has it; `None` where it is gone.
    pub row: Option<ConnectionRow>,
    /// What the kernel counts of it; `None` where it is gone, or nobody could look.
    pub numbers: Option<SocketNumbers>,
    /// What is followed on it now; `None` where nothing is.
    pub followed: Option<Followed>,
    /// How others to the same address and on the same path fare now; `None` where that is not known.
    pub siblings: Option<SiblingsNow>,
    /// What its path stands for; `None` where none applies.
    pub contrast: Option<PathContrast>,
    /// What was found of it, the oldest first; the last is its verdict.
    pub findings: Vec<Finding>,
    /// Older findings of it that are left out.
    pub findings_left_out: u64,
    /// What each fact means that stands in the evidence of its findings, by the fact's name.
    pub meanings: BTreeMap<String, String>,
    /// What happened on it, as far as that is kept anywhere, the oldest first; behind `time` what is to come.
    pub timeline: Vec<TimelineEvent>,
    /// Earlier moments of the timeline that are not kept any more.
    pub timeline_left_out: u64,
    /// What to run next, on its host.
    pub commands: Vec<NextCommand>,
}

impl ConnectionDetail {
    /// Findings of one connection that are told, at most: the latest. Each takes 2 KiB.
    pub const MOST_FINDINGS: usize = 64;

    /// What its row and its findings, the oldest first, say of it; nobody has looked at the rest. `None` where neither is there.
    pub fn found(
        time: Timestamp,
        row: Option<ConnectionRow>,
        mut findings: Vec<Finding>,
    ) -> Option<Self> {
        let left_out = findings.len().saturating_sub(Self::MOST_FINDINGS);
        findings.drain(..left_out);
        let (connection, owner) = match (&row, findings.last()) {
            (Some(row), _) => (row.connection.clone(), row.owner.clone()),
            (None, Some(last)) => (last.connection.clone(), last.owner.clone()),
            (None, None) => return None,
        };
        Some(Self {
            time,
            connection,
            owner,
            row,
            numbers: None,
            followed: None,
            siblings: None,
            contrast: None,
            meanings: meanings(&findings),
            findings,
            findings_left_out: left_out as u64,
            timeline: Vec::new(),
            timeline_left_out: 0,
            commands: Vec::new(),
        })
    }

    /// What was found of it last.
    pub fn verdict(&self) -> Option<&Finding> {
        self.findings.last()
    }
}

/// What the kernel counts of a connection, as `ss -tino` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SocketNumbers {
    /// Smoothed round trip, in ms; `None` before the first was measured.
    #[schemars(range(min = 0.0))]
    pub rtt_ms: Option<f64>,
    /// Smallest round trip of the last minutes, in ms; `None` where none was measured.
    #[schemars(range(min = 0.0))]
    pub rtt_min_ms: Option<f64>,
    /// Retransmission timeout, backoff included, in ms.
    #[schemars(range(min = 0.0))]
    pub rto_ms: f64,
    /// Payload of a full segment that this host sends, in bytes.
    pub mss: u32,
    /// Payload of the largest segment received lately, in bytes; 0 if unknown.
    pub rcv_mss: u32,
    /// The peer's window, in bytes.
    pub snd_wnd: u32,
    /// This host's window, in bytes.
    pub rcv_wnd: u32,
    /// Segments in flight (`unacked` of `ss`).
    pub packets_out: u32,
    /// Those of them that the peer has selectively acknowledged.
    pub sacked_out: u32,
    /// Segments sent again and not acknowledged yet.
    pub retrans_out: u32,
    /// Segments sent again since it began.
    pub total_retrans: u32,
    /// Retransmission timeouts in a row, without an ACK since.
    pub timeouts: u8,
    /// Keepalive or window probes in a row that nobody answered.
    pub probes_out: u8,
    /// Bytes handed over and not sent yet.
    pub notsent_bytes: u32,
    /// Payload sent, in bytes, what was sent again included.
    pub bytes_sent: u64,
    /// Payload sent again, in bytes.
    pub bytes_retrans: u64,
    /// Payload acknowledged, in bytes.
    pub bytes_acked: u64,
    /// Payload received in order, in bytes.
    pub bytes_received: u64,
    /// Segments sent, of all kinds.
    pub segs_out: u32,
    /// Segments received, of all kinds.
    pub segs_in: u32,
    /// Segments with payload sent.
    pub data_segs_out: u32,
    /// Segments with payload received.
    pub data_segs_in: u32,
    /// Segments with payload received out of order.
    pub rcv_ooopack: u32,
    /// Since data was sent last, in seconds; what is sent again counts.
    #[schemars(range(min = 0.0))]
    pub lastsnd_seconds: f64,
    /// Since data was received last, in seconds.
    #[schemars(range(min = 0.0))]
    pub lastrcv_seconds: f64,
    /// Since an ACK was received last, in seconds.
    #[schemars(range(min = 0.0))]
    pub lastack_seconds: f64,
    /// Since the first segment of the present recovery was sent again, in seconds; `None` where nothing is.
    #[schemars(range(min = 0.0))]
    pub recovering_seconds: Option<f64>,
    /// Rate at which it may send, in bytes a second; `None` for no bound.
    pub pacing_bytes_per_second: Option<u64>,
    /// TCP_USER_TIMEOUT, in ms; 0 where it is not set.
    pub user_timeout_ms: u32,
    /// Pending error, an errno; 0 for none.
    pub error: u32,
    /// No process holds it: closed by its application, or not accepted yet.
    pub orphan: bool,
}

/// What is followed on a connection now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Followed {
    /// Since when it is silent past its path's threshold; `None` where it is not.
    pub silent_since: Option<Timestamp>,
    /// The silence that ended, and of which not all is said, or was said last.
    pub gap: Option<FollowedGap>,
    /// Since when something is due on it and does not move; `None` where nothing is.
    pub stalled_since: Option<Timestamp>,
    /// Why, as it was told; `None` where nothing was told of it.
    pub cause: Option<Cause>,
    /// When what nobody has acknowledged was first sent, at the earliest; `None` where nothing is due, or that is not known.
    pub waits_since: Option<Timestamp>,
}

/// A silence that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FollowedGap {
    /// When it ended.
    pub ended: Timestamp,
    /// How long it lasted on the path's clock, in seconds, at the least.
    #[schemars(range(min = 0.0))]
    pub length_seconds: f64,
    /// What ended it: `send` of this host, `segment`, `payload`, `fin` or `reset` of the peer, `probe` of this host, `close` on
    /// this host.
    pub ended_by: String,
    /// What became of it, as it was told last; `None` where nothing was.
    pub outcome: Option<Outcome>,
    /// More may be told of it.
    pub open: bool,
}

/// How others fare beside a connection, as far as sweeps and facts have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiblingsNow {
    /// Others to the same address that are fine: they showed life since this one waits, or in the last 10 s.
    pub fine: u64,
    /// Others to the same address that were made since this one began to fail.
    pub newer: u64,
    /// Others to the same address, or on the same path, that fail.
    pub failing: u64,
    /// Connects to the same address whose SYN had to be sent again.
    pub connects_failing: u64,
}

/// What the path of a connection stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PathContrast {
    /// Its name.
    pub path: String,
    /// Its idle timeout, in seconds.
    #[schemars(range(min = 0.0))]
    pub timeout_seconds: f64,
    /// Whether somebody stated the timeout; `false` for a guess.
    pub stated: bool,
    /// The longest silence that was survived on this path to the same /24 (IPv6: /64), in seconds; `None` where none is known.
    #[schemars(range(min = 0.0))]
    pub longest_survived_gap_seconds: Option<f64>,
    /// The shortest that failed there, in seconds; `None` where none is known.
    #[schemars(range(min = 0.0))]
    pub shortest_failed_gap_seconds: Option<f64>,
}

/// A moment in the life of a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEvent {
    /// When it was; of a silence, when it began. To 4 ms and more where the kernel counts in jiffies.
    pub time: Timestamp,
    /// What it was.
    pub what: EventKind,
    /// Of a silence, how long it lasted, in seconds; else `None`.
    #[schemars(range(min = 0.0))]
    pub seconds: Option<f64>,
    /// Whether something is wrong by it: a RST, a finding that alerts somebody, a silence that is too long for its path.
    pub wrong: bool,
    /// What it was, for people, in one line.
    pub text: String,
}

/// What a moment in the life of a connection was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// This host's application sent.
    Sent,
    /// This host sent again what was not acknowledged.
    SentAgain,
    /// This host sent a RST.
    ResetSent,
    /// Data came from the peer.
    Received,
    /// A segment without data came from the peer.
    Acknowledged,
    /// A RST came from the peer.
    ResetReceived,
    /// The connection changed its state.
    State,
    /// Nothing went either way.
    Silence,
    /// Something was found.
    Finding,
    /// The moment of the look.
    Now,
    /// To come: what happens next if nothing is sent.
    Next,
}

/// A command to run next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextCommand {
    /// What it shows.
    pub about: String,
    /// The command, fit to be copied into a shell.
    pub command: String,
}
