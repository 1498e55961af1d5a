//! `tcplull check --self-test`: a connection is made to die as connections die behind a NAT, and a daemon has to say so. It is
//! the daemon that `tcplull run` starts, from the load to the finding, with a scope of one network namespace.
//!
//! ```text
//! client 192.0.2.1 ── a box that forgets after 3 s ── server 192.0.2.2
//! ```
//!
//! Nothing of it has a name, and each part ends with this process: namespaces, devices, files, programs. A daemon that runs
//! here leaves the connection out ([`crate::daemon::self_test`]).

mod forgetful;
mod part;
mod setting;
mod story;
mod tun;
mod world;

use super::arguments::Context;
use super::exit::CliError;
use super::output::write;
use super::self_test_error::SelfTestError;
use clap::Args;
use monitor_model::format::{json_line, printable};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use procfs::process::Process;
use serde::Serialize;
pub(super) use setting::Options;
use setting::{FORGETS_AFTER, PLACE};
use std::io;
use std::process::ExitCode;
use std::time::Instant;
use story::Story;

/// What `check --self-test --json` says.
#[derive(Serialize)]
struct Report {
    passed: bool,
    /// How connections are watched.
    watch: String,
    seconds: f64,
    /// What happened, in order.
    seen: Vec<Seen>,
    /// What did not come, where it failed.
    lacks: Option<String>,
}

/// One thing that happened.
#[derive(Serialize)]
struct Seen {
    /// Since the start.
    seconds: f64,
    what: String,
}

/// Makes the self-test; answers whether it passed.
pub(super) fn run(options: &Options<'_>) -> Result<bool, CliError> {
    privileges()?;
    own_place().map_err(SelfTestError::system("a mount namespace for its files"))?;
    if !options.json {
        write(&format!(
            "a client and a server in network namespaces of their own, and between them a box that forgets after {} s:",
            FORGETS_AFTER.as_secs()
        ))?;
    }
    let begun = Instant::now();
    let mut seen = Vec::new();
    let mut see = |what: String| {
        let seconds = (begun.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        if !options.json {
            write(&format!("{seconds:>6.1}s  {}", printable(&what)))?;
        }
        seen.push(Seen { seconds, what });
        Ok::<_, CliError>(())
    };
    let (watch, lacks) = Story::begin()?.tell(options, &mut see)?;
    let seconds = (begun.elapsed().as_secs_f64() * 1e3).round() / 1e3;
    let passed = lacks.is_none();
    if options.json {
        let report = Report {
            passed,
            watch,
            seconds,
            seen,
            lacks,
        };
        write(&json_line(&report).map_err(CliError::unwritten)?)?;
    } else {
        write(&match lacks {
            None => format!(
                "passed in {seconds:.1} s, watching {watch}: what dies so on this host is told; nothing is left of this"
            ),
            Some(lacks) => format!("failed after {seconds:.1} s, watching {watch}: {lacks}"),
        })?;
    }
    Ok(passed)
}

/// Says first what is missing, of all that it takes.
fn privileges() -> Result<(), SelfTestError> {
    /// Numbers of capabilities (include/uapi/linux/capability.h). CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON.
    const NEEDED: [(u32, &str); 2] = [(21, "CAP_SYS_ADMIN"), (12, "CAP_NET_ADMIN")];
    let status = Process::myself().and_then(|own| own.status());
    let effective = status.map_or(0, |status| status.capeff);
    let missing = NEEDED.iter().filter(|(bit, _)| effective & (1 << bit) == 0);
    let missing: Vec<&str> = missing.map(|(_, name)| *name).collect();
    if !missing.is_empty() {
        return Err(SelfTestError::MissingPrivileges(missing));
    }
    Ok(monitor_kernel::check_privileges()?)
}

/// A place for files that nobody else sees, and that is gone with this process.
fn own_place() -> io::Result<()> {
    const NOTHING: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS)?;
    mount(
        NOTHING,
        "/",
        NOTHING,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        NOTHING,
    )?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(
        Some("tcplull"),
        PLACE,
        Some("tmpfs"),
        flags,
        Some("mode=0700,size=16m"),
    )?;
    Ok(())
}

/// The hidden command that is the self-test's world.
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {}

pub(super) fn main(_: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    world::live()?;
    Ok(ExitCode::SUCCESS)
}
