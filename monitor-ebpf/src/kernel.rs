//! The kernel's clocks, and how kernel memory other than a socket's is read.

use crate::globals::offset;
use aya_ebpf::EbpfContext;
use aya_ebpf::helpers::bpf_probe_read_kernel;
use aya_ebpf::helpers::generated::{bpf_jiffies64, bpf_ktime_get_ns};
use core::ffi::c_void;
use monitor_common::{MISSING, Offsets};

/// `jiffies`, low 32 bits, as TCP keeps its times (`tcp_jiffies32`).
#[inline(always)]
pub fn jiffies() -> u32 {
    // SAFETY: the helper takes nothing and has no failure.
    unsafe { bpf_jiffies64() as u32 }
}

/// CLOCK_MONOTONIC in ns, the clock of `tcp_clock_cache`.
#[inline(always)]
pub fn now_ns() -> u64 {
    // SAFETY: the helper takes nothing and has no failure.
    unsafe { bpf_ktime_get_ns() }
}

/// Loads a pointer-sized member of a structure that the verifier knows, such as
/// an iterator's context.
#[inline(always)]
pub fn pointer_at(base: *const c_void, byte_offset: usize) -> *const c_void {
    let at = base.wrapping_byte_add(byte_offset).cast::<*const c_void>();
    // SAFETY: the verifier knows the structure and refuses a bad offset.
    unsafe { core::ptr::read_volatile(at) }
}

/// The `n`th argument, a pointer, of a BTF tracepoint or fentry program: the
/// context of both is an array of words.
#[inline(always)]
pub fn pointer_argument(context: &impl EbpfContext, n: usize) -> *const c_void {
    pointer_at(context.as_ptr(), n * size_of::<u64>())
}

/// Reads a member through a pointer that the verifier does not follow; zero if this kernel
/// has no such member, or nothing can be read there.
#[inline(always)]
pub fn guarded<T: Copy>(base: u64, member: fn(&Offsets) -> &u32) -> T {
    let member = offset(member);
    if base == 0 || member == MISSING {
        // SAFETY: only integers and arrays of them are read: zero is a value.
        return unsafe { core::mem::zeroed() };
    }
    match read(base.wrapping_add(u64::from(member))) {
        Some(value) => value,
        // SAFETY: as above.
        None => unsafe { core::mem::zeroed() },
    }
}

/// Reads at an address that the verifier does not follow; `None` if nothing can be read
/// there. `T` is made of integers.
#[inline(always)]
pub fn read<T: Copy>(address: u64) -> Option<T> {
    // SAFETY: a guarded read: a bad address gives an error.
    unsafe { bpf_probe_read_kernel(address as *const T) }.ok()
}
