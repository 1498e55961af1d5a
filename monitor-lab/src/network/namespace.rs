//! One named network namespace.

use super::tool;
use crate::LabError;
use nix::sched::{CloneFlags, setns};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{io, process, thread};

/// Where iproute2 keeps named namespaces.
pub(super) const NAMED: &str = "/run/netns";

/// First part of every name; the owner's pid, a number and a role follow.
pub(super) const PREFIX: &str = "tcplull-";

/// A network namespace `tcplull-<pid>-<number>-<role>`, removed when dropped.
///
/// It has a name so that a developer can look into a running testbed with
/// `ip netns exec`.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Creates it, with its loopback up.
    pub fn create(number: u32, role: &str) -> Result<Self, LabError> {
        let name = format!("{PREFIX}{}-{number}-{role}", process::id());
        tool::ip(&format!("netns add {name}"))?;
        let namespace = Self { name };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that stands for it.
    pub fn path(&self) -> PathBuf {
        Path::new(NAMED).join(&self.name)
    }

    /// Runs `ip` with these space-separated arguments, inside.
    pub(crate) fn ip(&self, arguments: &str) -> Result<(), LabError> {
        tool::ip(&format!("-n {} {arguments}", self.name))
    }

    /// Loads these rules of `nft`, inside.
    pub(super) fn nft(&self, ruleset: &str) -> Result<(), LabError> {
        self.within(|| tool::nft(ruleset))?
    }

    /// Writes the kernel setting `key`, a path below `/proc/sys/net`.
    ///
    /// # Errors
    /// The kernel does not take it, or the namespace cannot be entered.
    pub fn set(&self, key: &str, value: &str) -> Result<(), LabError> {
        self.within(|| {
            fs::write(Path::new("/proc/sys/net").join(key), value).map_err(|source| {
                LabError::Setting {
                    key: format!("net/{key}"),
                    name: self.name.clone(),
                    source,
                }
            })
        })?
    }

    /// Has `command` started inside.
    ///
    /// # Errors
    /// [`LabError::Enter`].
    pub(crate) fn hold(&self, command: &mut Command) -> Result<(), LabError> {
        hold(&self.path(), command).map_err(|source| LabError::Enter {
            name: self.name.clone(),
            source,
        })
    }

    /// Whether anybody inside listens on this port of TCP, by proc_pid_net(5).
    ///
    /// # Errors
    /// If the kernel does not tell.
    pub(crate) fn listens(&self, port: u16) -> Result<bool, LabError> {
        let tables = ["tcp", "tcp6"].map(|table| format!("/proc/thread-self/net/{table}"));
        let read = || {
            let tables = tables.iter().map(fs::read_to_string);
            tables.collect::<io::Result<String>>()
        };
        let table = self
            .within(read)?
            .map_err(LabError::io("reading who listens"))?;
        // "0: 0100007F:1538 00000000:0000 0A …": local, remote, state
        let local = format!(":{port:04X}");
        Ok(table.lines().any(|line| {
            let mut fields = line.split_whitespace().skip(1);
            fields.next().is_some_and(|field| field.ends_with(&local))
                && fields.nth(1) == Some("0A")
        }))
    }

    /// Runs `work` inside, on a thread of its own: a thread that has moved
    /// keeps its place, and must not be used for anything else.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, LabError> {
        within(&self.path(), work).map_err(|source| LabError::Enter {
            name: self.name.clone(),
            source,
        })
    }
}

/// Runs `work` in the namespace that `file` stands for, on a thread of its own.
pub(crate) fn within<T: Send>(file: &Path, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        scope
            .spawn(|| enter(file).map(|()| work()))
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Has `command` started in the namespace that `file` stands for.
pub(crate) fn hold(file: &Path, command: &mut Command) -> io::Result<()> {
    let file = File::open(file)?;
    // SAFETY: between fork and exec only the setns system call is made; it takes no lock and allocates nothing.
    unsafe {
        command.pre_exec(move || setns(&file, CloneFlags::CLONE_NEWNET).map_err(io::Error::from));
    }
    Ok(())
}

/// Moves the calling thread into the namespace that `file` stands for. Sockets
/// that it opens from now on belong there.
pub fn enter(file: &Path) -> io::Result<()> {
    setns(File::open(file)?, CloneFlags::CLONE_NEWNET).map_err(io::Error::from)
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Err(error) = tool::ip(&format!("netns del {}", self.name)) {
            eprintln!("monitor-lab: {} is left behind: {error}", self.name);
        }
    }
}
