//! What outlives the daemon: alerts as plain values.

use super::over::Ended;
use super::parts::{Moment, State};
use monitor_model::finding::Severity;
use serde::{Deserialize, Serialize};

/// Alerts that are saved, at most: pages and what fires go first. Those beyond begin anew after a restart.
pub(super) const MOST_ALERTS: usize = 512;

/// Connections that are saved of all alerts, at most: with [`MOST_ALERTS`] the text stays well below 1 MB.
pub(super) const MOST_PARTS: usize = 4_096;

/// And of one alert: a few suffice to go on with its clock.
pub(super) const MOST_PARTS_OF_ONE: usize = 256;

/// Alerts as they are saved. All times are CLOCK_MONOTONIC in ns, which hold until the host boots again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub(super) alerts: Vec<SavedAlert>,
    pub(super) over: Vec<Ended>,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedAlert {
    pub(super) name: String,
    pub(super) severity: Severity,
    pub(super) path: String,
    pub(super) owner: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) path_owner: Option<String>,
    pub(super) holder: String,
    pub(super) at_once: bool,
    pub(super) since: Moment,
    pub(super) from: Moment,
    pub(super) fired_ns: Option<u64>,
    pub(super) count: u64,
    pub(super) mended: bool,
    pub(super) left_ns: u64,
    pub(super) held_until_ns: u64,
    pub(super) summary: String,
    pub(super) example: String,
    /// Missing in files of older daemons.
    #[serde(default)]
    pub(super) lost: Option<String>,
    pub(super) parts: Vec<SavedPart>,
}

/// One connection of an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedPart {
    /// The hash of its id, hexadecimal.
    pub(super) connection: String,
    pub(super) name: String,
    pub(super) since: Moment,
    pub(super) state: State,
    /// How severe it is without the rules of its path, where that is not its alert's severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) worth: Option<Severity>,
    /// The hash of its path's name, hexadecimal, where that is not its alert's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
}
