//! Timers of sockets that are set on somebody's word, and what came of each.

use crate::Record;

/// Orders of one pass, at most.
pub const MAX_TIMER_ORDERS: u32 = 1024;

/// The timers of a socket, in the units of `setsockopt(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SocketTimers {
    /// SO_KEEPALIVE: 0 or 1.
    pub keepalive: u32,
    /// TCP_KEEPIDLE in seconds, the namespace's default where the socket has none of its own.
    pub keepalive_time_s: u32,
    /// TCP_KEEPINTVL in seconds, likewise.
    pub keepalive_intvl_s: u32,
    /// TCP_KEEPCNT, likewise.
    pub keepalive_probes: u32,
    /// TCP_USER_TIMEOUT in ms; 0 if not set.
    pub user_timeout_ms: u32,
}

/// What is to be done with the timers of one socket: those of keepalive, and TCP_USER_TIMEOUT, each where it is still as
/// `from` has it, and differs from `to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct TimerOrder {
    /// A [`timer_task`].
    pub task: u32,
    /// What came of it: bits of [`timers_done`]. Written by the kernel side.
    pub done: u32,
    /// As they have to be.
    pub from: SocketTimers,
    /// As they are to be.
    pub to: SocketTimers,
}

// SAFETY: repr(C), 12 * 4 bytes, no padding.
unsafe impl Record for TimerOrder {}

/// What [`TimerOrder::task`] may be.
pub mod timer_task {
    /// See whether the socket is still there.
    pub const LOOK: u32 = 0;
    /// Set them, unless the application has set times of keepalive.
    pub const FIRST: u32 = 1;
    /// Set them anew, or back: the times of keepalive are not the application's.
    pub const AGAIN: u32 = 2;
}

/// Bits of [`TimerOrder::done`].
pub mod timers_done {
    /// The socket is there, and established.
    pub const SEEN: u32 = 1 << 0;
    /// The timers of keepalive are set.
    pub const KEEPALIVE: u32 = 1 << 1;
    /// TCP_USER_TIMEOUT is set.
    pub const USER_TIMEOUT: u32 = 1 << 2;
    /// One of them was no longer as it had to be, and is left alone.
    pub const CHANGED: u32 = 1 << 3;
    /// The application has set times of keepalive of its own, and they are left alone.
    pub const OWN: u32 = 1 << 4;
    /// The kernel refused one of them; what was set before it is set back.
    pub const REFUSED: u32 = 1 << 5;
}
