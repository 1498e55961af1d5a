//! The task that acts on a socket, or holds it.

use crate::globals::offset;
use aya_ebpf::helpers::generated::{bpf_get_current_task, bpf_probe_read_kernel};
use core::ffi::c_void;
use core::mem::MaybeUninit;

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

    /// When this `struct task_struct *` began, CLOCK_MONOTONIC in ns. Of a sweep it is a process's first thread, or one with
    /// descriptors of its own.
    #[inline(always)]
    pub fn began_ns(task: *const c_void) -> u64 {
        member(task as u64, offset(|offsets| &offsets.task_start_time))
    }

    #[inline(always)]
    fn at(task: u64) -> Self {
        let leader: u64 = member(task, offset(|offsets| &offsets.task_group_leader));
        Self {
            pid: member(task, offset(|offsets| &offsets.task_tgid)),
            comm: member(leader, offset(|offsets| &offsets.task_comm)),
        }
    }
}

/// Reads a member of a task, or zeros where nothing can be read, without a branch for that: each would double what the
/// verifier walks from here on. Every kernel has these members.
#[inline(always)]
fn member<T: Copy>(task: u64, at: u32) -> T {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: a guarded read of so many bytes into a value of that size; on a bad address the helper writes zeros.
    unsafe {
        bpf_probe_read_kernel(
            value.as_mut_ptr().cast(),
            size_of::<T>() as u32,
            task.wrapping_add(u64::from(at)) as *const c_void,
        );
    }
    // SAFETY: `T` is an integer, or an array of them: zero is a value, and so is what was read.
    unsafe { value.assume_init() }
}
