//! What user space sets for the kernel side: once before the load, and before each sweep.

use crate::Record;

/// Size of the ring of facts in bytes, unless user space sets another before the
/// load: some 5,800 facts.
pub const RING_BYTES: u32 = 2 << 20;

/// What the sweep writes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SweepMode {
    /// Sockets at risk, crossed or stalled.
    Findings = 0,
    /// Every connection (for `tcplull ls`).
    All = 1,
}

/// What is done with sockets whose silence has passed its threshold, or will have passed it
/// before the next sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SilentSockets {
    /// Nothing.
    Ignored = 0,
    /// They are watched from then on by their callbacks.
    Watched = 1,
    /// They are counted ([`crate::Counter::SweepSilent`]): while there are none, the hook on
    /// received segments is switched off.
    Counted = 2,
    /// A snapshot of them is kept, by which it is told later what came since.
    Kept = 3,
}

/// What user space asks of the next sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SweepOrder {
    /// A [`SweepMode`] as its number.
    pub mode: u32,
    /// A power of two less one. Of the connections not on loopback, one in `sample_mask + 1`
    /// is shown as a sample: those whose hash has these bits equal to `sample_turn`.
    pub sample_mask: u32,
    /// Which of them are due, below `sample_mask + 1`. It goes up by one with each sweep, so
    /// that every connection has its turn.
    pub sample_turn: u32,
    /// A [`SilentSockets`] as its number.
    pub silent: u32,
    /// In how many ns the next sweep has come by at the latest: a socket counts as silent if its silence passes its
    /// threshold before, and is shown if it comes to its timeout before. Below 2^62.
    pub ahead_ns: u64,
    /// The least threshold of any path, or without a path, in ns: for a socket that has been
    /// silent for less the path is not looked up.
    pub least_threshold_ns: u64,
    /// Which sweep of this load it is, from 1.
    pub sweep: u64,
}

// SAFETY: repr(C), four u32 and three u64, no padding.
unsafe impl Record for SweepOrder {}

/// Bits of a connection's hash by which it is known again among those that wait: of a thousand others that wait one in
/// 262 has the same.
pub const AWAITED_BITS: u32 = 18;

/// The connections that one sweep found to wait for a reply, a bit each, by their hash.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Awaited {
    /// All of them.
    pub words: [u64; 1 << AWAITED_BITS >> 6],
}

// SAFETY: repr(C), integers of one size only.
unsafe impl Record for Awaited {}

impl Awaited {
    /// None.
    pub const NONE: Self = Self {
        words: [0; 1 << AWAITED_BITS >> 6],
    };
}

/// What a sweep is told by user space, and by the sweep before.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct SweepOrders {
    /// By user space.
    pub order: SweepOrder,
    /// Those that the last sweep found to wait: they are shown again.
    pub last: Awaited,
    /// Those that this one finds.
    pub now: Awaited,
}

// SAFETY: repr(C), of records that are each a multiple of 8 bytes, no padding.
unsafe impl Record for SweepOrders {}

/// Constants of a load, set as read-only globals before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Settings {
    /// Silences below this are no gaps, in jiffies; at least 1. The first member, because every
    /// healthy segment reads it: see [`crate::Offsets`].
    pub min_gap_jiffies: u32,
    /// Length of a jiffy in ns (HZ is not in BTF: it is measured before the load).
    pub jiffy_ns: u32,
    /// The same as `min_gap_jiffies` in ns.
    pub min_gap_ns: u64,
    /// A suspect without trouble is let go so many ns after its gap.
    pub probation_ns: u64,
    /// Facts of one suspicion, at most; the end of a connection is always emitted.
    pub fact_budget: u32,
    /// 1 where the tracepoint `tcp_retransmit_skb` has a third argument, the error
    /// of the transmission (newer kernels), else 0.
    pub retransmit_has_err: u32,
    /// Bits of [`crate::scope_kinds`]: what limits the connections that are told of. 0 for nothing: then the verifier
    /// drops all that a scope costs.
    pub scope: u32,
    /// Always zero.
    pub reserved: u32,
}

// SAFETY: repr(C), 4 + 4 + 8 + 8 + 4 * 4 bytes, no padding.
unsafe impl Record for Settings {}
