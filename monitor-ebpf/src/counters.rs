//! Numbers that programs count up, read by user space.

use aya_ebpf::macros::map;
use aya_ebpf::maps::PerCpuArray;
use monitor_common::Counter;

#[map]
static COUNTERS: PerCpuArray<u64> = PerCpuArray::with_max_entries(Counter::COUNT, 0);

/// Counts one up on this CPU.
#[inline(always)]
pub fn count(counter: Counter) {
    if let Some(slot) = COUNTERS.get_ptr_mut(counter as u32) {
        add(slot, 1);
    }
}

/// Takes one back that was counted on this CPU just now.
#[inline(always)]
pub fn uncount(counter: Counter) {
    if let Some(slot) = COUNTERS.get_ptr_mut(counter as u32) {
        add(slot, u64::MAX);
    }
}

/// Adds to a number in a map, in one atomic instruction: the receive hook may interrupt the
/// send hook on the same CPU, and what that one counts must not get lost.
#[inline(always)]
pub fn add(slot: *mut u64, number: u64) {
    // `AtomicU64::fetch_add` does not exist for this target, which has no compare-and-swap
    // before its third version. This instruction has existed from the start.
    #[cfg(target_arch = "bpf")]
    // SAFETY: an aligned slot of a map's value, which lives as long as the program
    // runs; the verifier checks the address.
    unsafe {
        core::arch::asm!(
            "lock *(u64 *)({slot} + 0) += {number}",
            slot = in(reg) slot,
            number = in(reg) number,
        );
    }
    // Only lints are run for another target.
    #[cfg(not(target_arch = "bpf"))]
    let _ = (slot, number);
}
