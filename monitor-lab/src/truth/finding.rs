//! What `tcplull` prints, as its users' scripts read it. The testbed keeps its
//! own reading of the contract: a field that is missing or of another type is
//! a difference, not a thing to work around.

use serde::{Deserialize, Serialize};

/// One line of `tcplull watch --json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// RFC 3339.
    pub time: String,
    /// `at_risk`, `crossed`, `outcome` or `stall`.
    pub kind: String,
    /// Which outcome, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The cause, where it is a stall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// `observed`, `suspected` or `proven`.
    pub certainty: String,
    /// `none`, `ticket` or `page`.
    pub severity: String,
    /// `peer_or_network`, where it reaches beyond the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The silence, in seconds.
    pub gap_seconds: f64,
    /// The path's timeout, in seconds.
    pub timeout_seconds: Option<f64>,
    /// The path.
    pub path: Option<String>,
    /// `packets` or `payload`.
    pub clock: String,
    /// The connection.
    pub connection: Connection,
    /// Who holds it.
    pub owner: Owner,
    /// The facts it rests on.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub advice: Option<String>,
    /// One line for people.
    pub summary: String,
}

impl Finding {
    /// What it concludes: an outcome's name or a stall's, else the kind.
    pub fn conclusion(&self) -> String {
        match (&self.outcome, &self.cause) {
            (Some(outcome), _) => outcome.clone(),
            (None, Some(cause)) => format!("stall/{cause}"),
            (None, None) => self.kind.clone(),
        }
    }

    /// What its evidence shows of a fact, which may be there several times.
    pub fn values<'a>(&'a self, fact: &str) -> impl Iterator<Item = &'a serde_json::Value> {
        let all = self.evidence.iter();
        all.filter(move |evidence| evidence.fact == fact)
            .map(|evidence| &evidence.value)
    }
}

/// A connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Unique on the host.
    pub id: String,
    /// The same at both ends.
    pub flow_id: String,
    /// `ipv4` or `ipv6`.
    pub family: String,
    /// Local address and port.
    pub local: String,
    /// Remote address and port.
    pub remote: String,
    /// Inode of the network namespace.
    pub netns: u64,
    /// `client`, `server` or `unknown`.
    pub role: String,
}

/// Who holds a connection. The rest of it (container, pod) the testbed has no truth about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// Process id.
    pub pid: Option<u32>,
    /// Name of the process.
    pub comm: Option<String>,
    /// The systemd unit that the testbed itself was started in, if any.
    pub unit: Option<String>,
    /// The path of its control group.
    #[serde(default)]
    pub cgroup: Option<String>,
}

/// One fact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// What was measured.
    pub fact: String,
    /// How much.
    pub value: serde_json::Value,
}

/// One line of `tcplull alerts --json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// What it is about: a conclusion's word.
    pub name: String,
    /// `ticket` or `page`.
    pub severity: String,
    /// `pending`, `firing` or `over`.
    pub state: String,
    /// The path.
    pub path: Option<String>,
    /// The owner's systemd unit, else the name of its process.
    pub owner: Option<String>,
    /// How many connections are in trouble now.
    pub connections: u64,
    /// How many were since it began; of `interrupted`, how often trouble mended.
    pub count: u64,
    /// When it began, RFC 3339.
    pub since: String,
    /// When it began to fire.
    pub fired: Option<String>,
    /// When it was over.
    pub ended: Option<String>,
    /// One line for people.
    pub summary: String,
    /// The id of one of the connections.
    pub example: String,
}

/// One line of `tcplull ls --json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// The connection.
    pub connection: Connection,
    /// Who holds it.
    pub owner: Owner,
    /// Its TCP state.
    pub state: String,
    /// Seconds since application data last moved.
    pub payload_idle_seconds: f64,
    /// Seconds since any segment moved.
    pub packet_idle_seconds: f64,
    /// The path.
    pub path: Option<String>,
    /// The path's timeout, in seconds.
    pub timeout_seconds: Option<f64>,
    /// The socket's keepalive settings.
    pub keepalive: Keepalive,
    /// `ok`, `at_risk`, `crossed` or `stalled`.
    pub silence: String,
}

/// The keepalive settings that a socket has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keepalive {
    /// Whether it is on.
    pub enabled: bool,
    /// Seconds before the first probe.
    pub time_seconds: Option<f64>,
    /// Seconds between probes.
    pub interval_seconds: Option<f64>,
}
