//! The files and addresses of one daemon after the other.

use crate::LabError;
use crate::names::{DIRECTORY, SOCKET};
use crate::network::cgroup::own_path;
use crate::testbed::Port;
use nix::mount::umount;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::Arc;
use tempfile::TempDir;

/// What the daemon writes to standard output, in its directory.
pub(super) const FINDINGS: &str = "findings";

/// What it writes to standard error.
pub(super) const LOG: &str = "log";

/// Where a daemon lives: its configuration, its addresses, what it writes. All clones
/// are the same place; with the last one its files go, and what a killed daemon has
/// left in the kernel.
#[derive(Clone, Debug)]
pub struct Place {
    tcplull: PathBuf,
    listen: Arc<Port>,
    /// A program with its arguments that starts it; none where it is started as it is.
    launcher: Vec<String>,
    /// The network namespace that it is started in; none where that is this process's.
    pub(super) netns: Option<PathBuf>,
    directory: Arc<Directory>,
}

#[derive(Debug)]
struct Directory(TempDir);

impl Drop for Directory {
    fn drop(&mut self) {
        remove_pins(&self.0.path().join(SOCKET));
    }
}

impl Place {
    /// A place for the binary `tcplull` with a free port of the loopback address
    /// `loopback`, and `settings` in the configuration file.
    ///
    /// # Errors
    /// If files or ports cannot be had.
    pub fn new(tcplull: &Path, loopback: Ipv4Addr, settings: &str) -> Result<Self, LabError> {
        let directory = tempfile::Builder::new()
            .prefix(&format!("{DIRECTORY}{}-", process::id()))
            .tempdir()
            .map_err(LabError::io("making a directory for tcplull"))?;
        let place = Self {
            tcplull: tcplull.to_owned(),
            listen: Arc::new(Port::reserve(loopback.into())?),
            launcher: Vec::new(),
            netns: None,
            directory: Arc::new(Directory(directory)),
        };
        place.configure(settings)?;
        Ok(place)
    }

    /// The same place, where `launcher`, a program with its arguments, starts the daemon. The daemon's process is then
    /// what that program makes of itself.
    #[must_use]
    pub fn launched_by(mut self, launcher: &[&str]) -> Self {
        self.launcher = launcher.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// The same place, where the daemon lives in the network namespace that this file stands for.
    #[must_use]
    pub fn within(mut self, netns: PathBuf) -> Self {
        self.netns = Some(netns);
        self
    }

    /// Writes the configuration anew: two lines with the addresses, a log and CPU time without a bound unless `settings` has
    /// one, and `settings`. Where this process has a control
    /// group of its own, that is the scope, unless the settings have one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn configure(&self, settings: &str) -> Result<(), LabError> {
        let (listen, socket) = (self.listen(), self.socket());
        let own = own_path().filter(|_| !settings.contains("[scope]"));
        let scope = own.map_or_else(String::new, |path| {
            format!("\n[scope]\ncgroup = {path:?}\n")
        });
        // What is judged here is read from the log, and other daemons' connections are in it too.
        let rate = match settings.contains("log_rate") {
            true => "",
            false => "log_rate = 1000000\n",
        };
        // What an unoptimised daemon takes on a busy machine is no measure.
        let budget = match settings.contains("cpu_budget") {
            true => "",
            false => "cpu_budget = \"off\"\n",
        };
        let text =
            format!("listen = \"{listen}\"\nsocket = {socket:?}\n{rate}{budget}{settings}{scope}");
        fs::write(self.file(), text).map_err(LabError::io("writing tcplull's configuration"))
    }

    /// The file `name` in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.0.path().join(name)
    }

    /// The configuration file.
    pub fn file(&self) -> PathBuf {
        self.path("config.toml")
    }

    /// The inspection socket.
    pub fn socket(&self) -> PathBuf {
        self.path(SOCKET)
    }

    /// Where metrics and health are.
    pub fn listen(&self) -> SocketAddr {
        self.listen.address()
    }

    /// `tcplull run` with this configuration.
    pub fn command(&self) -> Command {
        let mut command = match self.launcher.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.tcplull);
                command
            }
            None => Command::new(&self.tcplull),
        };
        command.args(["run", "--config"]).arg(self.file());
        // Where the tests run as a service, its folder is not the daemon's.
        command.env_remove("STATE_DIRECTORY");
        command
    }

    /// `tcplull <question> --json`, put to the daemon that lives here.
    pub fn question(&self, question: &str) -> Command {
        let mut command = Command::new(&self.tcplull);
        command
            .args([question, "--json", "--socket"])
            .arg(self.socket());
        command
    }

    /// What the daemon has written to the file `name`, of a long one only the last `limit` bytes.
    pub(super) fn read(&self, name: &str, limit: u64) -> Result<String, LabError> {
        let read = || {
            let mut file = File::open(self.path(name))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(limit)))?;
            let mut bytes = Vec::new();
            file.take(limit).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(LabError::io(format!("reading tcplull's {name}")))?;
        // Findings hold text of other programs, so it need not be UTF-8.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Removes what a daemon that was killed has left: the pin of what it keeps with
/// sockets, in a file system mounted beside its inspection socket or in the one that
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
