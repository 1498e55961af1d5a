//! Which path and rules would apply to a connection, and why: what `tcplull explain` says.

use crate::finding::{Clock, Severity};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What would apply to a connection between two addresses, by the configuration that lies there. Whether there is one, and
/// how its packets are routed, is not looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// This host's end, as address, or address and port.
    pub local: String,
    /// The other end, likewise.
    pub remote: String,
    /// The path that would apply; `None` if none would.
    pub path: Option<ExplainedPath>,
    /// Why that one, or why none, in words.
    pub why: String,
    /// Paths that have the address as well and do not apply, the one that comes nearest first.
    pub others: Vec<OtherPath>,
    /// How many paths do not have the address at all.
    pub elsewhere: usize,
    /// The section of the documentation with the settings of the service at the port.
    pub settings: String,
}

/// The path that applies, and what its rules come to now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedPath {
    /// Its name.
    pub name: String,
    /// Where it stands: file and line, or the flag that made it.
    pub place: String,
    /// The prefix of it that has the remote address.
    pub prefix: String,
    /// The remote port that it names; `None` where it is for all ports.
    pub port: Option<u16>,
    /// It applies only where the route to the remote address has a gateway: its prefix is /0, and a peer on this link
    /// passes no middlebox.
    pub only_behind_gateway: bool,
    /// Its idle timeout, in seconds.
    #[schemars(range(min = 0.0))]
    pub timeout_seconds: f64,
    /// From this silence on a connection is at risk there, in seconds.
    #[schemars(range(min = 0.0))]
    pub warn_seconds: f64,
    /// What ends a silence there.
    pub clock: Clock,
    /// Whether somebody stated the timeout; `false` for a guess, whose crossings alert nobody.
    pub stated: bool,
    /// With keepalive probes that begin after so many seconds at most it is kept alive; `None` where probes do not count.
    #[schemars(range(min = 0.0))]
    pub keepalive_seconds: Option<f64>,
    /// What the daemon sets on sockets there that have no timers of their own, in words (`[path.heal]`); `None` for nothing.
    #[serde(default)]
    pub heal: Option<String>,
    /// The most that a finding there wakes now.
    pub severity: Severity,
    /// Nobody is woken by it now, for it is ignored.
    pub ignored: bool,
    /// Until when it is ignored, or was; `None` where no end is written.
    pub ignored_until: Option<Timestamp>,
    /// Who is to be told of its alerts: their label `path_owner`; `None` where nobody is named.
    pub path_owner: Option<String>,
}

/// A path that has the address and does not apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OtherPath {
    /// Its name.
    pub name: String,
    /// Where it stands: file and line, or the flag that made it.
    pub place: String,
    /// Its longest prefix that has the remote address.
    pub prefix: String,
    /// Why it does not apply.
    pub lost: Lost,
}

/// Why a path does not apply that has the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The prefix of the one that applies is longer.
    ShorterPrefix,
    /// The one that applies has a prefix as long, and names the port.
    AllPorts,
    /// It is for other ports.
    OtherPort,
    /// It is for ports that it names, and none was given.
    NoPortGiven,
}
