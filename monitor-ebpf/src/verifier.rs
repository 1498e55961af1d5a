//! What is kept where the verifier does not look.
//!
//! The verifier follows a program along each way that its branches leave open. What it knows
//! of a register, or of a place on the stack, it carries along: where one of six things is
//! decided and acted on later, all that comes between and after is gone through six times.
//! Of what lies in a map's value or in the ring buffer it knows nothing. A value that is
//! written there and read back may be any, so all ways to it are one from there on.
//!
//! So what is decided early and asked late is kept [`Hidden`], with the suspect, with the
//! socket, in a map of this CPU or in the fact being written. Where there is no such place,
//! [`hidden`] makes a copy on the stack of which the verifier knows as little.

use crate::kernel::read;

/// A value in memory of which the verifier knows nothing: a map's, or the ring buffer's.
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct Hidden<T>(T);

impl<T: Copy> Hidden<T> {
    /// A byte or number that lies there, as one that is hidden.
    #[inline(always)]
    pub fn at(place: &mut T) -> &mut Self {
        // SAFETY: `Self` is laid out as a `T` (repr(transparent)).
        unsafe { &mut *(&raw mut *place).cast::<Self>() }
    }

    /// Writes it.
    #[inline(always)]
    pub fn put(&mut self, value: T) {
        // SAFETY: a value of one's own. Volatile, or the compiler would keep it in a
        // register too.
        unsafe { core::ptr::write_volatile(&raw mut self.0, value) };
    }

    /// Reads it back.
    #[inline(always)]
    pub fn get(&self) -> T {
        // SAFETY: as in `put`.
        unsafe { core::ptr::read_volatile(&raw const self.0) }
    }
}

/// A copy of a value of integers, as the kernel's guarded read gives it: the verifier knows
/// nothing of what that wrote.
#[inline(always)]
pub fn hidden<T: Copy>(value: &T) -> Option<T> {
    read(&raw const *value as u64)
}
