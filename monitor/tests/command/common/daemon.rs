//! A running daemon, asked as its users ask it.

use super::run::{finish, tcplull};
use super::{BOUND, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::daemon::{remove_pins, series};
use monitor_lab::network::block::Block;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Top-level settings under which silences of tenths of a second count.
pub const QUICK: &str = "sweep_interval = \"200ms\"\nmin_gap = \"100ms\"\n";

/// One `[[path]]` for all ports.
pub fn path(name: &str, remote: &[&str], timeout: &str) -> String {
    format!("[[path]]\nname = \"{name}\"\nremote = {remote:?}\ntimeout = \"{timeout}\"\n")
}

/// [`QUICK`] and one path for both subnets of `block`.
pub fn watching(block: &Block, name: &str, timeout: &str) -> String {
    let [one, other] = block.prefixes();
    format!("{QUICK}{}", path(name, &[&one, &other], timeout))
}

/// Files and addresses for one daemon after the other.
pub struct Place {
    directory: TempDir,
    listen: SocketAddr,
}

impl Place {
    /// A place with a free port of `block`'s own loopback address, and `settings` in
    /// the configuration file.
    ///
    /// # Errors
    /// If files or ports cannot be had.
    pub fn new(block: &Block, settings: &str) -> Result<Self, Failed> {
        let place = Self {
            directory: TempDir::new()?,
            // Nobody else uses this address, so the port stays free.
            listen: TcpListener::bind((block.loopback(), 0))?.local_addr()?,
        };
        place.configure(settings)?;
        Ok(place)
    }

    /// Writes the configuration anew.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn configure(&self, settings: &str) -> Tested {
        let (listen, socket) = (self.listen, self.socket());
        let text = format!("listen = \"{listen}\"\nsocket = {socket:?}\n{settings}");
        Ok(fs::write(self.file(), text)?)
    }

    /// The configuration file.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    /// The inspection socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("tcplull.sock")
    }

    /// Where metrics and health are.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// `tcplull run` with this configuration.
    pub fn command(&self) -> Command {
        let config: [OsString; 3] = ["run".into(), "--config".into(), self.file().into()];
        tcplull(config)
    }

    /// Starts a daemon without waiting for it, its log in `format`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(&self, format: &str, arguments: &[&str]) -> Result<Daemon<'_>, Failed> {
        let process = Guarded::start(
            self.command()
                .args(["--log-format", format])
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(File::create(self.directory.path().join("findings"))?)
                .stderr(File::create(self.directory.path().join("log"))?),
        )?;
        Ok(Daemon {
            process,
            place: self,
        })
    }

    /// Starts a daemon with findings as JSON, and waits until it is ready.
    ///
    /// # Errors
    /// If it is not, with its log.
    pub fn start(&self, arguments: &[&str]) -> Result<Daemon<'_>, Failed> {
        let mut daemon = self.spawn("json", arguments)?;
        daemon.await_ready()?;
        Ok(daemon)
    }

    fn read(&self, file: &str) -> Result<String, Failed> {
        // Findings hold text of other programs, so it need not be UTF-8.
        let bytes = fs::read(self.directory.path().join(file))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        remove_pins(&self.socket());
    }
}

/// A running daemon, killed when dropped.
pub struct Daemon<'a> {
    process: Guarded,
    place: &'a Place,
}

impl Daemon<'_> {
    /// Waits until it is ready.
    ///
    /// # Errors
    /// If it ends, or is not ready in time.
    pub fn await_ready(&mut self) -> Tested {
        eventually("the daemon is ready", || {
            if let Some(status) = self.process.ended()? {
                return Err(format!("the daemon ended ({status}): {}", self.log()?).into());
            }
            Ok(match get(self.place.listen, "/readyz") {
                Ok((200, _)) => Ok(()),
                Ok((code, body)) => Err(format!("{code} {body}")),
                Err(error) => Err(error.message().unwrap_or_default().to_owned()),
            })
        })
    }

    /// Its inspection socket.
    pub fn socket(&self) -> PathBuf {
        self.place.socket()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If it is not there.
    pub fn signal(&self, signal: Signal) -> Tested {
        Ok(kill(Pid::from_raw(self.pid().try_into()?), signal)?)
    }

    /// Sends SIGTERM and waits for its exit code; `None` if a signal ended it.
    ///
    /// # Errors
    /// If it does not end within [`BOUND`].
    pub fn stop(mut self) -> Result<Option<i32>, Failed> {
        match self.process.end(BOUND) {
            Some(status) => Ok(status.code()),
            None => Err(format!("did not end on SIGTERM: {}", self.log()?).into()),
        }
    }

    /// Kills it, so that it cleans up nothing.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Status and body of an HTTP answer.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, path: &str) -> Result<(u16, String), Failed> {
        get(self.place.listen, path)
    }

    /// The text of `/metrics`.
    ///
    /// # Errors
    /// If it is not served.
    pub fn metrics(&self) -> Result<String, Failed> {
        match self.get("/metrics")? {
            (200, text) => Ok(text),
            (code, body) => Err(format!("/metrics: {code} {body}").into()),
        }
    }

    /// The value of one series, `name` without its `tcplull_`.
    ///
    /// # Errors
    /// If it is not there.
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64, Failed> {
        let text = self.metrics()?;
        series(&text, &format!("tcplull_{name}"), labels)
            .ok_or_else(|| format!("no tcplull_{name} {labels:?} in {text}").into())
    }

    /// Waits until `count` whole sweeps have passed from now on.
    ///
    /// # Errors
    /// If they do not come.
    pub fn await_sweeps(&self, count: u32) -> Tested {
        // The one under way began before now.
        let enough = self.metric("sweeps_total", &[])? + f64::from(count + 1);
        eventually("the daemon has swept", || {
            let sweeps = self.metric("sweeps_total", &[])?;
            Ok(if sweeps >= enough {
                Ok(())
            } else {
                Err(sweeps)
            })
        })
    }

    /// What `tcplull ls --json` shows.
    ///
    /// # Errors
    /// If it fails.
    pub fn ls(&self) -> Result<Vec<Value>, Failed> {
        let ls: [OsString; 4] = [
            "ls".into(),
            "--json".into(),
            "--socket".into(),
            self.place.socket().into(),
        ];
        let ended = finish(&mut tcplull(ls))?;
        if ended.code != Some(0) {
            return Err(format!("ls failed: {ended:?}").into());
        }
        objects(&whole_lines(&ended.stdout))
    }

    /// The one row of `ls` whose local address is `local`.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn row(&self, local: SocketAddr) -> Result<Value, Failed> {
        let mut rows = self.ls()?;
        rows.retain(|row| row["connection"]["local"] == local.to_string());
        match rows.pop() {
            Some(row) if rows.is_empty() => Ok(row),
            found => Err(format!("{local} in ls: {found:?} and {rows:?}").into()),
        }
    }

    /// Every finding so far.
    ///
    /// # Errors
    /// If standard output holds anything else.
    pub fn findings(&self) -> Result<Vec<Value>, Failed> {
        objects(&self.finding_lines()?)
    }

    /// The lines it wrote to standard output so far.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn finding_lines(&self) -> Result<Vec<String>, Failed> {
        Ok(whole_lines(&self.place.read("findings")?))
    }

    /// Findings so far whose local or remote address is `address`.
    ///
    /// # Errors
    /// As [`Self::findings`].
    pub fn findings_of(&self, address: SocketAddr) -> Result<Vec<Value>, Failed> {
        let mut findings = self.findings()?;
        let address = address.to_string();
        findings.retain(|finding| {
            let connection = &finding["connection"];
            connection["local"] == address || connection["remote"] == address
        });
        Ok(findings)
    }

    /// Waits for the finding about the connection with this local address that
    /// concludes `name`: a kind, or an outcome.
    ///
    /// # Errors
    /// If it does not come.
    pub fn await_finding(&self, local: SocketAddr, name: &str) -> Result<Value, Failed> {
        eventually(&format!("{local} is found {name}"), || {
            let findings = self.findings_of(local)?;
            let mut found = findings.iter().filter(|finding| {
                finding["connection"]["local"] == local.to_string()
                    && (finding["kind"] == name || finding["outcome"] == name)
            });
            Ok(found.next().cloned().ok_or_else(|| format!("{findings:?}")))
        })
    }

    /// What it wrote about itself so far.
    ///
    /// # Errors
    /// If that cannot be read.
    pub fn log(&self) -> Result<String, Failed> {
        self.place.read("log")
    }

    /// Its resident memory in KiB.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn resident_kib(&self) -> Result<u64, Failed> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(number.ok_or("no VmRSS")?.parse()?)
    }

    /// Ids of the programs that it holds in the kernel.
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub fn programs(&self) -> Result<Vec<u32>, Failed> {
        let directory = PathBuf::from(format!("/proc/{}/fdinfo", self.pid()));
        let mut ids = Vec::new();
        for entry in fs::read_dir(&directory)? {
            // A descriptor may be closed again by now.
            let text = fs::read_to_string(entry?.path()).unwrap_or_default();
            let id = text.lines().find_map(|line| line.strip_prefix("prog_id:"));
            ids.extend(id.map(|id| id.trim().parse::<u32>()).transpose()?);
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

/// Status and body of an HTTP answer.
///
/// # Errors
/// If there is none.
pub fn get(listen: SocketAddr, path: &str) -> Result<(u16, String), Failed> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(BOUND))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let mut answer = agent.get(format!("http://{listen}{path}")).call()?;
    let body = answer.body_mut().read_to_string()?;
    Ok((answer.status().as_u16(), body))
}

/// All lines but one that is still under way.
pub(super) fn whole_lines(text: &str) -> Vec<String> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(str::to_owned).collect()
}

fn objects(lines: &[String]) -> Result<Vec<Value>, Failed> {
    let object = |line: &String| {
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("no JSON ({error}): {line}"))?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(format!("no object: {line}").into())
        }
    };
    lines.iter().map(object).collect()
}
