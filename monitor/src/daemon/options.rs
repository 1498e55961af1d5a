//! What the command line asks of the daemon.

use super::valve::ValveTimes;
use crate::config::{Config, ConfigError};
use crate::sandbox::Sandbox;
use crate::surfaces::log::LogFormat;
use crate::surfaces::messages::Messages;
use crate::surfaces::recording;
use monitor_kernel::HookOptions;
use std::path::PathBuf;
use std::sync::Arc;

/// Reads the configuration.
pub type ReadConfig = dyn Fn() -> Result<Config, ConfigError> + Send + Sync;

/// What the daemon is started with besides its configuration.
pub struct Options {
    /// Reads the configuration, at the start and at every SIGHUP.
    pub configuration: Arc<ReadConfig>,
    /// Where what the daemon says of itself goes.
    pub messages: Messages,
    /// How findings are written to standard output; `None` for not at all.
    pub log_format: Option<LogFormat>,
    /// What it gives up at its start.
    pub sandbox: Sandbox,
    /// Whether the alerts, and what healed sockets had, are kept beside the inspection socket, and taken up there.
    pub keeps_alerts: bool,
    /// File with this kernel's BTF.
    pub btf: PathBuf,
    /// Size of the ring in bytes; `None` for the default.
    pub ring_bytes: Option<u32>,
    /// How the hooks are attached, for the daemon with this inspection socket.
    pub hooks: Box<dyn Fn(PathBuf) -> HookOptions>,
    /// How long the safety valve takes for what it does.
    pub valve: ValveTimes,
    /// Where what the judge is told is recorded; `None` for nowhere.
    pub record: Option<recording::Target>,
}
