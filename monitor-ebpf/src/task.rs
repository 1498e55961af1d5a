//! The task that acts on a socket, or holds it.

use crate::kernel::guarded;
use aya_ebpf::helpers::generated::bpf_get_current_task;
use core::ffi::c_void;

/// A process and its name: that of its first thread, whichever of them acts. Threads have names of their own, and are no
/// owners.
#[derive(Clone, Copy)]
pub struct Task {
    pub pid: u32,
    pub comm: [u8; 16],
}

impl Task {
    /// The task that runs now. Only for a hook that runs on an application's behalf: in a
    /// softirq it is whatever task was interrupted.
    #[inline(always)]
    pub fn current() -> Self {
        // SAFETY: the helper takes nothing and has no failure.
        Self::at(unsafe { bpf_get_current_task() })
    }

    /// A task by its `struct task_struct *`.
    #[inline(always)]
    pub fn of(task: *const c_void) -> Self {
        Self::at(task as u64)
    }

    #[inline(always)]
    fn at(task: u64) -> Self {
        Self {
            pid: guarded(task, |offsets| &offsets.task_tgid),
            comm: guarded(
                guarded(task, |offsets| &offsets.task_group_leader),
                |offsets| &offsets.task_comm,
            ),
        }
    }
}
