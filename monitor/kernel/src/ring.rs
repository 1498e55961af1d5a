//! Facts as they come.

use crate::pod::read_records;
use aya::maps::{MapData, RingBuf};
use monitor_common::Fact;
use std::os::fd::{AsRawFd, RawFd};

/// What the kernel puts before each record, in bytes (`BPF_RINGBUF_HDR_SZ`).
const HEADER: usize = 8;

/// The reading end of the ring. Its descriptor is readable while facts wait.
pub struct FactRing {
    ring: RingBuf<MapData>,
    bytes: u64,
}

impl FactRing {
    pub(crate) fn new(ring: RingBuf<MapData>, bytes: u64) -> Self {
        Self { ring, bytes }
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Facts that it holds at most.
    pub fn holds(&self) -> usize {
        usize::try_from(self.bytes).unwrap_or(usize::MAX) / (HEADER + size_of::<Fact>())
    }

    /// Hands over up to `limit` facts; answers how many there were. A record of a
    /// wrong size is passed over: a build whose halves do not fit together.
    pub fn drain(&mut self, limit: usize, mut take: impl FnMut(&Fact)) -> usize {
        let mut taken = 0;
        while taken < limit {
            let Some(item) = self.ring.next() else {
                break;
            };
            if let Some(fact) = read_records::<Fact>(&item).next() {
                take(&fact);
            }
            taken += 1;
        }
        taken
    }
}

impl AsRawFd for FactRing {
    fn as_raw_fd(&self) -> RawFd {
        self.ring.as_raw_fd()
    }
}
