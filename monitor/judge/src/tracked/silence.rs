//! A silence that lasts, as sweeps show it.

use crate::counters::Counters;
use crate::fact_view::FactView;
use crate::forgery::Known;
use crate::keepalive;
use crate::paths::JudgedPath;
use crate::window_probe;
use monitor_common::{FactKind, TcpState};
use std::sync::Arc;

/// One silence of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    pub(crate) path: Arc<JudgedPath>,
    pub(crate) start_ns: u64,
    /// The earliest that it can have begun.
    earliest_ns: u64,
    /// When a sweep last showed it.
    pub(crate) seen_ns: u64,
    /// Time that the host slept meanwhile, in ns.
    slept_ns: u64,
    /// The counters at that time.
    pub(crate) counters: Counters,
    /// What was known of the peer at that time.
    pub(crate) known: Known,
    /// This host has said its last word, and silence is as it should be: nothing is
    /// told of it but the payload that ends it.
    pub(crate) half_closed: bool,
    /// The last sweep showed it.
    pub(crate) live: bool,
    /// `at_risk` was told.
    pub(crate) warned: bool,
    /// `crossed` was told.
    pub(crate) crossed: bool,
}

/// What a silence has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It will cross the timeout.
    AtRisk,
    /// It has reached the timeout.
    Crossed,
}

impl Silence {
    pub(crate) fn begin(view: &FactView<'_>, path: &Arc<JudgedPath>) -> Self {
        Self {
            path: Arc::clone(path),
            start_ns: view.silent_since_ns(),
            earliest_ns: view.silent_since_at_most_ns(),
            seen_ns: view.at.ns,
            slept_ns: view.suspended_ns,
            counters: Counters::of(&view.fact.socket),
            known: Known::of(view, None),
            half_closed: view.half_closed(),
            live: true,
            warned: false,
            crossed: false,
        }
    }

    /// Whether this silence still lasts in what `view` shows.
    pub(crate) fn lasts(&self, view: &FactView<'_>) -> bool {
        self.half_closed == view.half_closed()
            && self
                .counters
                .still(&Counters::of(&view.fact.socket), self.path.clock)
    }

    /// State of the connection in it; which half-closed one does not matter.
    pub(crate) fn state(&self) -> TcpState {
        if self.half_closed {
            TcpState::FinWait2
        } else {
            TcpState::Established
        }
    }

    /// Takes a later look at the same silence.
    pub(crate) fn on_sweep(&mut self, view: &FactView<'_>) {
        self.start_ns = self.start_ns.min(view.silent_since_ns());
        self.earliest_ns = self.earliest_ns.min(view.silent_since_at_most_ns());
        self.seen_ns = self.seen_ns.max(view.at.ns);
        self.slept_ns = self.slept_ns.max(view.suspended_ns);
        self.counters = Counters::of(&view.fact.socket);
        self.known = Known::of(view, None);
        self.live = true;
    }

    /// Its length at `now_ns`, in ns.
    pub(crate) fn length_ns(&self, now_ns: u64) -> u64 {
        now_ns
            .saturating_sub(self.start_ns)
            .saturating_add(self.slept_ns)
    }

    /// Whether it may have come to the path's threshold by `now_ns`. Else, if it ends, it is a gap that nobody looks at.
    pub(crate) fn may_be_long(&self, now_ns: u64) -> bool {
        let at_most = now_ns.saturating_sub(self.earliest_ns);
        at_most.saturating_add(self.slept_ns) >= self.path.warn_ns
    }

    /// Whether the silence that ended with `view` is this one: it covers a
    /// moment at which this one was seen, or no counter moved in between.
    pub(crate) fn ended_with(&self, view: &FactView<'_>) -> bool {
        // A received segment is counted before the hook runs.
        let now = Counters::of(&view.fact.socket);
        let quiet = self.counters.segs_out == now.segs_out
            && now.segs_in.wrapping_sub(self.counters.segs_in) <= 1;
        quiet || view.silent_since_ns() <= self.seen_ns
    }

    /// Whether `view` brings the answer to a window probe that is all that came since this silence was seen.
    fn probe_ended_with(&self, view: &FactView<'_>) -> bool {
        let socket = &view.fact.socket;
        window_probe::answers_probe(view)
            && socket.segs_in == self.counters.segs_in.wrapping_add(1)
            && socket.segs_out == self.counters.segs_out.wrapping_add(1)
    }

    /// How long this silence is known to have lasted when `view` ended one, in ns.
    pub(crate) fn known_ns(&self, view: &FactView<'_>) -> u64 {
        if self.ended_with(view) {
            self.length_ns(view.at.ns)
        } else if self.counters.segs_in == view.fact.socket.segs_in {
            // This host spoke in between, and heard nothing.
            self.length_ns(self.seen_ns)
        } else if self.probe_ended_with(view) {
            // The probe left when the kernel's clock moved last.
            self.length_ns(view.at.ns.saturating_sub(view.fact.packet_idle_ns))
        } else {
            0
        }
    }

    /// Whether `view` ends the connection in the midst of this silence. The
    /// idle time may not show it: the stack refreshes its clock on arrival,
    /// before it looks at what arrived.
    pub(crate) fn cut_by(&self, view: &FactView<'_>) -> bool {
        let ends = view.kind == FactKind::ResetReceived
            || view
                .new_state()
                .is_some_and(|state| state != TcpState::Established);
        let socket = &view.fact.socket;
        self.live
            && ends
            && self.may_be_long(view.at.ns)
            && view.at.ns >= self.seen_ns
            && view.state() == Some(TcpState::Established)
            && self.ended_with(view)
            && self.counters.payload_written(socket) == 0
            && self.counters.payload_received(view) == 0
    }

    /// What is new to tell, if anything. Marks it as told.
    pub(crate) fn advance(&mut self, view: &FactView<'_>) -> Option<Stage> {
        if self.half_closed {
            return None;
        }
        let length = self.length_ns(view.at.ns);
        if length >= self.path.timeout_ns {
            return (!std::mem::replace(&mut self.crossed, true)).then_some(Stage::Crossed);
        }
        let risk_ns = self.path.risk_ns(view.fact, view.next_look_ns);
        if self.warned || self.crossed || length < risk_ns || self.saved(view) {
            return None;
        }
        self.warned = true;
        Some(Stage::AtRisk)
    }

    /// Whether a keepalive probe leaves before the timeout.
    fn saved(&self, view: &FactView<'_>) -> bool {
        keepalive::saves(
            view.fact,
            &self.path,
            self.length_ns(view.at.ns),
            view.jiffy_ns,
        )
    }

    /// Whether anything was told about it.
    pub(crate) fn reported(&self) -> bool {
        self.warned || self.crossed
    }
}
