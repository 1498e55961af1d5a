//! Gaps of a path, by their length.

use crate::Record;
use core::hint::black_box;

/// Upper bounds of a gap histogram's buckets, in ms; a gap of just this length is within. One more bucket takes what is
/// above the last.
///
/// Each usual idle timeout is a bound of its own: 60, 230, 240, 350, 600, 900, 1200, 3600 and 7200 s, 300 and 1800 s, and the
/// five days of Linux' conntrack. So what lies above `240` has outlived 240 s, to the ms, and no gap is split by a guess.
/// At 3/4 of each of the nine (or as near as another bound is) lies one more, for there a connection is at risk by default:
/// between the two are those that a somewhat quicker box would have lost.
pub const GAP_BOUNDS_MS: [u64; GAP_BUCKETS - 1] = [
    2_000,
    5_000,
    15_000,
    30_000,
    45_000,
    60_000,
    120_000,
    180_000,
    230_000,
    240_000,
    300_000,
    350_000,
    450_000,
    600_000,
    675_000,
    900_000,
    1_200_000,
    1_800_000,
    2_700_000,
    3_600_000,
    5_400_000,
    7_200_000,
    14_400_000,
    86_400_000,
    432_000_000,
];

/// Buckets of a gap histogram.
pub const GAP_BUCKETS: usize = 26;

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

/// The bounds from a power of two ms up to the next.
#[derive(Clone, Copy)]
struct Octave {
    /// How many lie below.
    below: u64,
    /// Those within, in ms; what is no bound is above every gap.
    within: [u64; MOST_WITHIN],
}

/// Bounds between a power of two and the next, at most.
const MOST_WITHIN: usize = 3;

/// By the power, of every number of ms. In memory, so that a program has a few bounds at hand and not all: of 25 constants
/// the compiler makes more than a program's stack holds.
static OCTAVES: [Octave; POWERS] = octaves();

/// Powers of two in 64 bits.
const POWERS: usize = 64;

const fn octaves() -> [Octave; POWERS] {
    let none = Octave {
        below: 0,
        within: [u64::MAX >> 1; MOST_WITHIN],
    };
    let mut octaves = [none; POWERS];
    let mut power = 0;
    while power < octaves.len() {
        let mut within = 0;
        let mut place = 0;
        while place < GAP_BOUNDS_MS.len() {
            let bound = GAP_BOUNDS_MS[place];
            if bound >> power == 1 {
                // One too many does not compile.
                octaves[power].within[within] = bound;
                within += 1;
            } else if bound >> power == 0 {
                octaves[power].below += 1;
            }
            place += 1;
        }
        power += 1;
    }
    octaves
}

impl GapHistogram {
    /// The bucket that takes a gap of so many ns.
    pub fn bucket(gap_ns: u64) -> usize {
        // Rounded up: a gap of a ns more than a bound is above it. No silence lasts for the 584 years that wrap.
        let gap_ms = gap_ns.wrapping_add(999_999) / 1_000_000;
        let power = (gap_ms | 1).ilog2() as usize;
        // That a power is below 64 the compiler knows and the verifier does not: it has to be said to both.
        let octave = &OCTAVES[black_box(power) % POWERS];
        // 1 where the gap is above a bound, by the sign of their difference: the verifier follows both ways of every
        // comparison, and this is none.
        let above = |bound: u64| bound.wrapping_sub(gap_ms) >> 63;
        let [one, two, three] = octave.within;
        (octave.below + above(one) + above(two) + above(three)) as usize
    }
}
