//! What users read, as types: findings with their outcomes, causes and evidence, alerts, connections in lists, owners,
//! how numbers and names are written for people, and where the documentation has more. Nothing here concludes anything.

#[macro_use]
mod listed;

pub mod agent;
pub mod alert;
pub mod api;
mod cause;
pub mod detail;
pub mod evidence;
pub mod explained;
pub mod finding;
pub mod format;
pub mod gaps;
pub mod histogram;
pub mod learned;
pub mod listing;
mod lost;
mod outcome;
pub mod owner;
pub mod path_state;
pub mod probe;
pub mod report;
pub mod settings;
pub mod snapshot;
pub mod text;
pub mod time;
pub mod told;
pub mod workload;
