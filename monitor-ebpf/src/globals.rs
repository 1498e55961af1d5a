//! Read-only globals that user space sets before the load. The map behind them is frozen, so
//! the verifier knows their values and drops the branches that they rule out.

use monitor_common::{Offsets, Settings};

#[unsafe(no_mangle)]
static OFFSETS: Offsets = {
    // SAFETY: every bit pattern is a valid `Offsets` (it is a `Record`).
    unsafe { core::mem::zeroed() }
};

#[unsafe(no_mangle)]
static SETTINGS: Settings = {
    // SAFETY: every bit pattern is a valid `Settings` (it is a `Record`).
    unsafe { core::mem::zeroed() }
};

/// The offsets of this kernel's structure members. Copy out single members only.
#[inline(always)]
pub fn offset(pick: fn(&Offsets) -> &u32) -> u32 {
    // SAFETY: a valid, aligned static. Volatile, because the compiler must not
    // fold in the zeros that stand here before the load.
    unsafe { core::ptr::read_volatile(pick(&OFFSETS)) }
}

/// One setting of this load.
#[inline(always)]
pub fn setting<T: Copy>(pick: fn(&Settings) -> &T) -> T {
    // SAFETY: a valid, aligned static; volatile for the reason given above.
    unsafe { core::ptr::read_volatile(pick(&SETTINGS)) }
}
