//! What a daemon gives up at its start, for good: capabilities that it does not need, new privileges, system calls that it
//! never makes, and writing anywhere but to its own folders. Whoever gets hold of it then has little more than a watcher has.
//!
//! All of it holds for a thread and for those that it starts. So it is entered once, when everything is open that takes more
//! (sockets and their group, ports below 1024), and before the first thread starts.

mod calls;
mod capabilities;
mod files;
#[cfg(test)]
mod tests;

use calls::Calls;
use capabilities::Keep;
use capabilities::names;
pub use capabilities::{KEPT, Kept};
pub use files::Writes;
use monitor_model::api::AgentPrivileges;
use procfs::FromRead;
use procfs::process::Status;
use std::path::PathBuf;
use std::thread;

/// As `Seccomp:` in `/proc/PID/status` has it where a filter is in force (SECCOMP_MODE_FILTER in include/uapi/linux/seccomp.h).
const SECCOMP_FILTER: u32 = 2;

/// How much a daemon gives up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// All but those of [`KEPT`] that it was given.
    #[default]
    Auto,
    /// All but what watching globally or by snapshots takes.
    Global,
    /// Nothing.
    Off,
}

/// What a daemon has to do from then on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Folders in which it writes.
    pub folders: Vec<PathBuf>,
    /// Whether it may have to mount a BPF file system for its pins, or to take one away.
    pub mounts: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// How far it is held to its folders.
    pub writes: Writes,
}

impl Default for Entered {
    fn default() -> Self {
        Self {
            writes: Writes::Anywhere("--sandbox off"),
        }
    }
}

/// Why a daemon's sandbox cannot be entered.
#[derive(Debug, thiserror::Error)]
#[error("cannot give up {what}: {reason}; `--sandbox off` does without")]
pub struct SandboxError {
    what: &'static str,
    reason: String,
}

impl Sandbox {
    /// What would be in force of it: tried for real, on a thread that ends with it.
    ///
    /// # Errors
    /// As [`Self::enter`].
    pub fn tried(self, needs: &Needs) -> Result<(AgentPrivileges, Entered), SandboxError> {
        let broke_off = |reason: String| SandboxError {
            what: "anything",
            reason,
        };
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("sandbox".to_owned());
            let tried = thread.spawn_scoped(scope, || {
                let entered = self.enter(needs)?;
                Ok((in_force(entered), entered))
            });
            let tried = tried.map_err(|error| broke_off(error.to_string()))?.join();
            tried
                .unwrap_or_else(|_| Err(broke_off("the thread that tries it broke off".to_owned())))
        })
    }

    /// Enters it, for the calling thread and those that it starts from now on.
    ///
    /// # Errors
    /// [`SandboxError`]: a part of it may be in force then. That the kernel has no Landlock is none.
    pub fn enter(self, needs: &Needs) -> Result<Entered, SandboxError> {
        if self == Self::Off {
            return Ok(Entered::default());
        }
        let failed = |what| move |reason| SandboxError { what, reason };
        let keep = Keep::of_this_thread(self == Self::Global);
        let keep = keep.map_err(failed("capabilities"))?;
        let enters_namespaces = keep.enters_namespaces();
        keep.give_up_others().map_err(failed("capabilities"))?;
        let calls = Calls {
            enters_namespaces,
            mounts: enters_namespaces && needs.mounts,
        };
        // It also forbids to look at other processes, of which their network namespaces are found.
        let writes = match enters_namespaces {
            true => Writes::Anywhere(
                "Landlock would keep it from network namespaces, which it may enter (CAP_SYS_ADMIN)",
            ),
            false => {
                files::only_below(&needs.folders).map_err(failed("writing to other folders"))?
            }
        };
        calls.refuse_others().map_err(failed("system calls"))?;
        Ok(Entered { writes })
    }
}

/// What the kernel says that the calling thread has; nothing where there is no /proc.
pub fn in_force(entered: Entered) -> AgentPrivileges {
    let status = Status::from_file("/proc/thread-self/status").ok();
    let (capabilities, other_capabilities) = names(status.as_ref().map_or(0, |of| of.capeff));
    let administers = ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"];
    let administers = administers.iter().all(|one| capabilities.contains(one));
    let profile = match (other_capabilities, administers) {
        (1.., _) => "unconfined",
        (0, true) => "per-socket",
        (0, false) => "global",
    };
    AgentPrivileges {
        profile: profile.to_owned(),
        capabilities: capabilities.into_iter().map(str::to_owned).collect(),
        other_capabilities,
        no_new_privs: status.as_ref().is_some_and(|of| of.nonewprivs == Some(1)),
        refuses_calls: status.is_some_and(|of| of.seccomp == Some(SECCOMP_FILTER)),
        landlock: entered.writes.word().to_owned(),
    }
}
