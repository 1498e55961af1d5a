//! The configuration that a story gives to `tcplull`.

use crate::network::block::Block;
use crate::simulated_middlebox::Clock;
use serde::Serialize;

/// One path that covers both of the story's subnets, and its loopback addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// The path's name.
    pub path: &'static str,
    /// Its idle timeout, in seconds.
    pub timeout: u32,
    /// What its middlebox takes for silence.
    pub clock: Clock,
}

impl Configuration {
    /// What the file says besides its addresses.
    pub fn text(&self, block: &Block) -> String {
        let [client, server] = block.prefixes();
        // Named, so that what is not said of them is not for want of a path.
        let loopback = block.loopback();
        format!(
            r#"sweep_interval = "1s"
min_gap = "1s"

[[path]]
name = "{}"
remote = ["{client}", "{server}", "{loopback}/32"]
timeout = "{}s"
clock = "{}"
"#,
            self.path,
            self.timeout,
            self.clock.word()
        )
    }
}
