//! What a sweep writes out of one socket.

use crate::bytes::Record;
use crate::fact::Fact;

/// A process is new for so long after it began, in ns: from fork to exec it takes milliseconds, on a machine that starves
/// seconds. What a new one holds may be a copy that it lets go of with exec.
pub const NEW_PROCESS_NS: u64 = 10_000_000_000;

/// A socket, and the process that the sweep saw it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct SweptSocket {
    /// The socket, with that process's number and name.
    pub fact: Fact,
    /// When the process began, CLOCK_MONOTONIC in ns (`task_struct.start_time`); 0 if unknown.
    pub process_began_ns: u64,
}

// SAFETY: repr(C), made of a record and an integer; the assertion below holds it free of padding.
unsafe impl Record for SweptSocket {}

impl SweptSocket {
    /// Whether the process was new when the sweep saw it.
    pub const fn of_new_process(&self) -> bool {
        is_new(self.process_began_ns, self.fact.time_ns) != 0
    }
}

/// 1 if a process that began at `began_ns` is new at `now_ns`, else 0; without a branch, which the verifier would follow.
#[inline(always)]
pub const fn is_new(began_ns: u64, now_ns: u64) -> u32 {
    (now_ns.wrapping_sub(began_ns).wrapping_sub(NEW_PROCESS_NS) >> 63) as u32
}

const _: () = assert!(size_of::<SweptSocket>() == size_of::<Fact>() + 8);
