//! What users read: metrics, health and landing page, live inspection, the log,
//! and tables for people. Nothing here concludes anything.

pub mod alert_lines;
pub mod http;
pub mod human;
pub mod inspect;
pub mod log;
pub mod metrics;
pub mod readiness;
pub mod recording;
pub mod sink;
