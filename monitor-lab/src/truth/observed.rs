//! What `tcplull` said in one run.

use super::{Alert, Finding, Listed};
use crate::ends::{Addresses, End};
use crate::network::block::Block;
use crate::timeline::{Entry, Happened};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Instant;

/// A finding about this run's network.
#[derive(Clone, Debug, Serialize)]
pub struct ObservedFinding {
    /// Seconds since the connection was made.
    pub at_seconds: f64,
    /// Whose connection it is about; `None` for one that the story does not have.
    pub end: Option<End>,
    /// Which of the story's connections, in the order in which they were made.
    pub on: usize,
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
}

/// Who really holds an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Inode of its network namespace.
    pub netns: u64,
}

/// The greatest value seen of a series that the truth names.
#[derive(Clone, Debug, Serialize)]
pub struct Reading {
    /// The series, as the truth names it.
    pub series: String,
    /// Its value; `None` if it does not exist.
    pub value: Option<f64>,
}

/// All that `tcplull` said. What was not read in a story is `None`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Observed {
    /// Findings about this run's network, in order.
    pub findings: Vec<ObservedFinding>,
    /// By how much a busy machine stretched, at most, what the story meant to last, in seconds.
    pub stretched_seconds: f64,
    /// The control group that the client really was in, if it had one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<String>,
    /// Who really held the client's end and the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holders: Option<[Holder; 2]>,
    /// What was firing in the silence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts_in_silence: Option<Vec<Alert>>,
    /// What was firing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Vec<Alert>>,
    /// What `/metrics` showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<Reading>>,
    /// What `ls` showed of each end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing: Option<Vec<(End, Option<Listed>)>>,
    /// Lines of `watch` that are no findings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

impl Observed {
    /// Findings about connections that the story does not have.
    pub(super) fn strangers(&self) -> impl Iterator<Item = &Finding> {
        let strangers = self.findings.iter().filter(|one| one.end.is_none());
        strangers.map(|one| &one.finding)
    }

    /// Takes in what `watch` printed since `start`. Findings about addresses
    /// outside `block` belong to somebody else on this machine and are left out.
    pub fn take_in(
        &mut self,
        entries: &[Entry],
        start: Instant,
        addresses: &Addresses,
        block: &Block,
    ) {
        for entry in entries {
            match &entry.what {
                Happened::Finding(finding) if ours(finding, block) => {
                    let connection = &finding.connection;
                    let known = addresses.find(&connection.local, &connection.remote);
                    self.findings.push(ObservedFinding {
                        at_seconds: entry.at.saturating_duration_since(start).as_secs_f64(),
                        end: known.map(|(end, _)| end),
                        on: known.map_or(0, |(_, on)| on),
                        finding: (**finding).clone(),
                    });
                }
                Happened::Unreadable(line) => self.unreadable.push(line.clone()),
                _ => {}
            }
        }
    }
}

fn ours(finding: &Finding, block: &Block) -> bool {
    [&finding.connection.local, &finding.connection.remote]
        .into_iter()
        .filter_map(|address| address.parse::<SocketAddr>().ok())
        .any(|address| block.contains(address.ip()) || address.ip() == block.loopback())
}
