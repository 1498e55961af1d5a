//! What the parts of the self-test agree on: the timeout, the port, the place for files, and how its daemon is started.

use crate::cli::arguments::WatchWay;
use crate::cli::self_test_error::SelfTestError;
use clap::ValueEnum;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What the path is said to forget after, and what the box forgets after.
pub(super) const FORGETS_AFTER: Duration = Duration::from_secs(3);

/// Where the server listens: the port of PostgreSQL, whose clients ask.
pub(super) const PORT: u16 = 5432;

/// A directory that every host has on which this can work. Here alone something else is mounted on it: the files of the
/// daemon, which go with this process.
pub(super) const PLACE: &str = "/sys/fs/bpf";

/// How it is to be made.
pub(in crate::cli) struct Options<'a> {
    /// File with this kernel's BTF.
    pub(in crate::cli) btf: &'a Path,
    /// The way to watch; `None` for the default.
    pub(in crate::cli) watch: Option<WatchWay>,
    /// One JSON object.
    pub(in crate::cli) json: bool,
}

/// The daemon's configuration, in the place of our own.
pub(super) fn configure() -> Result<String, SelfTestError> {
    let file = format!("{PLACE}/config.toml");
    let network = crate::daemon::self_test::NETWORK;
    let seconds = FORGETS_AFTER.as_secs();
    let text = format!(
        "listen = \"127.0.0.1:0\"\nsocket = \"{PLACE}/tcplull.sock\"\nsweep_interval = \"500ms\"\nsweep_budget = 0.1\n\
         cpu_budget = \"off\"\n[history]\nmax_bytes = 0\n\
         [[path]]\nname = \"self-test\"\ntimeout = \"{seconds}s\"\nremote = [\"{network}\"]\n"
    );
    fs::write(&file, text).map_err(SelfTestError::system("writing its configuration"))?;
    Ok(file)
}

/// The flag for a way to watch.
pub(super) fn watch_flag(way: WatchWay) -> Option<String> {
    Some(way.to_possible_value()?.get_name().to_owned())
}
