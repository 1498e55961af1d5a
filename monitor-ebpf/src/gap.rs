//! Silences that end now, against the threshold of the path.

use crate::globals::setting;
use crate::paths::{self, Threshold};
use crate::silence::Silence;
use crate::sock::{Route, TcpSock};
use crate::suspects::Suspect;

/// What a silence that ends now is measured against, if it may have passed its
/// threshold. `moves` says whether what happens now moves a clock (a `PathClock`
/// number) at all.
#[inline(always)]
pub fn ended(
    sock: TcpSock,
    silence: &Silence,
    moves: impl Fn(u32) -> bool,
) -> Option<(Threshold, Route)> {
    let (threshold, route) = measure(sock)?;
    passed(silence, &threshold, moves).then_some((threshold, route))
}

/// The same for a suspect: another silence, against the threshold that is in
/// force by now.
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
    // A reload may have changed the path, and given its number to another one.
    suspect.path_id = threshold.path_id;
    let another = passed(silence, &threshold, moves)
        && suspect.began_before(silence, silence.at_most(threshold.clock));
    another.then_some(threshold)
}

/// What the silence of a socket is measured against; `None` with data in flight:
/// then the last exchange is not over, which is trouble, but no silence.
#[inline(always)]
fn measure(sock: TcpSock) -> Option<(Threshold, Route)> {
    if sock.packets_out() != 0 {
        return None;
    }
    paths::threshold(sock)
}

/// Whether a silence that ends now may have passed its threshold. Counts it in its
/// path's histogram.
#[inline(always)]
fn passed(silence: &Silence, threshold: &Threshold, moves: impl Fn(u32) -> bool) -> bool {
    if !moves(threshold.clock) {
        return false;
    }
    paths::count_gap(threshold.path_id, silence.at_least(threshold.clock));
    silence.at_most(threshold.clock) >= threshold.warn_ns
}
