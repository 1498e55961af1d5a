//! Prometheus and Alertmanager as Debian has them, unpacked and not installed: they read what tcplull says of itself as
//! its users' own do. Each is started by the calling thread, in its network namespace, with its files in a directory that
//! goes with it.

mod alertmanager;
mod prometheus;
mod receiver;
mod server;
mod webhook;

pub use alertmanager::Alertmanager;
pub use prometheus::Prometheus;
pub use receiver::Receiver;
pub(crate) use webhook::Webhook;

use std::env;
use std::path::PathBuf;

/// Alertmanager, as Debian calls it.
pub const ALERTMANAGER: &str = "prometheus-alertmanager";

/// What checks Alertmanager's configuration, and says who is told.
pub const AMTOOL: &str = "amtool";

/// Prometheus.
pub const PROMETHEUS: &str = "prometheus";

/// What checks rules and metrics, and tries rules.
pub const PROMTOOL: &str = "promtool";

/// What makes rules out of a mixin.
pub const JSONNET: &str = "jsonnet";

/// Where a program is: on the search path, or where `cargo xtask setup` unpacks it, beside what cargo builds.
pub fn find(program: &str) -> Option<PathBuf> {
    let search = env::var_os("PATH").unwrap_or_default();
    let built = env::current_exe().unwrap_or_default();
    let unpacked = built.ancestors().map(|folder| folder.join("tools/bin"));
    env::split_paths(&search)
        .chain(unpacked)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
