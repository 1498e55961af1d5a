use aya_ebpf::macros::map;
use aya_ebpf::maps::PerCpuArray;
use monitor_common::Counter;

#[map]
static COUNTERS: PerCpuArray<u64> = PerCpuArray::with_max_entries(Counter::COUNT, 0);

/// Counts one up on this CPU.
#[inline(always)]
pub fn count(counter: Counter) {
    if let Some(slot) = COUNTERS.get_ptr_mut(counter as u32) {
        // SAFETY: the slot belongs to this CPU, and programs do not migrate. A
        // program that interrupts this one on the same CPU may lose a count of the
        // other only between load and store of one addition.
        unsafe { *slot += 1 };
    }
}
