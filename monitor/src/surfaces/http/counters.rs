//! What the HTTP server counts.

use super::rooms::Rooms;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the server counts.
#[derive(Debug, Default)]
pub struct HttpCounters {
    pub(super) rooms: Rooms,
    pub(super) hosts_refused: AtomicU64,
}

impl HttpCounters {
    /// Connections cut, by the room that they were in and why.
    pub fn cut(&self) -> impl Iterator<Item = ([&'static str; 2], u64)> {
        self.rooms.cut()
    }

    /// Requests for a name that this host is not known by.
    pub fn hosts_refused(&self) -> u64 {
        self.hosts_refused.load(Ordering::Relaxed)
    }
}
