//! The task that acts on a socket, or holds it.

use crate::kernel::guarded;
use aya_ebpf::helpers::{bpf_get_current_comm, bpf_get_current_pid_tgid};
use core::ffi::c_void;

/// A process and the name of its task.
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
        Self {
            pid: (bpf_get_current_pid_tgid() >> 32) as u32,
            comm: bpf_get_current_comm().unwrap_or_default(),
        }
    }

    /// A task by its `struct task_struct *`.
    #[inline(always)]
    pub fn of(task: *const c_void) -> Self {
        Self {
            pid: guarded(task as u64, |offsets| &offsets.task_tgid),
            comm: guarded(task as u64, |offsets| &offsets.task_comm),
        }
    }
}
