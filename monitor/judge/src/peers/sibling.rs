//! One connection, as its siblings see it: since when it is known, when it last showed life, and how it fails.

use crate::connection::{self, Identity};
use crate::fact_view::{FactView, is_receive};
use crate::paths::JudgedPath;
use crate::peers::last_sender::{LastSender, last_sender};
use crate::peers::look::{answered_ns, exchanged_ns, fails, heard_ns, known_since_ns, tried_ns};
use crate::serial::{after, jiffies_since};
use monitor_common::{FactKind, NOT_SILENT_NS, TcpState};
use monitor_model::finding::Role;
use monitor_model::owner::Owner;
use std::net::SocketAddr;
use std::sync::Arc;

/// Nothing comes back on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failing {
    /// No silence went before that could have killed it.
    pub(super) fresh: bool,
    /// When what is unanswered was first sent, at the earliest.
    pub(super) since_ns: u64,
    /// The silence before that, in ns, at most; `None` if unknown.
    pub(super) silence_ns: Option<u64>,
}

/// What this host sent and nobody has acknowledged.
#[derive(Clone, Copy, Debug)]
struct Wait {
    una: u32,
    /// When it was first sent, at the earliest.
    since_ns: u64,
    /// The silence before, in ns, at most.
    silence_ns: Option<u64>,
}

/// The latest look at which nothing was due.
#[derive(Clone, Copy, Debug)]
struct Rest {
    una: u32,
    heard_ns: u64,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its SYN is unanswered; `again` if it was sent more than once.
    Connecting { again: bool },
    /// Open both ways.
    Open,
    /// One side, or both, have said their last word.
    Closing,
    /// It is gone.
    Over,
}

/// A connection as its siblings see it.
#[derive(Debug)]
pub(super) struct Sibling {
    pub(super) netns: u32,
    pub(super) remote: SocketAddr,
    /// This host's port: its listener's, where the peer opened the connection.
    pub(super) local_port: u16,
    pub(super) role: Role,
    pub(super) path: Option<Arc<JudgedPath>>,
    /// Time of the latest fact.
    pub(super) seen_ns: u64,
    /// Its handshake was complete at this time; `u64::MAX` while it is not.
    pub(super) known_since_ns: u64,
    /// Something came from the peer at this time, or later.
    pub(super) heard_ns: u64,
    /// Payload, or an ACK of new data, came at this time, or later; 0 for never.
    pub(super) exchanged_ns: u64,
    /// The same, or the answer to a probe.
    pub(super) life_ns: u64,
    segs_in: u32,
    snd_una: u32,
    /// Nothing came from the peer since a long silence ended.
    after_silence: bool,
    rest: Option<Rest>,
    wait: Option<Wait>,
    /// The silence that lasts, as far as it was seen, and the longest one that it came out of, in ns.
    resting_ns: u64,
    pub(super) rested_ns: u64,
    pub(super) stage: Stage,
    pub(super) failing: Option<Failing>,
    /// When a RST cut it off in the midst of an exchange.
    pub(super) cut_ns: Option<u64>,
    /// Who holds it, as the latest fact that knows its process says.
    pub(super) owner: Option<Arc<Owner>>,
    /// The sweep that showed it as a sample last, by its number.
    pub(super) sampled: u64,
}

impl Sibling {
    pub(super) fn begin(view: &FactView<'_>) -> Self {
        let socket = &view.fact.socket;
        Self {
            netns: socket.netns,
            remote: connection::remote(socket),
            local_port: socket.local_port,
            role: Identity::of(socket).role(),
            path: None,
            seen_ns: 0,
            known_since_ns: u64::MAX,
            heard_ns: 0,
            exchanged_ns: 0,
            life_ns: 0,
            segs_in: socket.segs_in,
            snd_una: socket.snd_una,
            after_silence: false,
            rest: None,
            wait: None,
            resting_ns: 0,
            rested_ns: 0,
            stage: Stage::Closing,
            failing: None,
            cut_ns: None,
            owner: None,
            sampled: 0,
        }
    }

    /// Whether `view` is about another connection of the same socket.
    pub(super) fn is_another(&self, view: &FactView<'_>) -> bool {
        let remote = connection::remote(&view.fact.socket);
        let again = self.stage == Stage::Over && stage(view) != Stage::Over;
        view.at.ns > self.seen_ns && (again || remote.port() != 0 && remote != self.remote)
    }

    /// Whether it ended badly, so that others may still learn from it.
    pub(super) fn ended_badly(&self) -> bool {
        self.failing.is_some() || self.cut_ns.is_some()
    }

    /// Whether it moves: open both ways, and alive at `since_ns` or later.
    pub(super) fn moves(&self, since_ns: u64) -> bool {
        self.stage == Stage::Open && !self.ended_badly() && self.life_ns >= since_ns
    }

    /// The silence before what is unanswered now, in ns, at most; `None` if unknown, or nothing is.
    pub(super) fn preceding_silence_ns(&self) -> Option<u64> {
        self.wait.and_then(|wait| wait.silence_ns)
    }

    /// When what is unanswered now was first sent, at the earliest; `None` if nothing is.
    pub(super) fn waits_since_ns(&self) -> Option<u64> {
        self.wait.map(|wait| wait.since_ns)
    }

    /// Takes up what `view` says. Twice is as good as once.
    pub(super) fn note(&mut self, view: &FactView<'_>) {
        if view.owner.pid.is_some() {
            self.owner = Some(Arc::clone(view.owner));
        }
        let socket = &view.fact.socket;
        let silence = ends_long_silence(view);
        self.note_life(view);
        // A sweep is read beside the ring: it may show what the ring outdated.
        if view.at.ns < self.seen_ns || self.stage == Stage::Over {
            return;
        }
        let fails = fails(view, heard_ns(view));
        self.note_wait(view, silence);
        self.seen_ns = view.at.ns;
        self.segs_in = socket.segs_in;
        self.snd_una = socket.snd_una;
        if view.path.is_some() {
            self.path = view.path.cloned();
        }
        if silence {
            self.after_silence = true;
        } else if is_receive(view.kind) || !fails && socket.packets_out == 0 {
            self.after_silence = false;
        }
        if view.kind == FactKind::ResetReceived {
            self.note_reset(view);
        }
        self.stage = stage(view);
        if self.stage == Stage::Over {
            return;
        }
        if !fails {
            self.failing = None;
        } else if self.failing.is_none() {
            // Keepalive probes do not run while data waits: those of others ask after it.
            let sends = socket.retransmits > 0 || socket.write_seq != socket.snd_nxt;
            let silence_ns = self.preceding_silence_ns().filter(|_| sends);
            self.failing = Some(Failing {
                fresh: sends && !self.after_silence && silence_ns.unwrap_or(0) < silent_from(view),
                since_ns: self.wait.map_or(view.at.ns, |wait| wait.since_ns),
                silence_ns,
            });
        }
    }

    fn note_life(&mut self, view: &FactView<'_>) {
        let socket = &view.fact.socket;
        // The peer's probes move no clock, only this counter: some of it came after the last snapshot. They
        // keep a box's entry alive, and say nothing of the way there.
        let counted = if socket.segs_in == self.segs_in {
            0
        } else {
            self.seen_ns
        };
        self.heard_ns = self.heard_ns.max(heard_ns(view)).max(counted);
        if self.seen_ns > 0 && view.at.ns >= self.seen_ns && after(socket.snd_una, self.snd_una) {
            self.exchanged_ns = self.exchanged_ns.max(self.seen_ns);
        }
        self.exchanged_ns = self.exchanged_ns.max(exchanged_ns(view));
        let life_ns = self.exchanged_ns.max(answered_ns(view));
        if life_ns > self.life_ns {
            self.life_ns = life_ns;
            self.rested_ns = self.rested_ns.max(self.resting_ns);
            self.resting_ns = 0;
        }
        self.known_since_ns = self.known_since_ns.min(known_since_ns(view));
    }

    /// Since when something is unanswered, and how long it was silent before.
    fn note_wait(&mut self, view: &FactView<'_>, silence: bool) {
        let socket = &view.fact.socket;
        if is_receive(view.kind) {
            if exchanged_ns(view) == view.at.ns {
                self.wait = None;
            }
            return;
        }
        let sends = matches!(view.kind, FactKind::GapEndedBySend | FactKind::Sent);
        let due = socket.snd_una != socket.write_seq
            || socket.packets_out > 0
            || view.kind == FactKind::Retransmitted
            || sends;
        if !due {
            self.wait = None;
            self.rest = Some(Rest {
                una: socket.snd_una,
                heard_ns: self.heard_ns,
            });
            self.resting_ns = self
                .resting_ns
                .max(view.at.ns.saturating_sub(self.heard_ns));
            return;
        }
        if self.wait.is_some_and(|wait| wait.una == socket.snd_una) {
            return;
        }
        let since_ns = if sends {
            view.at.ns
        } else {
            view.at.ns.saturating_sub(tried_ns(view))
        };
        let known = if self.heard_ns <= since_ns {
            Some(self.heard_ns)
        } else {
            // The peer was heard since, and acknowledged nothing.
            self.rest
                .filter(|rest| rest.una == socket.snd_una)
                .map(|rest| rest.heard_ns)
        };
        // A tail-loss probe goes before the first timeout, and takes as long at the most.
        let probe = if sends {
            0
        } else {
            socket.rto_jiffies >> socket.retransmits.min(31)
        };
        self.wait = Some(Wait {
            una: socket.snd_una,
            since_ns: since_ns.saturating_sub(view.ns(probe)),
            silence_ns: if silence && sends {
                Some(view.idle_ns())
            } else {
                known.map(|heard_ns| since_ns.saturating_sub(heard_ns))
            },
        });
    }

    /// A RST that no silence explains: something was due, or the answer to what this host asked. Only of
    /// connections that this host opened: a client that aborts says nothing of others behind its address.
    fn note_reset(&mut self, view: &FactView<'_>) {
        let socket = &view.fact.socket;
        let open = view.state() == Some(TcpState::Established);
        let since_send = view.ns(jiffies_since(socket.jiffies, socket.lsndtime));
        let asked = last_sender(socket) == LastSender::Us && since_send < NOT_SILENT_NS;
        let due = socket.snd_una != socket.write_seq;
        let silent = self.after_silence
            || due && self.preceding_silence_ns().unwrap_or(0) >= silent_from(view);
        if open && self.role == Role::Client && !silent && (due || asked) {
            self.cut_ns = Some(view.at.ns);
        }
    }
}

/// From which silence on a box may have forgotten a connection, whatever was stated, in ns.
fn silent_from(view: &FactView<'_>) -> u64 {
    NOT_SILENT_NS.min(view.threshold_ns())
}

/// Whether this fact ends a silence past its threshold, and not with the peer's own payload.
pub(super) fn ends_long_silence(view: &FactView<'_>) -> bool {
    view.ends_silence() && view.kind != FactKind::PayloadArrived
}

/// How far the connection has come, as this fact shows it.
pub(super) fn stage(view: &FactView<'_>) -> Stage {
    if view.kind == FactKind::ResetReceived {
        return Stage::Over;
    }
    match view.new_state().or(view.state()) {
        Some(TcpState::SynSent) => Stage::Connecting {
            again: view.fact.socket.retransmits > 0,
        },
        Some(TcpState::Established) => Stage::Open,
        Some(TcpState::Close) => Stage::Over,
        _ => Stage::Closing,
    }
}
