//! Locks that outlive a panic.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Core and sweeper are whole between any two calls, also after a panic in one of them.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
