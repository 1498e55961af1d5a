//! Gaps of a path, by their length.

use crate::Record;

/// Buckets of a gap histogram: bucket `i` counts gaps of `2^i` up to
/// `2^(i+1)` seconds; the last takes everything above (from about 36 hours on).
pub const GAP_BUCKETS: usize = 18;

/// Gaps past `min_gap` seen on one path by one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct GapHistogram {
    /// Gaps counted, by bucket.
    pub buckets: [u64; GAP_BUCKETS],
    /// Sum of all gaps in ms.
    pub sum_ms: u64,
}

// SAFETY: repr(C), u64 only, so without padding.
unsafe impl Record for GapHistogram {}

impl GapHistogram {
    /// The bucket that takes a gap of so many ns. Gaps below one second share
    /// the first.
    pub const fn bucket(gap_ns: u64) -> usize {
        let seconds = gap_ns / 1_000_000_000;
        if seconds == 0 {
            return 0;
        }
        let power = seconds.ilog2() as usize;
        if power < GAP_BUCKETS {
            power
        } else {
            GAP_BUCKETS - 1
        }
    }
}
