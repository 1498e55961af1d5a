//! What the ends of a load, and whoever watches them, have in common.

use std::io;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

/// The longest that one exchange may take: then the load is broken.
pub const STUCK: Duration = Duration::from_secs(10);

/// What both ends share with whoever watches them.
#[derive(Debug, Default)]
pub struct Shared {
    /// What is done so far, in the kind's unit.
    pub done: AtomicU64,
    /// Whether it may run.
    pub running: AtomicBool,
    /// Whether it is to end.
    pub stopped: AtomicBool,
}

/// Makes a connection send at once, and give up in time.
pub fn ready(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(STUCK))
}
