//! The two hosts that an application lives on, and what can be done to it there.

use super::program::{NOBODY, Program};
use super::staging::{Disturbance, Staging};
use crate::LabError;
use crate::children::Guarded;
use crate::ends::End;
use crate::names::DIRECTORY;
use crate::network::Network;
use crate::network::block::CLIENT_SIDE;
use crate::network::cgroup::Cgroup;
use crate::network::namespace::Namespace;
use crate::timeline::{Happened, Timeline};
use nix::sys::signal::Signal;
use nix::unistd::{User, chown};
use std::fs::{self, File, Permissions};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How a client says that it has done a piece of its work: a line on standard output that begins so.
pub const DID: &str = "did";

/// How long anything may take that applications do: far more than it needs, for busy machines.
const BOUND: Duration = Duration::from_secs(90);

/// How often one looks again.
const PAUSE: Duration = Duration::from_millis(50);

/// How long processes stay stopped.
const PAUSED: Duration = Duration::from_secs(3);

/// How long packets are lost.
const LOSSY: Duration = Duration::from_secs(6);

/// So many of a hundred are.
const LOST_PERCENT: u8 = 15;

/// How much of the end of what a program wrote a failure shows, in characters.
const TAIL: usize = 2_000;

/// How long a server may take to end when its life is over.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It listens on this port: a server, which is disturbed.
    Serves(u16),
    /// It listens on this port and is a client of the servers too: nothing is done to it.
    Relays(u16),
    /// It is a client, which says what it [`DID`].
    Asks,
}

/// A program that runs, with all that it started.
#[derive(Debug)]
struct Running {
    program: Program,
    role: Role,
    process: Guarded,
    group: Cgroup,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Servers that are killed leave things behind in the kernel: PostgreSQL a segment of shared memory.
        if matches!(self.role, Role::Serves(_)) && self.process.signal(self.program.ends_on).is_ok()
        {
            self.process.wait_within(ENDS_WITHIN);
        }
        if let Err(error) = self.group.kill() {
            eprintln!("monitor-lab: {}: {error}", self.program.name);
        }
    }
}

/// Where one application lives. Dropping it ends every process, and removes the hosts.
pub struct Stage<'a> {
    // They go before the group and the network that they are in.
    programs: Vec<Running>,
    group: Cgroup,
    /// The hosts.
    pub network: Network,
    directory: TempDir,
    timeline: &'a Timeline,
    staging: Staging,
}

impl<'a> Stage<'a> {
    /// An empty one. All that will live on it is in `group`.
    pub(super) fn new(
        network: Network,
        group: Cgroup,
        timeline: &'a Timeline,
        staging: Staging,
    ) -> Result<Self, LabError> {
        let directory = tempfile::Builder::new()
            .prefix(&format!("{DIRECTORY}{}-", process::id()))
            .tempdir()
            .map_err(LabError::io("making a directory for applications"))?;
        // Servers that run as somebody else have folders in it.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))
            .map_err(LabError::io("opening the directory of the applications"))?;
        Ok(Self {
            programs: Vec::new(),
            group,
            network,
            directory,
            timeline,
            staging,
        })
    }

    /// The server's address.
    pub fn server(&self) -> IpAddr {
        self.network.server_address()
    }

    /// The clients' address.
    pub fn client(&self) -> IpAddr {
        self.network.block.host(CLIENT_SIDE)
    }

    /// For how long clients rest that rest now and then, in seconds, as an argument: longer than what is stated.
    pub fn rest(&self) -> &'static str {
        match self.staging {
            Staging::Stated | Staging::Box => "6",
            // Nothing is stated, and much else happens.
            Staging::NoPath => "2",
        }
    }

    /// The directory of the application's files, in which all programs start.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Makes a folder in it, which belongs to who runs servers that refuse root.
    pub fn folder(&self, name: &str) -> Result<PathBuf, LabError> {
        let folder = self.directory().join(name);
        let make = || {
            fs::create_dir(&folder)?;
            let user = User::from_name(NOBODY)?;
            let (uid, gid) = user.map(|user| (user.uid, user.gid)).unzip();
            chown(&folder, uid, gid)?;
            Ok(())
        };
        make().map_err(LabError::io(format!("making {}", folder.display())))?;
        Ok(folder)
    }

    /// Writes a file in it.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> Result<PathBuf, LabError> {
        let file = self.directory().join(name);
        fs::write(&file, text).map_err(LabError::io(format!("writing {}", file.display())))?;
        Ok(file)
    }

    /// Runs a program to its end, which must be a success.
    pub fn runs(&self, program: &Program) -> Result<(), LabError> {
        let group = self.group.below(program.name)?;
        let mut process = self.spawn(program, &group)?;
        let status = self.timeline.poll(BOUND, PAUSE, || {
            process
                .ended()
                .map_err(LabError::io("waiting for an application"))
        })?;
        group.kill()?;
        match status {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.failed(program, &format!("ended with {status}"))),
            None => Err(self.failed(program, "did not end")),
        }
    }

    /// Starts a server, and waits until it listens on `port`.
    pub fn serves(&mut self, program: Program, port: u16) -> Result<(), LabError> {
        self.starts(program, Role::Serves(port))
    }

    /// Starts a program that listens on `port` and is a client too, such as a proxy, and waits until it listens.
    pub fn relays(&mut self, program: Program, port: u16) -> Result<(), LabError> {
        self.starts(program, Role::Relays(port))
    }

    /// Starts a client, which lives until the end and says what it [`DID`].
    pub fn asks(&mut self, program: Program) -> Result<(), LabError> {
        self.starts(program, Role::Asks)
    }

    fn starts(&mut self, program: Program, role: Role) -> Result<(), LabError> {
        let group = self.group.below(program.name)?;
        let process = self.spawn(&program, &group)?;
        let mut running = Running {
            program,
            role,
            process,
            group,
        };
        self.await_listening(&mut running)?;
        self.programs.push(running);
        Ok(())
    }

    fn spawn(&self, program: &Program, group: &Cgroup) -> Result<Guarded, LabError> {
        let file = |ending| {
            let file = self.wrote(program, ending);
            File::options()
                .append(true)
                .create(true)
                .open(&file)
                .map_err(LabError::io(format!("opening {}", file.display())))
        };
        let mut command = program.command(self.directory());
        command
            .stdin(Stdio::null())
            .stdout(file("out")?)
            .stderr(file("err")?);
        group.hold(&mut command)?;
        self.host(program.host).hold(&mut command)?;
        Guarded::start(&mut command)
    }

    fn host(&self, end: End) -> &Namespace {
        match end {
            End::Client => &self.network.client,
            End::Server => &self.network.server,
        }
    }

    fn wrote(&self, program: &Program, ending: &str) -> PathBuf {
        self.directory().join(format!("{}.{ending}", program.name))
    }

    fn failed(&self, program: &Program, what: &str) -> LabError {
        let wrote = ["out", "err"].map(|ending| {
            let bytes = fs::read(self.wrote(program, ending)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let skipped = text.chars().count().saturating_sub(TAIL);
            text.chars().skip(skipped).collect::<String>()
        });
        LabError::App {
            name: program.name.to_owned(),
            what: format!("{what}\n{}", wrote.concat().trim_end()),
        }
    }

    fn await_listening(&self, running: &mut Running) -> Result<(), LabError> {
        let (Role::Serves(port) | Role::Relays(port)) = running.role else {
            return Ok(());
        };
        let host = self.host(running.program.host);
        let listens = self.timeline.poll(BOUND, PAUSE, || {
            if let Ok(Some(status)) = running.process.ended() {
                return Err(self.failed(&running.program, &format!("ended with {status}")));
            }
            Ok(host.listens(port)?.then_some(()))
        })?;
        listens.ok_or_else(|| self.failed(&running.program, &format!("does not listen on {port}")))
    }

    /// Lets time pass.
    pub(super) fn lives_on(&self, time: Duration) -> Result<(), LabError> {
        self.timeline.pass_until(Instant::now() + time)
    }

    /// Waits until each client has done another piece of its work.
    pub(super) fn goes_on(&mut self) -> Result<(), LabError> {
        let before: Vec<usize> = self
            .programs
            .iter()
            .map(|running| self.done(&running.program))
            .collect();
        for (at, before) in before.into_iter().enumerate() {
            let went_on = self.timeline.poll(BOUND, PAUSE, || {
                let Some(running) = self.programs.get_mut(at) else {
                    return Ok(Some(()));
                };
                let ended = running.process.ended();
                let Some(running) = self.programs.get(at) else {
                    return Ok(Some(()));
                };
                if let Ok(Some(status)) = ended {
                    return Err(self.failed(&running.program, &format!("ended with {status}")));
                }
                let moved = running.role != Role::Asks || self.done(&running.program) > before;
                Ok(moved.then_some(()))
            })?;
            if let (None, Some(running)) = (went_on, self.programs.get(at)) {
                return Err(self.failed(&running.program, "does not go on"));
            }
        }
        Ok(())
    }

    /// How many pieces of its work a client has done.
    fn done(&self, program: &Program) -> usize {
        let bytes = fs::read(self.wrote(program, "out")).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().filter(|line| line.starts_with(DID)).count()
    }

    /// Does this to the application, and lets it come to rest.
    pub(super) fn suffers(&mut self, disturbance: Disturbance) -> Result<(), LabError> {
        self.timeline
            .note(Happened::Step(format!("{disturbance:?}")));
        let serves = |role: Role| matches!(role, Role::Serves(_));
        let asks = |role: Role| role == Role::Asks;
        match disturbance {
            Disturbance::ServerPaused => self.stands_still(serves)?,
            Disturbance::ClientsPaused => self.stands_still(asks)?,
            Disturbance::Outage(seconds) => {
                self.network.path_dies()?;
                self.lives_on(Duration::from_secs(seconds.into()))?;
                self.network.path_comes_back()?;
            }
            Disturbance::Loss => {
                self.network.path_loses(LOST_PERCENT)?;
                self.lives_on(LOSSY)?;
                self.network.path_gets_good()?;
            }
            Disturbance::ServerRestarts => self.start_again(serves, false)?,
            Disturbance::ServerKilled => self.start_again(serves, true)?,
            Disturbance::ClientsKilled => self.start_again(asks, true)?,
        }
        self.goes_on()
    }

    fn stands_still(&self, whom: impl Fn(Role) -> bool) -> Result<(), LabError> {
        let chosen = || self.programs.iter().filter(|running| whom(running.role));
        for running in chosen() {
            running.group.signal(Signal::SIGSTOP)?;
        }
        let passed = self.lives_on(PAUSED);
        for running in chosen() {
            running.group.signal(Signal::SIGCONT)?;
        }
        passed
    }

    /// Ends these programs, all of them, by force or as they are used to, and starts them again in their order.
    fn start_again(&mut self, whom: impl Fn(Role) -> bool, force: bool) -> Result<(), LabError> {
        let mut chosen: Vec<Running> = Vec::new();
        for running in std::mem::take(&mut self.programs) {
            if whom(running.role) {
                chosen.push(running);
            } else {
                self.programs.push(running);
            }
        }
        for running in &mut chosen {
            if !force {
                let asked = running.process.signal(running.program.ends_on);
                asked.map_err(LabError::io(format!("ending {}", running.program.name)))?;
                if running.process.wait_within(BOUND).is_none() {
                    return Err(self.failed(&running.program, "does not end when it is told to"));
                }
            }
            running.group.kill()?;
            running.process.kill();
        }
        for mut running in chosen {
            running.process = self.spawn(&running.program, &running.group)?;
            self.await_listening(&mut running)?;
            self.programs.push(running);
        }
        Ok(())
    }
}
