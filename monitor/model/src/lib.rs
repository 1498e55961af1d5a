//! What users read, as types: findings with their outcomes, causes and evidence, alerts, connections in lists, owners,
//! and how numbers and names are written for people. Nothing here concludes anything.

pub mod alert;
pub mod finding;
pub mod format;
pub mod listing;
pub mod owner;
