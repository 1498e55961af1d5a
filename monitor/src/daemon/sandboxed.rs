//! What a daemon has to do once it is in its sandbox, as its configuration says it.

use super::error::DaemonError;
use super::options::Options;
use crate::config::Config;
use crate::own_file::beside;
use crate::sandbox::{Entered, Needs};
use monitor_kernel::{HookOptions, WatchMode};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where others' daemons have left pins that the next one clears.
const BPFFS: &str = "/sys/fs/bpf";

/// Enters the sandbox that was asked for.
pub(super) fn enter(options: &Options, config: &Config) -> Result<Entered, DaemonError> {
    if let Some(history) = &config.history {
        // It can be made later too; but what is not there yet cannot be named. Whoever writes it says what is wrong.
        let _ = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&history.dir);
    }
    let hooks = (options.hooks)(config.socket.clone());
    let mut needs = needs(config, &hooks);
    needs.folders.extend(
        options
            .record
            .as_ref()
            .map(|target| folder_of(&target.path)),
    );
    Ok(options.sandbox.enter(&needs)?)
}

/// What a daemon of this configuration has to do.
pub fn needs(config: &Config, hooks: &HookOptions) -> Needs {
    let mut folders = vec![folder_of(&config.socket), PathBuf::from(BPFFS)];
    folders.extend(config.history.iter().map(|kept| kept.dir.clone()));
    Needs {
        folders,
        // One that was killed has left its own mount.
        mounts: hooks.watch == Some(WatchMode::PerSocket)
            || beside(&config.socket, ".bpf").exists(),
    }
}

fn folder_of(file: &Path) -> PathBuf {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}
