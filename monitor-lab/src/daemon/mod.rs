//! `tcplull` under test: started as its users start it, asked as they ask it.

mod configuration;
mod query;
mod watch;

pub use configuration::Configuration;
pub use query::series;

use crate::LabError;
use crate::children::Guarded;
use crate::fixture;
use crate::network::block::Block;
use crate::network::stale::DIRECTORY;
use crate::timeline::Timeline;
use crate::truth::{Alert, Listed};
use nix::mount::umount;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use watch::Watch;

/// The inspection socket's name in the daemon's directory.
pub(crate) const SOCKET: &str = "tcplull.sock";

/// How long the daemon may take to be ready: it loads programs into the kernel and reads
/// its types first. On an emulated machine the verifier of 6.1 alone takes 15 s for them,
/// and several daemons start at once.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// How long the daemon may take to end after SIGTERM.
const END_WITHIN: Duration = Duration::from_secs(5);

/// How much of the end of its log a failure shows, in bytes.
const LOG_TAIL: u64 = 64 * 1024;

/// A running `tcplull run`, with a `tcplull watch` that listens to it.
/// Dropping it kills both.
#[derive(Debug)]
pub struct Daemon {
    watch: Option<Watch>,
    process: Guarded,
    binary: PathBuf,
    listen: SocketAddr,
    socket: PathBuf,
    place: TempDir,
}

impl Daemon {
    /// Starts `binary` (tcplull) to watch the network of `block` with the one path of
    /// `configuration`, and waits until it is ready. `arguments` are added to its command
    /// line. Findings go to `timeline`. With `record` it records what it judges.
    ///
    /// # Errors
    /// [`LabError::Daemon`] with the end of its log.
    pub fn start(
        binary: &Path,
        block: &Block,
        configuration: &Configuration,
        arguments: &[OsString],
        record: bool,
        timeline: &Timeline,
    ) -> Result<Self, LabError> {
        let place = tempfile::Builder::new()
            .prefix(&format!("{DIRECTORY}{}-", process::id()))
            .tempdir()
            .map_err(LabError::io("making a directory for the daemon"))?;
        let listen = free_port(block)?;
        let socket = place.path().join(SOCKET);
        let file = place.path().join("config.toml");
        fs::write(&file, configuration.text(listen, &socket, block))
            .map_err(LabError::io("writing the daemon's configuration"))?;
        let log = File::create(place.path().join("log"))
            .map_err(LabError::io("making the daemon's log"))?;
        let mut command = Command::new(binary);
        command
            .args(["run", "--log-format", "json", "--config"])
            .arg(&file)
            .args(arguments);
        if record {
            command
                .arg("--record")
                .arg(place.path().join(fixture::RECORDING));
        }
        let process = Guarded::start(
            command
                .stdin(Stdio::null())
                .stdout(
                    log.try_clone()
                        .map_err(LabError::io("sharing the daemon's log"))?,
                )
                .stderr(log),
        )?;
        let mut daemon = Self {
            watch: None,
            process,
            binary: binary.to_owned(),
            listen,
            socket,
            place,
        };
        daemon.await_ready(timeline)?;
        daemon.watch = Some(Watch::start(&daemon.binary, &daemon.socket, timeline)?);
        Ok(daemon)
    }

    fn await_ready(&mut self, timeline: &Timeline) -> Result<(), LabError> {
        let ready = timeline.poll(READY_WITHIN, Duration::from_millis(50), || {
            let ended = self.process.ended();
            if let Some(status) = ended.map_err(LabError::io("asking after the daemon"))? {
                return Err(LabError::Daemon(format!(
                    "ended at start ({status}):\n{}",
                    self.log()
                )));
            }
            Ok(query::get(self.listen, "/readyz").map(|_| ()))
        })?;
        ready.ok_or_else(|| {
            LabError::Daemon(format!(
                "was not ready within {} s:\n{}",
                READY_WITHIN.as_secs(),
                self.log()
            ))
        })
    }

    /// The text of `/metrics`; `None` if it is not served.
    #[must_use]
    pub fn metrics(&self) -> Option<String> {
        query::get(self.listen, "/metrics")
    }

    /// What is firing.
    ///
    /// # Errors
    /// If `tcplull alerts` fails or prints what it should not.
    pub fn alerts(&self) -> Result<Vec<Alert>, LabError> {
        query::ask(&self.binary, "alerts", &self.socket, self.place.path())
    }

    /// The connections it sees.
    ///
    /// # Errors
    /// If `tcplull ls` fails or prints what it should not.
    pub fn listing(&self) -> Result<Vec<Listed>, LabError> {
        query::ask(&self.binary, "ls", &self.socket, self.place.path())
    }

    /// Ends the daemon and then its listener. Returns what was wrong with
    /// that: it is to end by itself on SIGTERM, soon and without complaint.
    pub fn end(&mut self) -> Option<String> {
        let ended_before = matches!(self.process.ended(), Ok(Some(_)));
        let status = self.process.end(END_WITHIN);
        drop(self.watch.take());
        match status {
            Some(status) if ended_before => Some(format!(
                "tcplull ended in the middle of the story ({status})"
            )),
            Some(status) if status.success() => None,
            Some(status) => Some(format!("tcplull ended badly on SIGTERM ({status})")),
            None => Some(format!(
                "tcplull did not end within {} s of SIGTERM",
                END_WITHIN.as_secs()
            )),
        }
    }

    /// What it recorded, whole once it has ended.
    #[must_use]
    pub fn recording(&self) -> PathBuf {
        self.place.path().join(fixture::RECORDING)
    }

    /// The end of what the daemon wrote to stdout and stderr.
    #[must_use]
    pub fn log(&self) -> String {
        let tail = || {
            let mut file = File::open(self.place.path().join("log"))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
            let mut bytes = Vec::new();
            file.take(LOG_TAIL).read_to_end(&mut bytes)?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&bytes).into_owned())
        };
        tail().unwrap_or_else(|error| format!("(its log cannot be read: {error})"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.watch.take());
        self.process.kill();
        remove_pins(&self.socket);
    }
}

/// Removes what a daemon that was killed has left: the pin of the marks that it has set
/// on sockets, in a file system mounted beside its inspection socket or in the one that
/// the system has for pins. A daemon that ended by itself has left nothing.
pub fn remove_pins(socket: &Path) {
    let mut beside = socket.as_os_str().to_owned();
    beside.push(".bpf");
    if umount(Path::new(&beside)).is_ok() {
        let _ = fs::remove_dir(&beside);
    }
    let plain = socket.to_string_lossy();
    let plain = plain.trim_start_matches('/').replace(['/', '.'], "_");
    let _ = fs::remove_dir_all(format!("/sys/fs/bpf/tcplull_{plain}"));
}

/// A port that is free now. Nobody else uses this loopback address, so it stays free.
fn free_port(block: &Block) -> Result<SocketAddr, LabError> {
    TcpListener::bind((block.loopback(), 0))
        .and_then(|listener| listener.local_addr())
        .map_err(LabError::io("looking for a free port"))
}
