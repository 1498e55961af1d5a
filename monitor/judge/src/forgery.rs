//! Signs that somebody else acknowledged in the peer's name: each a sign, none
//! a proof.
//!
//! A peer that negotiated timestamps puts one on every segment but RST (RFC 7323,
//! section 3.2), from a clock that ticks at least once a second (section 5.4). A
//! box that forges an ACK knows neither the clock nor, often, the option. These
//! two are *strong*: Linux itself breaks neither. The rest is *weak*, because
//! honest peers give the same sign:
//! - the TTL changes with the route;
//! - the window grows while the peer reads, and with its buffers;
//! - the smallest round trip known is long where every ACK rode on an answer, so
//!   that a bare ACK looks too quick.
//!
//! Two weak ones of different kinds count together, one alone never does, and none
//! does where the peer's clock moved as it should: a box does not know it, so the
//! peer's own kernel acknowledged. A round trip that is longer than usual is no sign
//! at all: a stopped process's kernel acknowledges late.

use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::thresholds::{
    LEAST_ROUND_TRIP_US, MOST_TSVAL_NS, ROUND_TRIP_FACTOR, SECOND, TRANSIT_SPREAD_NS,
    TSVAL_TICK_NS, WINDOW_FACTOR,
};
use monitor_common::{flags, segment_options, tcp_flags};
use monitor_model::format;

/// Length of a TCP header whose only option is the timestamp, padded: 20 + 12.
const HEADER_WITH_TIMESTAMP: u16 = 32;

/// The largest shift of a window that there is (RFC 7323, section 2.3).
const MOST_WSCALE: u8 = 14;

/// The peer's timestamp clock, and when it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PeerClock {
    /// TSval of the last segment; `None` without timestamps.
    tsval: Option<u32>,
    /// By then the last segment had arrived.
    heard_by_ns: u64,
    /// ...and not before this: payload is a segment too.
    heard_since_ns: u64,
}

impl PeerClock {
    /// Whether a segment that is over by `now_ns` came from the peer's own kernel, by the timestamp that it brought: that
    /// clock moved since, as a clock does. `false` where nobody can tell. A box does not know it, and who answers for a
    /// connection that is gone puts none on its RST (RFC 7323, section 5.2).
    pub(crate) fn is_by_its_clock(&self, tsval: u32, now_ns: u64) -> bool {
        let elapsed_ns = now_ns.saturating_sub(self.heard_by_ns);
        let at_most = now_ns
            .saturating_sub(self.heard_since_ns)
            .saturating_add(TRANSIT_SPREAD_NS)
            / TSVAL_TICK_NS;
        let at_least = elapsed_ns.saturating_sub(TRANSIT_SPREAD_NS) / SECOND;
        let moved = |before: u32| u64::from(tsval.wrapping_sub(before));
        elapsed_ns <= MOST_TSVAL_NS
            && at_least > 0
            && self
                .tsval
                .is_some_and(|before| (at_least..=at_most).contains(&moved(before)))
    }
}

/// What was known of the peer before the silence ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) clock: PeerClock,
    /// Window in bytes, and the shift of those to come.
    window: Option<(u32, u8)>,
    rtt_min_us: Option<u32>,
    /// TTL of the peer's last payload.
    ttl: Option<u8>,
}

impl Known {
    /// What the socket of `view` shows; `ttl` as remembered.
    pub(crate) fn of(view: &FactView<'_>, ttl: Option<u8>) -> Self {
        let socket = &view.fact.socket;
        // A clock at 0 cannot be told from one that could not be read.
        let timestamps = socket.tcp_header_len == HEADER_WITH_TIMESTAMP && socket.rcv_tsval != 0;
        let shift = socket.snd_wscale;
        let measured = (LEAST_ROUND_TRIP_US..u32::MAX).contains(&socket.rtt_min_us);
        Self {
            clock: PeerClock {
                tsval: timestamps.then_some(socket.rcv_tsval),
                // The packet clock moves with more than arrivals: this is late rather
                // than early, and the time since rather short than long.
                heard_by_ns: view.at.ns.saturating_sub(view.fact.packet_idle_ns),
                heard_since_ns: view.at.ns.saturating_sub(view.fact.payload_idle_ns),
            },
            // A closed window opens to any size.
            window: (socket.snd_wnd > 0 && shift <= MOST_WSCALE).then_some((socket.snd_wnd, shift)),
            rtt_min_us: measured.then_some(socket.rtt_min_us),
            ttl,
        }
    }

    /// The same, with the TTL that is remembered.
    pub(crate) fn with_ttl(self, ttl: Option<u8>) -> Self {
        Self { ttl, ..self }
    }
}

/// The peer's timestamp clock moved less than any may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StoodStill {
    moved: u32,
    at_least: u32,
}

/// What a comparison showed: what came, and what was known.
type Differs = Option<(u32, u32)>;

/// The signs seen since a gap. Of most there are none, which take no memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForgeryEvidence {
    known: Known,
    timestamp_missing: bool,
    /// The peer's timestamp clock was seen to have moved as a peer's does.
    by_its_clock: bool,
    differing: Option<Box<Differing>>,
}

/// What came, and was not as known.
#[derive(Clone, Copy, Debug, Default)]
struct Differing {
    stood_still: Option<StoodStill>,
    /// TTL.
    ttl: Differs,
    /// Window in bytes.
    window: Differs,
    /// Round trip in us.
    round_trip: Differs,
}

impl ForgeryEvidence {
    /// None yet, of a peer of which this is known.
    pub(crate) fn of(known: Known) -> Self {
        Self {
            known,
            ..Self::default()
        }
    }

    /// Looks at an arrived segment that acknowledged `progress` new bytes since the
    /// gap; `sent_ns` is when they were sent, if it is the first to do so.
    pub(crate) fn read_segment(
        &mut self,
        view: &FactView<'_>,
        progress: u32,
        sent_ns: Option<u64>,
    ) {
        let segment = &view.fact.segment;
        if view.segment_has(tcp_flags::RST) {
            return;
        }
        let known = self.known;
        let has = |bit| segment.options & bit != 0;
        if has(segment_options::HAS_TIMESTAMP) {
            self.read_tsval(segment.tsval, view.at.ns, view.at.ns);
        } else if has(segment_options::READ) && known.clock.tsval.is_some() {
            self.timestamp_missing = true;
        }
        if let Some(ttl) = known
            .ttl
            .filter(|ttl| segment.ttl != 0 && segment.ttl != *ttl)
        {
            let ttls = (segment.ttl.into(), ttl.into());
            self.differing_mut().ttl.get_or_insert(ttls);
        }
        if let Some((window, shift)) = known.window {
            self.read_window(u32::from(segment.window) << shift, window, progress);
        }
        // When a segment came that a later look tells of, and which send it answers, is not known.
        let sent_ns = sent_ns.filter(|_| !view.fact.has(flags::REVISITED));
        if let (Some(sent), Some(least)) = (sent_ns, known.rtt_min_us) {
            let took = view.at.ns.saturating_sub(sent) / 1_000;
            let took = u32::try_from(took).unwrap_or(u32::MAX);
            if took.saturating_mul(ROUND_TRIP_FACTOR) < least {
                self.differing_mut().round_trip.get_or_insert((took, least));
            }
        }
    }

    /// Looks at a socket that was acknowledged since the gap, by a segment that no
    /// fact told: what it received last came no earlier than `not_before_ns`. A
    /// segment without the option leaves the clock where it was.
    pub(crate) fn read_socket(&mut self, view: &FactView<'_>, not_before_ns: u64) {
        self.read_tsval(view.fact.socket.rcv_tsval, not_before_ns, view.at.ns);
    }

    /// Compares a timestamp that came no earlier than `at_ns`, by `by_ns` at the latest.
    fn read_tsval(&mut self, tsval: u32, at_ns: u64, by_ns: u64) {
        let Some(before) = self.known.clock.tsval else {
            return;
        };
        let elapsed = at_ns.saturating_sub(self.known.clock.heard_by_ns);
        if elapsed > MOST_TSVAL_NS {
            return;
        }
        let seconds = elapsed.saturating_sub(TRANSIT_SPREAD_NS) / SECOND;
        let at_least = u32::try_from(seconds).unwrap_or(0);
        // Forward around the circle, never back: where the peer counts in us the
        // clock passes half of it in 36 minutes.
        let moved = tsval.wrapping_sub(before);
        if moved < at_least {
            self.differing_mut()
                .stood_still
                .get_or_insert(StoodStill { moved, at_least });
            return;
        }
        let longest = by_ns.saturating_sub(self.known.clock.heard_since_ns);
        let at_most = longest.saturating_add(TRANSIT_SPREAD_NS) / TSVAL_TICK_NS;
        self.by_its_clock |= at_least > 0 && u64::from(moved) <= at_most;
    }

    fn read_window(&mut self, now: u32, before: u32, progress: u32) {
        // What the peer has not read yet is taken out of its window.
        let unread = now.saturating_add(progress);
        let grew = now > before.saturating_mul(WINDOW_FACTOR);
        let shrank = unread.saturating_mul(WINDOW_FACTOR) < before;
        if grew || shrank {
            self.differing_mut().window.get_or_insert((now, before));
        }
    }

    fn differing(&self) -> Differing {
        self.differing.as_deref().copied().unwrap_or_default()
    }

    fn differing_mut(&mut self) -> &mut Differing {
        self.differing.get_or_insert_default()
    }

    /// Whether they suffice for a suspicion.
    pub(crate) fn suffice(&self) -> bool {
        let differing = self.differing();
        let weak = [differing.ttl, differing.window, differing.round_trip];
        let another = !self.by_its_clock && weak.iter().flatten().count() >= 2;
        self.timestamp_missing || differing.stood_still.is_some() || another
    }

    /// Whether there is ground to doubt that the peer's own kernel acknowledged: its
    /// timestamp clock did not move as a peer's does, or there is none to ask and the TTL
    /// is another. Not so the others: an upload makes the peer's window grow, and its ACKs
    /// ride on no answer.
    pub(crate) fn leave_doubt(&self) -> bool {
        let differing = self.differing();
        let by_the_peer =
            self.by_its_clock && !self.timestamp_missing && differing.stood_still.is_none();
        !by_the_peer && (self.known.clock.tsval.is_some() || differing.ttl.is_some())
    }

    /// Adds each sign with its numbers to the evidence.
    pub(crate) fn add_to(&self, evidence: &mut EvidenceList) {
        let differing = self.differing();
        let mut sign = |name: &str| {
            evidence.text("forged_ack_sign", name);
        };
        if self.timestamp_missing {
            sign("timestamp_missing");
        }
        if differing.stood_still.is_some() {
            sign("timestamp_stood_still");
        }
        for (differs, name) in [
            (differing.ttl, "ttl"),
            (differing.window, "window"),
            (differing.round_trip, "round_trip"),
        ] {
            if differs.is_some() {
                sign(name);
            }
        }
        if let Some(StoodStill { moved, at_least }) = differing.stood_still {
            evidence
                .count("tsval_moved", moved)
                .count("tsval_expected_at_least", at_least);
        }
        for (differs, now, before) in [
            (differing.ttl, "ttl", "ttl_before"),
            (differing.window, "window_bytes", "window_bytes_before"),
            (
                differing.round_trip,
                "round_trip_us",
                "smallest_round_trip_us",
            ),
        ] {
            if let Some((view, known)) = differs {
                evidence.count(now, view).count(before, known);
            }
        }
    }

    /// In words, for a summary; the strongest alone.
    pub(crate) fn words(&self) -> String {
        let differing = self.differing();
        if self.timestamp_missing {
            return "by a segment without the timestamp that this peer puts on each".into();
        }
        if let Some(StoodStill { moved, at_least }) = differing.stood_still {
            return format!(
                "by a timestamp clock that moved {} in {at_least} s",
                format::count(moved.into(), "tick")
            );
        }
        let weak = [
            differing.ttl.map(|_| "TTL"),
            differing.window.map(|_| "window"),
            differing.round_trip.map(|_| "round trip"),
        ];
        let weak: Vec<&str> = weak.into_iter().flatten().collect();
        format!("with another {} than this peer's", weak.join(" and "))
    }
}
