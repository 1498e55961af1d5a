//! Why the kernel side cannot run here, and what to do about it.

use crate::release::release;
use aya::BtfError;
use aya::maps::MapError;
use aya::programs::ProgramError;
use nix::errno::Errno;
use serde::Serialize;
use std::io;
use std::path::PathBuf;

/// Why the kernel side cannot run here, and what to do about it. `Display` is
/// one line for people; details (a verifier's log) are in `source`.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Capabilities are missing.
    #[error(
        "missing {}: tcplull loads eBPF programs and needs CAP_BPF and CAP_PERFMON; run it as root, \
         or give the binary both (setcap cap_bpf,cap_perfmon+ep, or a container's securityContext; CAP_SYS_ADMIN \
         where its runtime does not know them)",
        missing.join(" and ")
    )]
    MissingPrivileges {
        /// Their names, as in capabilities(7).
        missing: Vec<&'static str>,
    },
    /// There is no /proc, or that of a namespace in which this process is not.
    #[error(
        "/proc shows nothing of this process ({reason}): mount it (mount -t proc proc /proc); tcplull finds \
         privileges, processes and network namespaces there"
    )]
    NoProc {
        /// What the system said.
        reason: String,
    },
    /// Root of a user namespace is not root of the host.
    #[error(
        "this process is in a user namespace of its own, and the kernel takes the capabilities for eBPF only from the \
         host's: start it there (hostUsers: true in Kubernetes, no rootless docker or podman, not under unshare --user)"
    )]
    UserNamespace,
    /// A filter on system calls answers bpf(2), and not the kernel.
    #[error(
        "a seccomp filter refuses bpf(2) ({reason}): in a container it is its runtime's profile, which has that call for \
         CAP_SYS_ADMIN alone (CRI-O, podman, containerd before 1.7, Docker before 23): give it a profile that allows bpf \
         (Kubernetes: seccompProfile Localhost or Unconfined; Docker and podman: --security-opt seccomp=FILE; a unit: \
         SystemCallFilter=)"
    )]
    Seccomp {
        /// What the filter answered.
        reason: &'static str,
    },
    /// It cannot be known how far this process's clocks are from the host's.
    #[error(
        "the time namespace of this process cannot be read ({reason}), and without it no time of the kernel: start it in \
         the host's (not under unshare --time), or with a fork in between (unshare --time --fork)"
    )]
    TimeNamespace {
        /// What is wrong.
        reason: String,
    },
    /// The kernel describes its types nowhere.
    #[error(
        "no usable BTF at {}: {reason}; tcplull needs a kernel built with CONFIG_DEBUG_INFO_BTF=y \
         (or name a BTF file of this kernel with --btf)", path.display()
    )]
    NoBtf {
        /// Where it was looked for.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// A structure member that everything rests on is not in this kernel.
    #[error(
        "this kernel ({}) has no member `{member}`, on which tcplull's facts rest; \
         please report the kernel version",
        release()
    )]
    MissingMember {
        /// `structure.member`.
        member: String,
    },
    /// The kernel lacks what the kernel side cannot do without.
    #[error(
        "kernel {} is too old: {lacks}; tcplull runs on 5.15 and later (tested from 6.1)",
        release()
    )]
    TooOld {
        /// What it lacks.
        lacks: &'static str,
        /// What was tried, with the verifier's logs.
        refused: Vec<Refusal>,
    },
    /// Lockdown forbids what is needed.
    #[error(
        "kernel lockdown ({mode}) forbids eBPF programs that read kernel memory; tcplull works under \
         lockdown=integrity: lower it (kernel parameter lockdown=, or Secure Boot's policy)"
    )]
    Lockdown {
        /// The mode in force.
        mode: String,
    },
    /// The object could not be loaded at all.
    #[error("the kernel refused tcplull's maps: {reason}; --verbose shows the details")]
    Load {
        /// In few words.
        reason: String,
        /// The loader's own error.
        #[source]
        source: Box<aya::EbpfError>,
    },
    /// Sending, receiving or the sweep cannot be watched here.
    #[error(
        "this kernel ({}) does not let tcplull see what it must: {reason}; \
         `tcplull check --verbose` shows the details",
        release()
    )]
    NoHooks {
        /// The reason given for the best mechanism.
        reason: String,
        /// What was tried, with the verifier's logs.
        refused: Vec<Refusal>,
    },
    /// The scope that was asked for cannot be had here.
    #[error("{flag}: {reason}")]
    Scope {
        /// The flag that asks for it, with its dashes.
        flag: &'static str,
        /// What is missing, and what to do.
        reason: String,
    },
    /// This way of watching was asked for, and does not work here.
    #[error(
        "this kernel ({}) cannot be watched with --watch {mode}: {reason}; \
         leave --watch away, or say --watch global",
        release()
    )]
    CannotWatch {
        /// The way of watching.
        mode: &'static str,
        /// What does not work.
        reason: String,
        /// What was tried, with the verifier's log.
        refused: Vec<Refusal>,
    },
    /// The daemon has let go of the kernel side.
    #[error(
        "the daemon has stepped down to detached, as it took more than cpu_budget (see /readyz): nothing is attached, and \
         nothing is swept; to look without it: tcplull ls --timeout DURATION"
    )]
    Detached,
    /// A map or program is not in the object: the build is broken.
    #[error("the kernel side lacks `{name}`: the build is broken, build it anew")]
    Incomplete {
        /// The map or program.
        name: &'static str,
    },
    /// A map could not be read or written.
    #[error("the kernel refused access to the map {name}: {source}")]
    Map {
        /// The map.
        name: &'static str,
        /// Why.
        #[source]
        source: MapError,
    },
    /// The sweep could not run.
    #[error("the sweep of {what} failed: {source}")]
    Sweep {
        /// Which pass.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A system call failed that does not fail on a sound system.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl KernelError {
    /// Of access to the map `name`.
    pub(crate) fn map(name: &'static str) -> impl FnOnce(MapError) -> Self {
        move |source| Self::Map { name, source }
    }

    /// Of a system call that was made for `what`.
    pub(crate) fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System {
            what,
            source: source.into(),
        }
    }

    /// What was tried and refused, with the verifier's logs.
    pub fn refused(&self) -> &[Refusal] {
        match self {
            Self::TooOld { refused, .. }
            | Self::NoHooks { refused, .. }
            | Self::CannotWatch { refused, .. } => refused,
            _ => &[],
        }
    }
}

/// A mechanism that did not work here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Its name.
    pub mechanism: String,
    /// Why, in one line.
    pub reason: String,
    /// The verifier's log, where there is one.
    #[serde(skip)]
    pub log: String,
}

impl Refusal {
    /// Of this mechanism, and why.
    pub(crate) fn new(mechanism: &str, reason: impl ToString) -> Self {
        Self {
            mechanism: mechanism.to_owned(),
            reason: reason.to_string(),
            log: String::new(),
        }
    }

    /// By the kernel, with the verifier's log.
    pub(crate) fn by_kernel(mechanism: &str, error: &ProgramError) -> Self {
        let ProgramError::LoadError {
            io_error,
            verifier_log,
        } = error
        else {
            return match error {
                ProgramError::Btf(BtfError::UnknownBtfTypeName { type_name }) => {
                    Self::new(mechanism, format!("this kernel has no {type_name}"))
                }
                // By itself it says which call failed, and not why.
                ProgramError::SyscallError(error) => {
                    Self::new(mechanism, format!("{}: {}", error.call, error.io_error))
                }
                other => Self::new(mechanism, other),
            };
        };
        let log = verifier_log.to_string();
        let reason = if io_error.raw_os_error() == Some(Errno::EPERM as i32) {
            "the kernel does not permit it (lockdown, or a security module)".to_owned()
        } else if log.is_empty() {
            io_error.to_string()
        } else {
            // The log can be megabytes; it is kept, for --verbose.
            format!("refused by the verifier ({io_error})")
        };
        Self {
            log,
            ..Self::new(mechanism, reason)
        }
    }
}
