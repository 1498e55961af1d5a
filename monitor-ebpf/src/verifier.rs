//! Values kept where the verifier does not look.
//!
//! The verifier walks a program along every path that the branches allow. It keeps what it
//! knows of each register and of each place on the stack, and as long as two paths differ in
//! that, it walks both. If a program decides between six cases in one place and acts on the
//! case in another, all code in between and after is walked six times.
//!
//! Of the bytes in a map's value or in the ring buffer the verifier knows nothing. A value
//! that is written there and read back may be anything, so from there on all paths are one.
//! Hence what is decided in one place and needed in another is kept [`Hidden`]: with the
//! suspect, with the socket, in a map of this CPU's, or in the fact that is being written.
//! Where there is no such place, [`hidden`] makes a copy on the stack of which the verifier
//! knows as little.

use crate::kernel::read;

/// A value in memory of which the verifier knows nothing: a map's, or the ring buffer's.
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct Hidden<T>(T);

impl<T: Copy> Hidden<T> {
    /// Takes a value that lies in such memory for a hidden one.
    #[inline(always)]
    pub fn at(place: &mut T) -> &mut Self {
        // SAFETY: `Self` is laid out as a `T` (repr(transparent)).
        unsafe { &mut *(&raw mut *place).cast::<Self>() }
    }

    /// Writes the value.
    #[inline(always)]
    pub fn put(&mut self, value: T) {
        // SAFETY: a reference is valid. Volatile, or the compiler would keep the value in a
        // register as well.
        unsafe { core::ptr::write_volatile(&raw mut self.0, value) };
    }

    /// Reads it back.
    #[inline(always)]
    pub fn get(&self) -> T {
        // SAFETY: as in `put`.
        unsafe { core::ptr::read_volatile(&raw const self.0) }
    }
}

/// Copies a value that is made of integers by the kernel's guarded read: the verifier knows
/// nothing of what that writes.
#[inline(always)]
pub fn hidden<T: Copy>(value: &T) -> Option<T> {
    read(&raw const *value as u64)
}
