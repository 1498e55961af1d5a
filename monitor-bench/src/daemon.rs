//! The release build of `tcplull`, started and asked as its users do.

use crate::error::BenchError;
use crate::machine::kib;
use monitor_lab::children::Guarded;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long it may take to be ready; with a million sockets its first sweep takes some.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How long it may take to end after SIGTERM.
const END_WITHIN: Duration = Duration::from_secs(10);

/// A way of watching, and the arguments of `tcplull run` that ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// For people.
    pub name: &'static str,
    /// Arguments.
    pub arguments: &'static [&'static str],
}

/// By programs on the send and receive paths of all sockets.
const GLOBAL: Watch = Watch {
    name: "global",
    arguments: &["--watch", "global"],
};

/// By callbacks of the sockets that a sweep has marked.
const PER_SOCKET: Watch = Watch {
    name: "per-socket",
    arguments: &["--watch", "per-socket"],
};

/// The only one of a build that does not let choose.
const ONLY: Watch = Watch {
    name: "global",
    arguments: &[],
};

impl Watch {
    /// The ways that this build of tcplull has.
    ///
    /// # Errors
    /// [`BenchError::Io`] where it cannot be started.
    pub fn all_of(tcplull: &Path) -> Result<Vec<Self>, BenchError> {
        let help = Command::new(tcplull)
            .args(["run", "--help"])
            .stdin(Stdio::null())
            .output()
            .map_err(BenchError::io(format!("starting {}", tcplull.display())))?;
        Ok(Self::named_in(&String::from_utf8_lossy(&help.stdout)))
    }

    /// Whether a sweep must have seen a silence for its end to be told.
    pub fn needs_sweep(&self) -> bool {
        *self == PER_SOCKET
    }

    fn named_in(help: &str) -> Vec<Self> {
        if help.contains("--watch") {
            vec![GLOBAL, PER_SOCKET]
        } else {
            vec![ONLY]
        }
    }
}

/// A running daemon. Dropping it kills it.
#[derive(Debug)]
pub struct Daemon {
    process: Guarded,
    listen: SocketAddr,
    place: TempDir,
}

impl Daemon {
    /// Starts it with these lines of configuration besides its addresses, and does not wait. The calling thread must
    /// live as long as it: see [`Guarded::start`].
    ///
    /// # Errors
    /// [`BenchError::Io`], [`BenchError::Lab`].
    pub fn start(tcplull: &Path, watch: &Watch, configuration: &str) -> Result<Self, BenchError> {
        let failed = || BenchError::io("preparing a place for tcplull");
        let place = tempfile::Builder::new()
            .prefix("tcplull-bench-")
            .tempdir()
            .map_err(failed())?;
        let listen = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(failed())?;
        let socket = place.path().join("tcplull.sock");
        let text = format!(
            "listen = \"{listen}\"\nsocket = \"{}\"\n{configuration}\n",
            socket.display()
        );
        let file = place.path().join("config.toml");
        fs::write(&file, text).map_err(failed())?;
        let log = File::create(place.path().join("log")).map_err(failed())?;
        let mut command = Command::new(tcplull);
        command
            .args(["run", "--log-format", "json"])
            .args(watch.arguments)
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed())?)
            .stderr(log);
        let process = Guarded::start(&mut command)?;
        Ok(Self {
            process,
            listen,
            place,
        })
    }

    /// The same, and waits until it is ready.
    ///
    /// # Errors
    /// As above, and [`BenchError::Daemon`] with its log.
    pub fn start_ready(
        tcplull: &Path,
        watch: &Watch,
        configuration: &str,
    ) -> Result<Self, BenchError> {
        let mut daemon = Self::start(tcplull, watch, configuration)?;
        daemon.await_ready(Duration::from_millis(20))?;
        Ok(daemon)
    }

    /// Waits until `/readyz` answers 200, asking every `poll`.
    ///
    /// # Errors
    /// [`BenchError::Daemon`] with its log.
    pub fn await_ready(&mut self, poll: Duration) -> Result<(), BenchError> {
        let until = Instant::now() + READY_WITHIN;
        while self.get("/readyz").is_none() {
            if let Ok(Some(status)) = self.process.ended() {
                return Err(self.told(&format!("ended at its start ({status})")));
            }
            if Instant::now() >= until {
                let bound = READY_WITHIN.as_secs();
                return Err(self.told(&format!("was not ready within {bound} s")));
            }
            thread::sleep(poll);
        }
        Ok(())
    }

    fn told(&self, what: &str) -> BenchError {
        let log = fs::read_to_string(self.place.path().join("log")).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(3).collect();
        BenchError::Daemon(format!("{what}: {}", last.join(" | ")))
    }

    /// The body of an answer with 200; `None` for any other.
    fn get(&self, path: &str) -> Option<String> {
        let url = format!("http://{}{path}", self.listen);
        ureq::get(&url)
            .call()
            .ok()?
            .body_mut()
            .read_to_string()
            .ok()
    }

    /// The sum of a metric's series with these labels, by its whole name.
    ///
    /// # Errors
    /// [`BenchError::Daemon`] where it is not served.
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64, BenchError> {
        let text = self
            .get("/metrics")
            .ok_or_else(|| self.told("serves no metrics"))?;
        Ok(sum(&text, name, labels))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its resident set, and the largest it ever was, in bytes.
    pub fn resident_bytes(&self) -> (u64, u64) {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        (kib(&text, "VmRSS") << 10, kib(&text, "VmHWM") << 10)
    }

    /// CPU time of all its threads since it was started.
    ///
    /// # Errors
    /// [`BenchError::Daemon`] where it has ended.
    pub fn cpu(&self) -> Result<Duration, BenchError> {
        let pid = nix::unistd::Pid::from_raw(self.pid().cast_signed());
        nix::time::clock_getcpuclockid(pid)
            .and_then(nix::time::clock_gettime)
            .map(Duration::from)
            .map_err(|_| self.told("has ended"))
    }

    /// Ends it as systemd does.
    ///
    /// # Errors
    /// [`BenchError::Daemon`] where it ends badly or not at all.
    pub fn end(mut self) -> Result<(), BenchError> {
        match self.process.end(END_WITHIN) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.told(&format!("ended badly ({status})"))),
            None => Err(self.told("did not end on SIGTERM")),
        }
    }
}

fn sum(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut total = 0.0;
    for line in lines {
        let Some((series, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let (this, rest) = series.split_once('{').unwrap_or((series, ""));
        let has = |(key, value): &(&str, &str)| rest.contains(&format!("{key}=\"{value}\""));
        if this == name && labels.iter().all(has) {
            total += value.parse::<f64>().unwrap_or(0.0);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_lets_choose_is_measured_both_ways() {
        assert_eq!(Watch::named_in("  --timeout <T>"), [ONLY]);
        let both = Watch::named_in("  --timeout <T>\n  --watch <HOW>");
        assert_eq!(both, [GLOBAL, PER_SOCKET]);
    }

    #[test]
    fn series_are_summed_by_their_labels() {
        let text = "# HELP x y\ntcplull_facts_dropped_total{reason=\"ring_full\"} 3\n\
                    tcplull_facts_dropped_total{reason=\"budget\"} 4\ntcplull_suspects 9\n";
        assert_eq!(sum(text, "tcplull_suspects", &[]), 9.0);
        assert_eq!(sum(text, "tcplull_facts_dropped_total", &[]), 7.0);
        let full = [("reason", "ring_full")];
        assert_eq!(sum(text, "tcplull_facts_dropped_total", &full), 3.0);
    }
}
