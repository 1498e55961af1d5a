//! Which connections the last sweep found to wait for a reply: the next one shows them again, whether or not they still
//! do, because how long an answer took is known only who sees that it came. One bit each, by the connection's hash:
//! nothing is kept with a socket, and nothing has to be let go of. Another connection with the same bit is shown as a
//! sample that nobody asked for.

use aya_ebpf::macros::map;
use aya_ebpf::maps::Array;
use core::ptr;
use monitor_common::{AWAITED_BITS, Awaited};

/// Those of the last sweep, and those of the present one: [`monitor_common::SweepOrder::awaited`] says which is which.
#[map]
static AWAITED: Array<Awaited> = Array::with_max_entries(2, 0);

/// By how much a hash is shifted to have [`AWAITED_BITS`] left: the upper bits, which no sample goes by.
const SHIFT: u32 = u32::BITS - AWAITED_BITS;

/// Whether the connection with this hash was found to wait by the sweep that wrote down this one of the two.
#[inline(always)]
pub fn was(of: u32, hash: u32) -> bool {
    let Some(awaited) = AWAITED.get_ptr(of) else {
        return false;
    };
    // SAFETY: a word of the map's value: 12 bits choose one of 4,096. Volatile, as the sweep itself changes the other of
    // the two.
    let word = unsafe { ptr::read_volatile(awaited.cast::<u64>().wrapping_add(word(hash))) };
    word >> bit(hash) & 1 != 0
}

/// Notes, if it `waits`, that the connection with this hash does.
#[inline(always)]
pub fn note(of: u32, hash: u32, waits: bool) {
    let Some(awaited) = AWAITED.get_ptr_mut(of) else {
        return;
    };
    let word = awaited.cast::<u64>().wrapping_add(word(hash));
    // SAFETY: as in `was`; user space runs one sweep of a load at a time, and so nobody else writes.
    unsafe {
        ptr::write_volatile(
            word,
            ptr::read_volatile(word) | u64::from(waits) << bit(hash),
        )
    };
}

/// Which word of the value holds the hash's bit.
#[inline(always)]
fn word(hash: u32) -> usize {
    (hash >> SHIFT >> 6) as usize
}

/// Which bit of that word it is.
#[inline(always)]
fn bit(hash: u32) -> u32 {
    hash >> SHIFT & 63
}
