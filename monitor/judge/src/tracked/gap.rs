//! A gap: a silence that ended, and what was seen since.

mod note;
pub(crate) mod seldom;

use crate::counters::Counters;
use crate::fact_view::{FactView, is_receive};
use crate::forgery::{ForgeryEvidence, Known, PeerClock};
use crate::keepalive::Settings;
use crate::paths::JudgedPath;
use crate::serial::{after, jiffies_since};
use crate::thresholds::CLOCK_SLACK_NS;
use crate::tracked::gap::seldom::Seldom;
use crate::tracked::silence::Silence;
use crate::window_probe::{self, Held};
use monitor_common::{FactKind, TcpState, tcp_flags};
use monitor_model::finding::{Clock, Outcome, Severity};
use nix::errno::Errno;
use std::sync::Arc;

/// What ended the silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// This host's application sent.
    Send,
    /// A segment from the peer that neither ends the connection nor brings payload.
    Segment,
    /// Payload from the peer.
    Payload,
    /// FIN from the peer.
    Fin,
    /// RST from the peer.
    Reset,
    /// A keepalive or window probe of this host.
    Probe,
    /// The connection ended on this host.
    Close,
}

impl EndedBy {
    /// As evidence shows it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Segment => "segment",
            Self::Payload => "payload",
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Probe => "probe",
            Self::Close => "close",
        }
    }
}

/// From when on this host waits for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    pub(crate) since_ns: u64,
    /// The counters then, where they are others than when the silence ended.
    counters: Option<Box<Counters>>,
}

/// An outcome that was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported {
    pub(crate) outcome: Outcome,
    pub(crate) at_ns: u64,
    /// Since when what is due is lost, where it is.
    pub(crate) since_ns: u64,
    /// Whether what is due is lost.
    pub(crate) is_loss: bool,
    pub(crate) severity: Severity,
}

/// A gap, and what was seen since it ended.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) path: Option<Arc<JudgedPath>>,
    pub(crate) clock: Clock,
    /// At least so long.
    pub(crate) length_ns: u64,
    /// At most so long, where that is known to differ.
    pub(crate) length_max_ns: u64,
    /// It need not have passed its threshold: only that nothing comes back any
    /// more is worth telling of it.
    pub(crate) doubtful: bool,
    /// Something was told of its silence, and nothing since resolves it.
    pub(crate) silence_reported: bool,
    pub(crate) ended_ns: u64,
    /// Until when it is known to have lasted: `ended_ns` where its end was
    /// told, the sweep before where it was missed.
    silent_until_ns: u64,
    pub(crate) ended_by: EndedBy,
    /// Known from sweeps alone: the fact that told its end was lost.
    pub(crate) from_sweep: bool,
    /// State of the connection when it ended.
    pub(crate) state: Option<TcpState>,
    /// The counters when it ended.
    pub(crate) before: Counters,
    pub(crate) wait: Option<Wait>,
    /// Highest acknowledgment seen.
    una: u32,
    /// Data waits for its acknowledgment.
    pub(crate) due: bool,
    /// Sends told since, and when the first and the last of them was.
    pub(crate) sends: u32,
    first_send_ns: u64,
    last_send_ns: u64,
    /// The peer's timestamp clock as it was known in the silence, before anything that ended it.
    pub(crate) peer_clock: PeerClock,
    /// Signs that it was not the peer who acknowledged.
    pub(crate) forgery: ForgeryEvidence,
    /// When all that was sent since was first acknowledged.
    pub(crate) acked_ns: Option<u64>,
    /// Most timeouts, and most unanswered probes, seen in a row.
    pub(crate) timeouts: u8,
    pub(crate) probes: u8,
    /// In the silence this host waited for an answer that was due.
    pub(crate) answer_due: bool,
    /// What is due was sent well before the application closed.
    pub(crate) sent_before_close: bool,
    /// Before the probes that go unanswered others were answered, at the same distance.
    pub(crate) probes_answered_before: bool,
    /// What was told last.
    pub(crate) reported: Option<Reported>,
    /// It was told that the connection is over, of which it was told that it is lost.
    pub(crate) over_told: bool,
    /// Nothing more will be told.
    pub(crate) settled: bool,
    /// What is seen of few.
    pub(crate) seldom: Seldom,
}

impl Gap {
    /// The gap that ended with `view`. `silence` is what sweeps knew last.
    /// `ttl` is that of the peer's last payload.
    pub(crate) fn ended_with(
        view: &FactView<'_>,
        silence: Option<&Silence>,
        ttl: Option<u8>,
    ) -> Self {
        let known = silence.map_or(0, |silence| silence.known_ns(view));
        let length_ns = view.idle_ns().max(known);
        let now = Known::of(view, ttl);
        Self {
            length_ns,
            length_max_ns: view.idle_max_ns().max(length_ns),
            doubtful: length_ns < view.threshold_ns(),
            ended_by: ended_by(view),
            // Watched by snapshots, a socket is shown as the RST left it.
            peer_clock: silence
                .filter(|silence| silence.ended_with(view))
                .map_or(now.clock, |silence| silence.known.clock),
            forgery: ForgeryEvidence::of(now),
            // A segment without a callback of its own is told at the next one: a probe's answer as the next probe
            // leaves. Then a later look shows it.
            seldom: Seldom::holding(Held::of(view)),
            ..Self::blank(view, Counters::of(&view.fact.socket))
        }
    }

    /// The gap whose end nothing told: `silence` was known, and now its
    /// counters have moved. Its length is the least that it can be.
    pub(crate) fn missed(view: &FactView<'_>, silence: &Silence, ttl: Option<u8>) -> Option<Self> {
        let socket = &view.fact.socket;
        let now = Counters::of(socket);
        let held = Held::before(&silence.counters, view);
        let answered = held
            .zip(Held::of(view))
            .is_some_and(|(before, now)| before.answered_by(&now));
        let ended_by = if silence.counters.payload_received(view) > 0 {
            EndedBy::Payload
        } else if silence.counters.payload_written(socket) > 0
            || after(socket.snd_una, silence.counters.snd_una)
        {
            EndedBy::Send
        } else if answered
            || socket.probes_out > silence.counters.probes_out && !silence.counters.heard(&now)
        {
            EndedBy::Probe
        } else {
            return None;
        };
        // Half-closed and silent is as it should be: only payload is news.
        if silence.half_closed && ended_by != EndedBy::Payload {
            return None;
        }
        let wait = Wait {
            since_ns: view.at.ns,
            counters: None,
        };
        Some(Self {
            path: Some(Arc::clone(&silence.path)),
            clock: silence.path.clock,
            length_ns: silence.length_ns(silence.seen_ns),
            length_max_ns: silence.length_ns(view.at.ns),
            doubtful: silence.length_ns(silence.seen_ns) < silence.path.warn_ns,
            silent_until_ns: silence.seen_ns,
            ended_by,
            from_sweep: true,
            state: Some(silence.state()),
            peer_clock: silence.known.clock,
            forgery: ForgeryEvidence::of(silence.known.with_ttl(ttl)),
            wait: matches!(ended_by, EndedBy::Send | EndedBy::Probe).then_some(wait),
            seldom: Seldom::holding(held),
            ..Self::blank(view, silence.counters)
        })
    }

    fn blank(view: &FactView<'_>, before: Counters) -> Self {
        Self {
            path: view.path.cloned(),
            clock: view.clock(),
            length_ns: 0,
            length_max_ns: 0,
            doubtful: false,
            silence_reported: false,
            ended_ns: view.at.ns,
            silent_until_ns: view.at.ns,
            ended_by: EndedBy::Segment,
            from_sweep: false,
            state: view.state(),
            before,
            wait: None,
            una: before.snd_una,
            due: before.snd_una != before.write_seq,
            sends: 0,
            first_send_ns: 0,
            last_send_ns: 0,
            peer_clock: PeerClock::default(),
            forgery: ForgeryEvidence::default(),
            acked_ns: None,
            timeouts: 0,
            probes: 0,
            answer_due: false,
            sent_before_close: false,
            probes_answered_before: probes_answered(view),
            reported: None,
            over_told: false,
            settled: false,
            seldom: Seldom::default(),
        }
    }

    /// Whether the silence that ended with `view` began after this gap ended:
    /// otherwise it is this gap, told again or seen from elsewhere.
    pub(crate) fn is_before(&self, view: &FactView<'_>) -> bool {
        view.at.ns > self.ended_ns.saturating_add(CLOCK_SLACK_NS)
            && view.silent_since_ns().saturating_add(CLOCK_SLACK_NS) >= self.silent_until_ns
    }

    /// Whether the silence of which `view`, of a sweep, tells came after this gap, and has room since. A sweep reads clocks and
    /// counters without the socket's lock: where both ends spoke between the two, it shows the silence before as one after.
    pub(crate) fn is_before_silence(&self, view: &FactView<'_>) -> bool {
        self.is_before(view) && self.leaves_room(view.risk_ns(), view)
    }

    /// Whether a silence of `least_ns` has room between this gap and `view`. The clocks that a fact brings may be those from
    /// before the gap ended: a watched socket's are, in what arrives after a send.
    pub(crate) fn leaves_room(&self, least_ns: u64, view: &FactView<'_>) -> bool {
        let since_ns = view.at.ns.saturating_sub(self.silent_until_ns);
        let since_ns = since_ns.saturating_add(view.suspended_ns);
        since_ns.saturating_add(CLOCK_SLACK_NS) >= least_ns
    }

    /// Whether this host probes, and has heard nothing since the gap ended.
    pub(crate) fn probes_in_vain(&self, view: &FactView<'_>) -> bool {
        let now = Counters::of(&view.fact.socket);
        now.probes_out > self.before.probes_out && !self.before.heard(&now)
    }

    /// Whether nothing but this host's own probes came between the silence and
    /// `view`: whatever that is, it ends the same silence.
    pub(crate) fn only_probed(&self, view: &FactView<'_>) -> bool {
        let arrived = view.fact.socket.segs_in.wrapping_sub(self.before.segs_in);
        // A segment that arrives is counted before it is told what it does.
        let reported = is_receive(view.kind)
            || matches!(view.kind, FactKind::ResetReceived | FactKind::StateChanged);
        let own = u32::from(reported);
        self.ended_by == EndedBy::Probe && arrived <= own
    }

    /// Bytes acknowledged since the gap.
    pub(crate) fn progress(&self) -> u32 {
        self.una.wrapping_sub(self.before.snd_una)
    }

    /// Whether this host's application sent since, told or concluded.
    pub(crate) fn sent(&self) -> bool {
        self.sends > 0 || self.wait.is_some() && self.ended_by != EndedBy::Probe
    }

    /// When this host's application first and last sent since, as far as that was told.
    pub(crate) fn sent_between_ns(&self) -> Option<(u64, u64)> {
        (self.sends > 0).then_some((self.first_send_ns, self.last_send_ns))
    }

    /// Since when this host waits for an answer, in ns: where it does not, since the silence ended.
    pub(crate) fn waits_since_ns(&self) -> u64 {
        let wait = self.wait.as_ref();
        wait.map_or(self.ended_ns, |wait| wait.since_ns)
    }

    /// The counters then.
    pub(crate) fn waits_since(&self) -> Counters {
        let counters = self.wait.as_ref().and_then(|wait| wait.counters.as_deref());
        *counters.unwrap_or(&self.before)
    }

    /// Whether the peer has closed in place of an answer that was due.
    pub(crate) fn answer_lost(&self) -> bool {
        self.answer_due && !self.sent() && self.seldom.fin.is_some_and(|fin| fin.in_silence)
    }

    /// Whether it was told last that nothing comes back.
    pub(crate) fn is_lost(&self) -> bool {
        self.reported.is_some_and(|reported| reported.is_loss)
    }

    /// Since when what is due is lost, or may be, CLOCK_MONOTONIC in ns.
    pub(crate) fn lost_since_ns(&self) -> u64 {
        let told = self.reported.filter(|told| told.is_loss);
        told.map_or_else(|| self.waits_since_ns(), |told| told.since_ns)
    }

    /// The last outcome told.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.reported.map(|reported| reported.outcome)
    }
}

/// Whether keepalive probes were answered since payload last passed: the peer was heard, at a probe's
/// distance from it at least.
fn probes_answered(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    let settings = Settings::of(view.fact, view.jiffy_ns);
    let payload = if after(socket.lsndtime, socket.lrcvtime) {
        socket.lsndtime
    } else {
        socket.lrcvtime
    };
    let heard_after = view.ns(jiffies_since(socket.rcv_tstamp, payload));
    // A timer is late rather than early; a jiffy is lost on each side.
    settings.on
        && settings.time_ns > 0
        && heard_after.saturating_add(CLOCK_SLACK_NS) >= settings.time_ns
}

fn ended_by(view: &FactView<'_>) -> EndedBy {
    match view.kind {
        FactKind::GapEndedBySend | FactKind::Sent => EndedBy::Send,
        FactKind::PayloadArrived => EndedBy::Payload,
        FactKind::ResetReceived => EndedBy::Reset,
        FactKind::StateChanged => match view.new_state() {
            Some(TcpState::CloseWait) => EndedBy::Fin,
            Some(TcpState::Close) if view.fact.socket.sk_err == Errno::ECONNRESET as u32 => {
                EndedBy::Reset
            }
            _ => EndedBy::Close,
        },
        _ if view.segment_has(tcp_flags::RST) => EndedBy::Reset,
        _ if view.brings_payload() => EndedBy::Payload,
        _ if view.segment_has(tcp_flags::FIN) => EndedBy::Fin,
        // Which went before it.
        _ if window_probe::answers_probe(view) => EndedBy::Probe,
        _ => EndedBy::Segment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There may be 65,536 of them: each 16 bytes more are a MiB of the daemon. What is seen of few belongs into [`Seldom`].
    #[test]
    fn a_gap_of_which_little_was_seen_takes_little_memory() {
        assert!(size_of::<Gap>() <= 296, "{} bytes", size_of::<Gap>());
    }
}
