//! The configuration that a story gives to `tcplull`.

use crate::network::block::Block;
use crate::simulated_middlebox::Clock;
use serde::Serialize;

/// Addresses that nobody has (TEST-NET-3, RFC 5737).
const NOBODY: &str = "203.0.113.0/24";

/// After how long trouble pages as a rule here, in seconds: the least that there is, so that stories stay short.
pub const PAGE_AFTER: u32 = 1;

/// One path, which covers both of the story's subnets and its loopback addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// The path's name.
    pub path: &'static str,
    /// Its idle timeout, in seconds.
    pub timeout: u32,
    /// What its middlebox takes for silence.
    pub clock: Clock,
    /// Whether it covers the story's hosts, or others that no story has.
    pub covers: bool,
    /// After how long trouble pages, in seconds.
    pub page_after: u32,
}

impl Configuration {
    /// What the file says besides its addresses.
    pub fn text(&self, block: &Block) -> String {
        let [client, server] = block.prefixes();
        // Named, so that what is not said of them is not for want of a path.
        let loopback = block.loopback();
        let remote = if self.covers {
            format!(r#""{client}", "{server}", "{loopback}/32""#)
        } else {
            format!(r#""{NOBODY}""#)
        };
        format!(
            r#"sweep_interval = "1s"
# However long a sweep takes on a busy machine: the scenarios count on one each second.
sweep_budget = 1.0
min_gap = "1s"
page_after = "{}s"

[[path]]
name = "{}"
remote = [{remote}]
timeout = "{}s"
clock = "{}"
"#,
            self.page_after,
            self.path,
            self.timeout,
            self.clock.word()
        )
    }
}

/// What the server is taken for, and what is said of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    /// The port that it accepts on.
    pub port: u16,
    /// What the path states of its dialogue, if anything.
    pub dialogue: Option<&'static str>,
    /// What it states of those who call this host, if anything.
    pub role: Option<&'static str>,
    /// Whether the path is for that port alone: then a crowd beside it has none, and the server's end has none either.
    pub alone: bool,
}

impl Service {
    /// What most stories have. It is PostgreSQL's port, by which `tcplull` knows that the client asks.
    pub const USUAL: Self = Self::at(5432);

    /// One at this port, of which nothing is stated.
    pub const fn at(port: u16) -> Self {
        Self {
            port,
            dialogue: None,
            role: None,
            alone: false,
        }
    }

    /// What the file says of it, after the rest of the path.
    pub fn text(&self) -> String {
        let dialogue = self
            .dialogue
            .map(|dialogue| format!("dialogue = \"{dialogue}\"\n"));
        let role = self.role.map(|role| format!("role = \"{role}\"\n"));
        let ports = self.alone.then(|| format!("ports = [{}]\n", self.port));
        [dialogue, role, ports].into_iter().flatten().collect()
    }
}
