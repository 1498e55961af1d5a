//! What the API counts while it serves.

use std::sync::atomic::AtomicU64;

/// What the API counts while it serves.
#[derive(Debug, Default)]
pub struct ApiCounters {
    /// Clients of the inspection socket now.
    pub clients: AtomicU64,
    /// Clients turned away because there were too many, or too much that others had not read.
    pub refused: AtomicU64,
    /// Clients cut off because they took nothing of an answer for too long.
    pub cut: AtomicU64,
    /// Lists, and single connections, that a sweep was made for.
    pub lists_own: AtomicU64,
    /// Those that were told from a sweep for somebody else.
    pub lists_shared: AtomicU64,
    /// Findings that watching clients missed because they read too slowly.
    pub lagged: AtomicU64,
}
