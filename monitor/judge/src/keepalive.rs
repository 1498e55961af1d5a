//! The settings of a connection that decide how it meets silence.

use crate::JudgedPath;
use crate::evidence::EvidenceList;
use crate::serial::jiffies_since;
use monitor_common::{Fact, Socket, flags};
use monitor_model::finding::Clock;

/// Keepalive and user timeout, as the socket really has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// SO_KEEPALIVE is set.
    pub(crate) on: bool,
    /// Silence before the first probe, in ns; 0 if unknown.
    pub(crate) time_ns: u64,
    /// Time between probes, in ns; 0 if unknown.
    pub(crate) interval_ns: u64,
    /// Unanswered probes until the connection is given up; 0 if unknown.
    pub(crate) probes: u32,
    /// TCP_USER_TIMEOUT in ns; 0 if not set.
    pub(crate) user_timeout_ns: u64,
}

impl Settings {
    pub(crate) fn of(fact: &Fact, jiffy_ns: u64) -> Self {
        let socket = &fact.socket;
        let ns = |jiffies: u32| u64::from(jiffies).saturating_mul(jiffy_ns);
        Self {
            on: fact.has(flags::KEEPALIVE),
            time_ns: ns(socket.keepalive_time),
            interval_ns: ns(socket.keepalive_intvl),
            probes: socket.keepalive_probes,
            user_timeout_ns: u64::from(socket.user_timeout_ms) * 1_000_000,
        }
    }

    /// Adds the settings to the evidence.
    pub(crate) fn add_to(&self, evidence: &mut EvidenceList) {
        evidence.flag("keepalive", self.on);
        if self.on {
            evidence
                .seconds("keepalive_time_seconds", self.time_ns)
                .seconds("keepalive_interval_seconds", self.interval_ns)
                .count("keepalive_probes", self.probes);
        }
        evidence.seconds("user_timeout_seconds", self.user_timeout_ns);
    }
}

/// In how many ns the next keepalive probe leaves; `None` if none will, or if
/// that cannot be relied on.
///
/// Probes do not run while data waits to be sent or acknowledged, and one that
/// is not answered shows that they do not come through.
pub(crate) fn next_probe_ns(fact: &Fact, jiffy_ns: u64) -> Option<u64> {
    let socket = &fact.socket;
    let settings = Settings::of(fact, jiffy_ns);
    let waiting = socket.packets_out > 0 || socket.write_seq != socket.snd_nxt;
    if !settings.on || settings.time_ns == 0 || waiting || socket.probes_out > 0 {
        return None;
    }
    let elapsed = u64::from(since_receipt(socket)).saturating_mul(jiffy_ns);
    Some(settings.time_ns.saturating_sub(elapsed))
}

/// Whether a probe leaves before a silence of `idle_ns` reaches the timeout of
/// `path`. Never on the payload clock, which probes do not move.
pub(crate) fn saves(fact: &Fact, path: &JudgedPath, idle_ns: u64, jiffy_ns: u64) -> bool {
    let left_ns = path.timeout_ns.saturating_sub(idle_ns);
    path.clock == Clock::Packets && probes_within(fact, left_ns, jiffy_ns)
}

/// Whether a probe leaves within `left_ns`.
pub(crate) fn probes_within(fact: &Fact, left_ns: u64, jiffy_ns: u64) -> bool {
    next_probe_ns(fact, jiffy_ns).is_some_and(|due| due < left_ns)
}

/// Jiffies since the last receipt, as keepalive counts them.
fn since_receipt(socket: &Socket) -> u32 {
    jiffies_since(socket.jiffies, socket.lrcvtime)
        .min(jiffies_since(socket.jiffies, socket.rcv_tstamp))
}
