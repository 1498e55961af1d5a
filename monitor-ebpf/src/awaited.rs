//! Which connections the last sweep found to wait for a reply: the next one shows them again, whether or not they still
//! do, because how long an answer took is known only who sees that it came. One bit each, by the connection's hash:
//! nothing is kept with a socket, and nothing has to be let go of. Another connection with the same bit is shown as a
//! sample that nobody asked for.

use core::ptr;
use monitor_common::{AWAITED_BITS, Awaited};

/// By how much a hash is shifted to have [`AWAITED_BITS`] left: the upper bits, which no sample goes by.
const SHIFT: u32 = u32::BITS - AWAITED_BITS;

/// 1 if the connection with this hash is one of these, which lie in a map's value, else 0. A number and no `bool`, here and
/// in [`note`], so that the verifier has no branch to walk twice.
#[inline(always)]
pub fn has(these: *const Awaited, hash: u32) -> u32 {
    // SAFETY: a word of the map's value: 12 bits choose one of 4,096. Volatile, as a sweep changes others in it.
    let word = unsafe { ptr::read_volatile(these.cast::<u64>().wrapping_add(word(hash))) };
    (word >> bit(hash)) as u32 & 1
}

/// Makes the connection with this hash one of these, if it `waits` (1, else 0).
#[inline(always)]
pub fn note(these: *mut Awaited, hash: u32, waits: u32) {
    let word = these.cast::<u64>().wrapping_add(word(hash));
    // SAFETY: as in `has`.
    let before = unsafe { ptr::read_volatile(word) };
    // SAFETY: the same word; user space runs one sweep of a load at a time, and so nobody else writes.
    unsafe { ptr::write_volatile(word, before | u64::from(waits) << bit(hash)) };
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
