//! What users read: metrics, health and landing page, live inspection, the log, the history, recordings.
//! Nothing here concludes anything, and no surface knows another: what several share is
//! [`sink`] and [`prometheus_alert`], or lies below them; and both ways to the [`api`] serve that one.
//!
//! A new surface is its file in here, its line in `daemon/sinks.rs`, and its entry in
//! `metrics/table/told.rs` for what it drops.

pub mod alert_lines;
pub mod alertmanager;
pub mod api;
pub mod found_in_time;
pub mod history;
pub mod http;
pub mod inspect;
pub mod log;
pub mod messages;
pub mod metrics;
pub mod page;
pub mod prometheus_alert;
pub mod readiness;
pub mod recording;
pub mod sink;
