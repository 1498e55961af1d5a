//! One observation with everything resolved that judging it takes.

use crate::paths::JudgedPath;
use crate::serial::after;
use monitor_common::{Fact, FactKind, NO_PATH_WARN_NS, TcpState, tcp_flags};
use monitor_model::finding::Clock;
use monitor_model::owner::Owner;
use std::sync::Arc;

/// A moment: monotonic for arithmetic, wall clock for people, both in ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) ns: u64,
    pub(crate) wall_unix_ns: i64,
}

/// A fact, its path resolved.
#[derive(Clone, Copy)]
pub(crate) struct FactView<'a> {
    pub(crate) fact: &'a Fact,
    pub(crate) kind: FactKind,
    pub(crate) at: Moment,
    pub(crate) suspended_ns: u64,
    pub(crate) owner: &'a Arc<Owner>,
    pub(crate) path: Option<&'a Arc<JudgedPath>>,
    pub(crate) jiffy_ns: u64,
    /// Within how much time the next sweep looks again, in ns.
    pub(crate) next_look_ns: u64,
    /// The socket's own address is on no interface, and that is what stands in its way.
    pub(crate) address_gone: bool,
}

impl FactView<'_> {
    /// So many jiffies in ns.
    pub(crate) fn ns(&self, jiffies: u32) -> u64 {
        u64::from(jiffies).saturating_mul(self.jiffy_ns)
    }

    /// The clock that counts: the path's, packets where there is none.
    pub(crate) fn clock(&self) -> Clock {
        self.path.map_or(Clock::Packets, |path| path.clock)
    }

    /// The silence until this fact on the clock that counts, without the time
    /// that the host slept, in ns.
    fn awake_idle_ns(&self) -> u64 {
        match self.clock() {
            Clock::Packets => self.fact.packet_idle_ns,
            Clock::Payload => self.fact.payload_idle_ns,
        }
    }

    /// The silence until this fact as a middlebox counted it, in ns, at least.
    pub(crate) fn idle_ns(&self) -> u64 {
        self.awake_idle_ns().saturating_add(self.suspended_ns)
    }

    /// The same, at most: the kernel side holds this against thresholds, because a
    /// local timer or a read can shorten the other one.
    pub(crate) fn idle_max_ns(&self) -> u64 {
        self.awake_idle_max_ns().saturating_add(self.suspended_ns)
    }

    fn awake_idle_max_ns(&self) -> u64 {
        match self.clock() {
            Clock::Packets => self.fact.packet_idle_max_ns.max(self.fact.packet_idle_ns),
            Clock::Payload => self.fact.payload_idle_ns,
        }
    }

    /// When the silence until this fact began.
    pub(crate) fn silent_since_ns(&self) -> u64 {
        self.fact.time_ns.saturating_sub(self.awake_idle_ns())
    }

    /// The earliest that the silence until this fact can have begun.
    pub(crate) fn silent_since_at_most_ns(&self) -> u64 {
        self.fact.time_ns.saturating_sub(self.awake_idle_max_ns())
    }

    /// From which silence on a connection is suspected, in ns.
    pub(crate) fn threshold_ns(&self) -> u64 {
        self.path.map_or(NO_PATH_WARN_NS, |path| path.warn_ns)
    }

    /// From which silence on a sweep finds it at risk, in ns: before that threshold, where the next look would come
    /// too late.
    pub(crate) fn risk_ns(&self) -> u64 {
        let path = self.path;
        path.map_or(NO_PATH_WARN_NS, |path| {
            path.risk_ns(self.fact, self.next_look_ns)
        })
    }

    /// The state of the socket, before the change where the fact is one.
    pub(crate) fn state(&self) -> Option<TcpState> {
        TcpState::from_number(match self.kind {
            FactKind::StateChanged => self.fact.old_state,
            _ => self.fact.socket.state,
        })
    }

    /// The state that this fact tells of the change to.
    pub(crate) fn new_state(&self) -> Option<TcpState> {
        match self.kind {
            FactKind::StateChanged => TcpState::from_number(self.fact.new_state),
            _ => None,
        }
    }

    /// Whether data is under way that timed out already: such a connection is
    /// stuck, not silent, however long it waits between two attempts. At its end the
    /// kernel has thrown away what was under way (`tcp_write_queue_purge`).
    pub(crate) fn stuck(&self) -> bool {
        let under_way =
            self.fact.socket.packets_out > 0 || self.new_state() == Some(TcpState::Close);
        under_way && self.fact.socket.retransmits > 0
    }

    /// Whether the arrived segment has this flag.
    pub(crate) fn segment_has(&self, flag: u8) -> bool {
        self.fact.segment.tcp_flags & flag != 0
    }

    /// Whether the arrived segment brings payload that was not there before and
    /// that the stack will take (RFC 9293, section 3.10.7.4: no ACK of what was
    /// never sent).
    pub(crate) fn brings_payload(&self) -> bool {
        let segment = &self.fact.segment;
        segment.payload_len > 0
            && self.segment_has(tcp_flags::ACK)
            && !self.segment_has(tcp_flags::RST)
            && !after(segment.ack, self.fact.socket.snd_nxt)
            && after(
                segment.seq.wrapping_add(segment.payload_len),
                self.fact.socket.rcv_nxt,
            )
    }

    /// The path of a connection that may be silent now, long enough to be at risk
    /// (sweep only): the counters in later sweeps say whether it is.
    pub(crate) fn silent_on(&self) -> Option<&Arc<JudgedPath>> {
        let silent = self.state() == Some(TcpState::Established)
            && self.fact.socket.packets_out == 0
            && self.idle_max_ns() >= self.risk_ns();
        self.path.filter(|_| silent)
    }

    /// Whether this host closed its direction and the peer has not.
    pub(crate) fn half_closed(&self) -> bool {
        matches!(self.state(), Some(TcpState::FinWait1 | TcpState::FinWait2))
    }

    /// The path of a half-closed connection that may be silent as long (sweep only).
    fn half_closed_on(&self) -> Option<&Arc<JudgedPath>> {
        let silent =
            self.half_closed() && !self.stuck() && self.idle_max_ns() >= self.threshold_ns();
        self.path.filter(|_| silent)
    }

    /// The path of a connection whose silence is kept: whether or not something is
    /// told of it while it lasts (sweep only).
    pub(crate) fn watched_on(&self) -> Option<&Arc<JudgedPath>> {
        self.silent_on().or_else(|| self.half_closed_on())
    }

    /// The path of a connection of whose silence nothing was known, and which may be
    /// silent now (sweep only). Where probes stay unanswered it must be silent for so
    /// long since the last of them: what the first of them ended is over.
    pub(crate) fn begins_silence(&self) -> Option<&Arc<JudgedPath>> {
        let probed = self.fact.socket.probes_out > 0;
        self.watched_on()
            .filter(|_| !probed || self.idle_ns() >= self.risk_ns())
    }

    /// Whether this fact ends a silence that may be past its threshold.
    pub(crate) fn ends_silence(&self) -> bool {
        use TcpState::{CloseWait, Established, FinWait1, FinWait2};
        if self.stuck() {
            return false;
        }
        let long = self.idle_max_ns() >= self.threshold_ns();
        let open = matches!(
            self.state(),
            Some(Established | CloseWait | FinWait1 | FinWait2)
        );
        match self.kind {
            FactKind::GapEndedBySend => open,
            FactKind::GapEndedByReceive => open && self.arrival_counts(),
            // The fact that told the end of the silence was lost.
            FactKind::Sent => open && long,
            // Told with a change of state, the idle time is that until the change.
            FactKind::PayloadArrived => open && long && self.fact.new_state == 0,
            FactKind::ResetReceived | FactKind::StateChanged => {
                long && self.state() == Some(Established)
            }
            FactKind::AckArrived
            | FactKind::Retransmitted
            | FactKind::ResetSent
            | FactKind::Swept
            | FactKind::ProbationOver => false,
        }
    }

    /// Whether the arrived segment moves the clock that counts. The end of the
    /// connection always does.
    fn arrival_counts(&self) -> bool {
        match self.clock() {
            Clock::Packets => true,
            Clock::Payload => {
                self.brings_payload() || self.segment_has(tcp_flags::FIN | tcp_flags::RST)
            }
        }
    }
}

/// Whether the fact is about an arrived segment, and its socket from before it.
pub(crate) fn is_receive(kind: FactKind) -> bool {
    matches!(
        kind,
        FactKind::GapEndedByReceive | FactKind::AckArrived | FactKind::PayloadArrived
    )
}
