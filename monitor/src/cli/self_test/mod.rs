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
mod story;
mod tun;
mod world;

use super::arguments::{Context, WatchWay};
use super::exit::CliError;
use super::output::write;
use clap::{Args, ValueEnum};
use monitor_kernel::KernelError;
use monitor_model::format::{json_line, printable};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use part::{Event, Name, Part};
use procfs::process::Process;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use story::Story;

/// What the path is said to forget after, and what the box forgets after.
const FORGETS_AFTER: Duration = Duration::from_secs(3);

/// Where the server listens: the port of PostgreSQL, whose clients ask.
const PORT: u16 = 5432;

/// A directory that every host has on which this can work. Here alone something else is mounted on it: the files of the
/// daemon, which go with this process.
const PLACE: &str = "/sys/fs/bpf";

/// Why the self-test cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum SelfTestError {
    /// Capabilities are missing.
    #[error(
        "missing {}: the self-test makes network namespaces and devices in them; run it as root, in a container for this once \
         with --privileged; `tcplull check` needs less",
        .0.join(" and ")
    )]
    MissingPrivileges(Vec<&'static str>),
    /// What `run` needs is missing, too.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The world cannot be made.
    #[error("no network for the self-test: {0}")]
    World(String),
    /// The daemon does not come up; its own words.
    #[error("the daemon under test does not run: {0}")]
    Daemon(String),
    /// The system refuses.
    #[error("the self-test: {what}: {source}")]
    System {
        what: &'static str,
        source: io::Error,
    },
}

impl SelfTestError {
    fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System {
            what,
            source: source.into(),
        }
    }
}

/// How it is to be made.
pub(super) struct Options<'a> {
    /// File with this kernel's BTF.
    pub(super) btf: &'a Path,
    /// The way to watch; `None` for the default.
    pub(super) watch: Option<WatchWay>,
    /// One JSON object.
    pub(super) json: bool,
}

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

/// The daemon's configuration, in the place of our own.
fn configure() -> Result<String, SelfTestError> {
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
fn watch_flag(way: WatchWay) -> Option<String> {
    Some(way.to_possible_value()?.get_name().to_owned())
}

/// The hidden command that is the self-test's world.
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {}

pub(super) fn main(_: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    world::live()?;
    Ok(ExitCode::SUCCESS)
}
