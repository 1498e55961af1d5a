//! Servers that live as long as a test.

use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Nothing takes so long but what waits for something that does not come.
pub const BOUND: Duration = Duration::from_secs(60);

/// What both ends run in.
pub fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}
