//! Silences and the clocks they are measured by: the one place where a clock is subtracted
//! from now.

use crate::globals::setting;
use crate::kernel;
use crate::sock::TcpSock;
use monitor_common::PathClock;

/// How long a socket has been silent, by both clocks, in ns.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Silence {
    pub now_ns: u64,
    pub payload_ns: u64,
    /// At least so long: local timers and reads move the stack's packet clock too.
    pub packet_ns: u64,
    /// At most so long: neither payload nor an ACK was seen. (A probe by the peer leaves no
    /// trace but in `segs_in`.)
    pub packet_max_ns: u64,
}

impl Silence {
    /// Of a socket until now.
    #[inline(always)]
    pub fn of(sock: TcpSock) -> Self {
        Self::by(Clocks::of(sock))
    }

    /// The same, by clocks that were read before.
    #[inline(always)]
    pub fn by(clocks: Clocks) -> Self {
        let now_ns = kernel::now_ns();
        let jiffy_ns = u64::from(setting(|settings| &settings.jiffy_ns));
        let packet_ns = now_ns.saturating_sub(clocks.tcp_clock_cache);
        let since_ack = kernel::jiffies().wrapping_sub(clocks.rcv_tstamp);
        let since_payload = since_payload(clocks.lsndtime, clocks.lrcvtime);
        // Payload is a packet too, so its silence is never the shorter one. This also corrects
        // the payload's where 32 bits of jiffies have wrapped around.
        let payload_ns = (u64::from(since_payload) * jiffy_ns).max(packet_ns);
        let since_ack_ns = (u64::from(since_ack) * jiffy_ns).max(packet_ns);
        Self {
            now_ns,
            payload_ns,
            packet_ns,
            packet_max_ns: since_ack_ns.min(payload_ns),
        }
    }

    /// The same silence, had it ended `ns` before.
    #[inline(always)]
    pub fn earlier(&self, ns: u64) -> Self {
        Self {
            now_ns: self.now_ns.saturating_sub(ns),
            payload_ns: self.payload_ns.saturating_sub(ns),
            packet_ns: self.packet_ns.saturating_sub(ns),
            packet_max_ns: self.packet_max_ns.saturating_sub(ns),
        }
    }

    /// The longest that the silence can be by the clock that a path counts by (a
    /// [`PathClock`] number). Thresholds are held against this: user space, which
    /// sees the counters move or stand still, takes back what is too much.
    #[inline(always)]
    pub fn at_most(&self, clock: u32) -> u64 {
        if clock == PathClock::Payload as u32 {
            self.payload_ns
        } else {
            self.packet_max_ns
        }
    }

    /// The least that it can be.
    #[inline(always)]
    pub fn at_least(&self, clock: u32) -> u64 {
        if clock == PathClock::Payload as u32 {
            self.payload_ns
        } else {
            self.packet_ns
        }
    }
}

/// The clocks that the stack keeps of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Clocks {
    pub tcp_clock_cache: u64,
    pub lsndtime: u32,
    pub lrcvtime: u32,
    pub rcv_tstamp: u32,
    /// Always zero.
    pub reserved: u32,
}

impl Clocks {
    /// As they stand.
    #[inline(always)]
    pub fn of(sock: TcpSock) -> Self {
        Self {
            tcp_clock_cache: sock.tcp_clock_cache(),
            lsndtime: sock.lsndtime(),
            lrcvtime: sock.lrcvtime(),
            rcv_tstamp: sock.rcv_tstamp(),
            reserved: 0,
        }
    }
}

/// Jiffies since the last payload in either direction. As the differences are unsigned, it
/// does no harm that the 32-bit clock wraps around; only a silence of more than 2^32 jiffies
/// (49 days at HZ 1000, 198 at HZ 250) reads too short.
#[inline(always)]
fn since_payload(lsndtime: u32, lrcvtime: u32) -> u32 {
    let now = kernel::jiffies();
    let since_sent = now.wrapping_sub(lsndtime);
    let since_received = now.wrapping_sub(lrcvtime);
    // A stamp of another CPU can be a moment ahead of the `jiffies` read above, which makes
    // that difference huge. Then the other one decides.
    since_sent.min(since_received)
}

/// How long ago this host sent data last, in ns.
#[inline(always)]
pub fn since_send_ns(sock: TcpSock) -> u64 {
    let jiffies = kernel::jiffies().wrapping_sub(sock.lsndtime());
    u64::from(jiffies) * u64::from(setting(|settings| &settings.jiffy_ns))
}

/// Whether the connection has been silent for less than `min_gap`. The hot path asks this
/// first: it takes the jiffies and two loads.
#[inline(always)]
pub fn is_busy(sock: TcpSock) -> bool {
    since_payload(sock.lsndtime(), sock.lrcvtime()) < setting(|settings| &settings.min_gap_jiffies)
}

/// Whether a segment is healthy: the connection is not silent, and no program keeps storage
/// with it, so it is no suspect. Every healthy segment gets as far as this. Hence it is asked
/// first, so that its code lies in one piece at the beginning of the program.
#[inline(always)]
pub fn is_healthy(sock: TcpSock) -> bool {
    is_busy(sock) && !sock.has_storage()
}
