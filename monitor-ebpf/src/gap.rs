//! Gaps: silences that end now, measured against the threshold of the path.

use crate::globals::setting;
use crate::paths::{self, Threshold};
use crate::silence::Silence;
use crate::sock::TcpSock;
use crate::suspects::Suspect;
use monitor_common::{PathClock, Segment, tcp_flags};

/// The threshold that a silence may have passed which ends now, and the bits of the route; `None` if it
/// has not. `moves` tells whether what happens now moves a clock (a `PathClock` number).
#[inline(always)]
pub fn ended(
    sock: TcpSock,
    silence: &Silence,
    moves: impl Fn(u32) -> bool,
) -> Option<(Threshold, u32)> {
    let (threshold, route) = measure(sock)?;
    passed(silence, &threshold, moves).then_some((threshold, route))
}

/// The same for a suspect: whether this is another silence, by the threshold that is in force
/// now.
#[inline(always)]
pub fn ended_another(
    sock: TcpSock,
    suspect: &mut Suspect,
    silence: &Silence,
    moves: impl Fn(u32) -> bool,
) -> Option<Threshold> {
    if silence.payload_ns < setting(|settings| &settings.min_gap_ns) {
        return None;
    }
    let (threshold, _) = measure(sock)?;
    // A reload may have given the path another number, or its number to another path.
    suspect.path_id = threshold.path_id;
    let another = passed(silence, &threshold, moves)
        && suspect.began_before(silence, silence.at_most(threshold.clock));
    another.then_some(threshold)
}

/// What a socket's silence is measured against; `None` while data is in flight: if nothing
/// comes back then, that is trouble but no silence.
#[inline(always)]
fn measure(sock: TcpSock) -> Option<(Threshold, u32)> {
    if sock.packets_out() != 0 {
        return None;
    }
    paths::threshold(sock)
}

/// Whether a silence that ends now may have passed this threshold. Counts it in the path's
/// histogram.
#[inline(always)]
pub fn passed(silence: &Silence, threshold: &Threshold, moves: impl Fn(u32) -> bool) -> bool {
    if !moves(threshold.clock) {
        return false;
    }
    paths::count_gap(threshold.path_id, silence.at_least(threshold.clock));
    silence.at_most(threshold.clock) >= threshold.warn_ns
}

/// Whether a segment moves this clock (a `PathClock` number). Any moves the packet
/// clock; a probe or a bare ACK does not move the payload clock.
#[inline(always)]
pub fn moves(segment: Segment, clock: u32) -> bool {
    clock == PathClock::Packets as u32
        || segment.payload_len > 0
        || segment.tcp_flags & (tcp_flags::FIN | tcp_flags::RST) != 0
}
