//! What a connection's silence comes to at one moment, without its history: for
//! lists and gauges.

use crate::{JudgedPath, keepalive};
use monitor_common::{Fact, TcpState};
use monitor_model::finding::Clock;
use monitor_model::listing::IdleState;

/// Judges one swept fact by itself. `jiffy_ns` is the length of a jiffy in ns.
/// The next look at it comes within `next_look_ns`. Time that the host slept is left out.
pub fn idle_state(
    fact: &Fact,
    path: Option<&JudgedPath>,
    jiffy_ns: u64,
    next_look_ns: u64,
) -> IdleState {
    if fact.socket.retransmits > 0 || fact.socket.probes_out > 0 {
        return IdleState::Stalled;
    }
    // In any other state silence is normal.
    let established = fact.socket.state == TcpState::Established as u32;
    let Some(path) = path.filter(|_| established) else {
        return IdleState::Ok;
    };
    let idle_ns = match path.clock {
        Clock::Packets => fact.packet_idle_ns,
        Clock::Payload => fact.payload_idle_ns,
    };
    if idle_ns >= path.timeout_ns {
        IdleState::Crossed
    } else if idle_ns >= path.risk_ns(fact, next_look_ns)
        && !keepalive::saves(fact, path, idle_ns, jiffy_ns)
    {
        IdleState::AtRisk
    } else {
        IdleState::Ok
    }
}
