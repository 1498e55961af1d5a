//! What the service manager that started the daemon is told: that it is ready, reads its configuration again, stops, and
//! that its loop turns (sd_notify(3)). Nothing is told where nobody asks, and nothing waits for it.

use monitor_model::format::printable;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;
use std::time::Duration;
use tokio::time::Instant;

/// A change of what is said of it is told so long after the last one at the soonest: it may hold numbers that grow.
const STATUS_INTERVAL: Duration = Duration::from_secs(10);

/// Characters of that, at most. systemd takes 4,096 bytes in all (`NOTIFY_BUFFER_MAX`).
const STATUS_CHARACTERS: usize = 800;

/// A time that nobody waits for.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// The service manager, if one asked to be told.
#[derive(Debug)]
pub(super) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants a sign that the loop turns: half of the time after which it takes the daemon for stuck.
    signs_every: Option<Duration>,
    next_sign: Instant,
    status: String,
    next_status: Instant,
    /// What was told last did not arrive.
    failed: bool,
}

/// What a service manager writes into the environment of what it starts.
#[derive(Clone, Debug, Default)]
struct Asked {
    /// `NOTIFY_SOCKET`.
    socket: Option<OsString>,
    /// `WATCHDOG_USEC`: after so many µs without a sign it restarts the process.
    watchdog_usec: Option<OsString>,
    /// `WATCHDOG_PID`: which process that holds for; left out: the one that reads it.
    watchdog_pid: Option<OsString>,
}

impl ServiceManager {
    /// The one that the environment names. One that cannot be told is said in the log, and is no reason not to run.
    pub(super) fn of_environment() -> Self {
        Self::asking(Asked {
            socket: env::var_os("NOTIFY_SOCKET"),
            watchdog_usec: env::var_os("WATCHDOG_USEC"),
            watchdog_pid: env::var_os("WATCHDOG_PID"),
        })
    }

    /// None: what runs within a command is no service.
    pub(super) fn none() -> Self {
        Self::asking(Asked::default())
    }

    fn asking(asked: Asked) -> Self {
        let named = asked.socket.as_deref().filter(|name| !name.is_empty());
        let socket = named.and_then(|name| {
            opened(name)
                .inspect_err(|error| {
                    let name = printable(&name.to_string_lossy());
                    tracing::warn!(
                        "NOTIFY_SOCKET {name}: {error}; the service manager is told nothing"
                    );
                })
                .ok()
        });
        let now = Instant::now();
        Self {
            signs_every: socket.as_ref().and_then(|_| asked.signs_every()),
            socket,
            next_sign: now,
            status: String::new(),
            next_status: now,
            failed: false,
        }
    }

    /// All is attached, and who asks is answered.
    pub(super) fn ready(&mut self, status: &str) {
        self.next_sign = Instant::now();
        self.tell("READY=1", Some(status));
    }

    /// The configuration is read again, until [`Self::ready`] is told. `monotonic_ns` is the host's monotonic clock.
    pub(super) fn reloading(&mut self, monotonic_ns: u64) {
        let since = format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic_ns / 1000);
        self.tell(&since, None);
    }

    /// The daemon has been told to stop.
    pub(super) fn stopping(&mut self) {
        self.tell("STOPPING=1", None);
    }

    /// What is to be read of it in `systemctl status`, where that is other than before. It is put together only for who asks.
    pub(super) fn status(&mut self, status: impl FnOnce() -> String) {
        if self.socket.is_none() || Instant::now() < self.next_status {
            return;
        }
        let status = status();
        if self.status != status {
            self.tell("", Some(&status));
        }
    }

    /// When the next sign is due.
    pub(super) fn next_sign(&self) -> Instant {
        match self.signs_every {
            Some(_) => self.next_sign,
            None => Instant::now() + NEVER,
        }
    }

    /// The loop turns.
    pub(super) fn sign(&mut self) {
        self.next_sign = Instant::now() + self.signs_every.unwrap_or(NEVER);
        self.tell("WATCHDOG=1", None);
    }

    fn tell(&mut self, what: &str, status: Option<&str>) {
        let Some((socket, to)) = &self.socket else {
            return;
        };
        let mut text = what.to_owned();
        if let Some(status) = status {
            let short: String = printable(status).chars().take(STATUS_CHARACTERS).collect();
            text.push_str(&format!("\nSTATUS={short}"));
            status.clone_into(&mut self.status);
            self.next_status = Instant::now() + STATUS_INTERVAL;
        }
        let sent = socket.send_to_addr(text.trim_start().as_bytes(), to);
        match sent {
            Ok(_) => self.failed = false,
            Err(error) if !self.failed => {
                self.failed = true;
                tracing::warn!("the service manager does not take what it is told: {error}");
            }
            Err(_) => {}
        }
    }
}

impl Asked {
    fn signs_every(&self) -> Option<Duration> {
        let number = |text: &OsString| text.to_str()?.parse::<u64>().ok();
        if let Some(pid) = &self.watchdog_pid
            && number(pid) != Some(process::id().into())
        {
            return None;
        }
        let after = number(self.watchdog_usec.as_ref()?).filter(|usec| *usec > 0)?;
        Some(Duration::from_micros(after) / 2)
    }
}

/// A socket that never waits, not even for a service manager whose queue is full, and where it sends to: the file of an
/// absolute path, or what begins with `@` in the abstract name space.
fn opened(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let to = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(name)?,
        _ => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "neither an absolute path nor an abstract name (@)",
            ));
        }
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(socket: &str, usec: Option<&str>, pid: Option<&str>) -> Asked {
        Asked {
            socket: Some(socket.into()),
            watchdog_usec: usec.map(OsString::from),
            watchdog_pid: pid.map(OsString::from),
        }
    }

    /// A service manager of the test's, and the daemon's end of it.
    fn both(folder: &tempfile::TempDir) -> (UnixDatagram, ServiceManager) {
        let path = folder.path().join("notify");
        let heard = UnixDatagram::bind(&path).expect("a socket");
        heard.set_nonblocking(true).expect("a mode");
        let name = path.to_str().expect("a name of plain text");
        (heard, ServiceManager::asking(asked(name, None, None)))
    }

    fn next(heard: &UnixDatagram) -> Option<String> {
        let mut bytes = [0; 4096];
        let length = heard.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_status_is_told_when_it_changes_and_not_each_second() {
        let folder = tempfile::tempdir().expect("a folder");
        let (heard, mut manager) = both(&folder);
        manager.ready("ready");
        assert_eq!(next(&heard).as_deref(), Some("READY=1\nSTATUS=ready"));
        for second in 0..10 {
            manager.status(|| format!("late by {second}s"));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(next(&heard), None);
        manager.status(|| "late by 11s".to_owned());
        manager.status(|| "late by 12s".to_owned());
        assert_eq!(next(&heard).as_deref(), Some("STATUS=late by 11s"));
        assert_eq!(next(&heard), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_status_is_one_line_that_systemd_takes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (heard, mut manager) = both(&folder);
        manager.ready(&format!("a\nWATCHDOG=trigger{}", "ü".repeat(4000)));
        let told = next(&heard).expect("it is told");
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(
            told.len() < 4096 && told.contains("a\u{fffd}WATCHDOG"),
            "{told}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_manager_that_reads_nothing_holds_nothing_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let (heard, mut manager) = both(&folder);
        // More than any queue of datagrams holds (net.unix.max_dgram_qlen).
        for _ in 0..10_000 {
            manager.sign();
        }
        assert!(manager.failed);
        while next(&heard).is_some() {}
        manager.sign();
        assert!(!manager.failed);
    }

    #[tokio::test]
    async fn signs_are_due_in_half_of_the_time_and_for_this_process_alone() {
        let own = process::id().to_string();
        let half = Some(Duration::from_secs(15));
        for (usec, pid, due) in [
            (Some("30000000"), None, half),
            (Some("30000000"), Some(own.as_str()), half),
            (Some("30000000"), Some("1"), None),
            (Some("0"), None, None),
            (Some("soon"), None, None),
            (None, Some(own.as_str()), None),
        ] {
            let manager = ServiceManager::asking(asked("@tcplull-test", usec, pid));
            assert_eq!(manager.signs_every, due, "{usec:?} {pid:?}");
        }
    }

    #[tokio::test]
    async fn a_socket_that_is_none_is_left_alone() {
        for name in ["", "relative", "vsock:2:1234", "/a/name\0with/nothing"] {
            let mut manager = ServiceManager::asking(asked(name, Some("1000000"), None));
            assert!(
                manager.socket.is_none() && manager.signs_every.is_none(),
                "{name}"
            );
            manager.ready("ready");
        }
    }
}
