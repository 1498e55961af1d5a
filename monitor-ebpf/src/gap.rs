//! Arithmetic on silences: the one place where a clock is subtracted from now.

use crate::globals::setting;
use crate::kernel::{self, TcpSock};
use monitor_common::PathClock;

/// How long a socket has been silent, by both clocks, in ns.
#[derive(Clone, Copy)]
pub struct Silence {
    pub now_ns: u64,
    pub payload_ns: u64,
    pub packet_ns: u64,
}

impl Silence {
    /// The silence by the clock that a path counts by (a [`PathClock`] number).
    #[inline(always)]
    pub fn by(&self, clock: u32) -> u64 {
        if clock == PathClock::Payload as u32 {
            self.payload_ns
        } else {
            self.packet_ns
        }
    }
}

/// Jiffies since the last payload in either direction. Unsigned differences, so
/// a wrap of the 32-bit clock does no harm; a silence longer than the clock's
/// whole turn (49 days at HZ 1000, 198 at HZ 250) reads short.
#[inline(always)]
pub fn payload_jiffies(sock: TcpSock) -> u32 {
    let now = kernel::jiffies();
    let since_sent = now.wrapping_sub(sock.lsndtime());
    let since_received = now.wrapping_sub(sock.lrcvtime());
    // On another CPU a stamp can be a moment ahead of the `jiffies` read above; as
    // a difference that would be a whole turn of the clock. The other one decides.
    if since_sent < since_received {
        since_sent
    } else {
        since_received
    }
}

/// The hot path's whole question: has the connection been silent for less than
/// `min_gap`? One look at jiffies, two loads.
#[inline(always)]
pub fn is_busy(sock: TcpSock) -> bool {
    payload_jiffies(sock) < setting(|settings| &settings.min_gap_jiffies)
}

/// Both clocks in full.
#[inline(always)]
pub fn silence(sock: TcpSock) -> Silence {
    let now_ns = kernel::now_ns();
    let packet_ns = now_ns.saturating_sub(sock.tcp_clock_cache());
    let by_jiffies =
        u64::from(payload_jiffies(sock)) * u64::from(setting(|settings| &settings.jiffy_ns));
    Silence {
        now_ns,
        // Payload is a packet too, so its silence is never the shorter one: this
        // also mends what a whole turn of jiffies hides.
        payload_ns: if by_jiffies > packet_ns {
            by_jiffies
        } else {
            packet_ns
        },
        packet_ns,
    }
}
