//! The command under test, and the tools that look at what it prints.

use libtest_mimic::Failed;
use monitor_lab::real::monitoring::{PROMTOOL, find};
pub use monitor_lab::testbed::run::{Ended, finish, finish_with, finish_within};
use nix::unistd::geteuid;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The command under test.
pub const TCPLULL: &str = env!("CARGO_BIN_EXE_tcplull");

/// `tcplull` with these arguments.
pub fn tcplull(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(TCPLULL);
    command.args(arguments);
    command
}

/// A user without any privilege; Debian and others call it nobody.
pub const NOBODY: u32 = 65534;

/// The command under test where every user may start it, for as long as its folder lives: nobody else may be able to read the
/// build's.
pub fn for_others() -> Result<(TempDir, PathBuf), Failed> {
    let place = tempfile::tempdir()?;
    fs::set_permissions(place.path(), Permissions::from_mode(0o755))?;
    let binary = place.path().join("tcplull");
    install(Path::new(TCPLULL), &binary)?;
    Ok((place, binary))
}

/// Copies a program to be started from there, by another process: what one of this process's threads has open to write, a
/// program that another one starts has open too for a moment, and such a file cannot be started.
pub fn install(program: &Path, to: &Path) -> Result<(), Failed> {
    let mut command = Command::new("install");
    let copied = finish(command.args(["-m", "755"]).arg(program).arg(to))?;
    assert_eq!(copied.code, Some(0), "{copied:?}");
    Ok(())
}

/// Runs `tcplull` with these arguments to its end, as a user without privileges, with
/// `input` on standard input.
pub fn as_nobody(arguments: &[&str], input: &str) -> Result<Ended, Failed> {
    let (_place, binary) = for_others()?;
    let mut command = Command::new(binary);
    command.args(arguments).current_dir("/");
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ok(finish_with(&mut command, input)?)
}

/// Whether a command shows what it was asked for, without a remark. What is wrong of that (1) may be another test's
/// connections: those of all tests are seen.
pub fn is_answered(ended: &Ended) -> bool {
    matches!(ended.code, Some(0 | 1)) && ended.stderr.is_empty()
}

/// What asks an API for all that its document says; `cargo xtask setup` has it.
pub const SCHEMATHESIS: &str = "schemathesis";

/// Python with kubectl, Helm and the schemas of Kubernetes; `cargo xtask setup` has it.
pub const KUBERNETES: &str = "kubernetes-python";

/// Debian's Chromium without a screen, and what runs JavaScript that drives it; likewise.
pub const BROWSER: &str = "chromium-headless-shell";
pub const DRIVER: &str = "node-for-the-page";

/// A container runtime, what it starts, and what talks to it; `cargo xtask setup` has all four.
pub const CONTAINERD: &str = "containerd";
pub const CONTAINERD_SHIM: &str = "containerd-shim-runc-v2";
pub const RUNC: &str = "runc";
pub const CTR: &str = "ctr";

/// Servers that others wrote; likewise.
pub const POSTGRES: &str = "postgres";
pub const INITDB: &str = "initdb";
pub const MOSQUITTO: &str = "mosquitto";

/// Where `promtool` is, if it is anywhere.
pub fn promtool() -> Option<PathBuf> {
    find(PROMTOOL)
}

/// Where a program of Prometheus' or Alertmanager's is.
pub fn program(name: &str) -> Result<PathBuf, Failed> {
    let found = find(name);
    found.ok_or_else(|| format!("{name} is neither on PATH nor unpacked: cargo xtask setup").into())
}

/// Whether sockets can be watched one by one here, as `tcplull check` finds.
pub fn watches_per_socket() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let place = tempfile::tempdir().ok();
        let ended = place.and_then(|place| {
            let socket = place.path().join("tcplull.sock");
            let check = ["check".as_ref(), "--socket".as_ref(), socket.as_os_str()];
            finish(tcplull(check).args(["--watch", "per-socket"])).ok()
        });
        ended.is_some_and(|ended| ended.stdout.contains("sock_ops+iter/tcp"))
    })
}
