//! Scope: what is asked for, and what that is in the kernel now.

mod groups;
mod processes;

use crate::error::KernelError;
use crate::host_view::HostView;
use crate::pod::{Pod, take};
use aya::Ebpf;
use aya::maps::{Array, MapData};
use groups::Groups;
use monitor_common::{MISSING, Offsets, Scope as Target, ScopeGroup, scope_kinds};
use processes::Process;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Which connections are told of: of several members that are set, all must hold. Without any, all of the host's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Sockets of this cgroup and of those below: its path in the hierarchy ("/system.slice") or its directory.
    pub cgroup: Option<PathBuf>,
    /// Sockets in this network namespace.
    pub netns: Option<Netns>,
    /// Sockets of this systemd unit's cgroup, and of those below.
    pub unit: Option<String>,
    /// Sockets that this process holds.
    pub pid: Option<u32>,
}

/// A network namespace by what leads to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Netns {
    /// A file such as `/run/netns/blue`.
    Path(PathBuf),
    /// That of this process.
    OfProcess(u32),
}

impl Netns {
    fn path(&self) -> PathBuf {
        match self {
            Self::Path(path) => path.clone(),
            Self::OfProcess(pid) => PathBuf::from(format!("/proc/{pid}/ns/net")),
        }
    }
}

impl fmt::Display for Netns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::OfProcess(pid) => write!(f, "that of process {pid}"),
        }
    }
}

impl Scope {
    /// Whether it limits nothing.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Its bits of [`scope_kinds`].
    pub(crate) fn kinds(&self) -> u32 {
        let kinds = [
            (self.cgroup.is_some(), scope_kinds::CGROUP),
            (self.unit.is_some(), scope_kinds::UNIT),
            (self.netns.is_some(), scope_kinds::NETNS),
            (self.pid.is_some(), scope_kinds::PID),
        ];
        kinds
            .iter()
            .filter(|(set, _)| *set)
            .fold(0, |all, (_, kind)| all | kind)
    }
}

/// For people: "unit api.service in cgroup /system.slice".
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cgroup = self
            .cgroup
            .as_ref()
            .map(|path| format!("cgroup {}", path.display()));
        let parts = [
            self.pid.map(|pid| format!("process {pid}")),
            self.unit.as_ref().map(|unit| format!("unit {unit}")),
            cgroup,
            self.netns
                .as_ref()
                .map(|netns| format!("network namespace {netns}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(" in "))
    }
}

/// Finds what a scope stands for, again and again: a unit that is started anew has another cgroup.
#[derive(Debug)]
pub(crate) struct Finder {
    scope: Scope,
    groups: Option<Groups>,
    process: Option<Process>,
    sweep: u32,
    /// What is missing now, in words.
    missing: Option<String>,
}

impl Finder {
    /// For this scope, on a kernel with these members.
    ///
    /// # Errors
    /// [`KernelError::Scope`] where this kernel or this place cannot decide it, or a process is not there.
    pub(crate) fn new(scope: &Scope, offsets: &Offsets) -> Result<Self, KernelError> {
        let cannot = |flag: &'static str| move |reason: String| KernelError::Scope { flag, reason };
        let by_group = scope.cgroup.as_ref().map(|_| "--cgroup");
        let by_group = by_group.or(scope.unit.as_ref().map(|_| "--unit"));
        let groups = by_group
            .map(|flag| Groups::new(offsets).map_err(cannot(flag)))
            .transpose()?;
        let numbers = |flag: &'static str| {
            if HostView::own().process_ids {
                return Ok(());
            }
            let reason = "processes have other numbers here than the host gives them: start it in the host's pid namespace";
            Err(cannot(flag)(reason.to_owned()))
        };
        if let Some(Netns::OfProcess(pid)) = scope.netns {
            numbers("--netns")?;
            Process::open(pid).map_err(cannot("--netns"))?;
        }
        let process = match scope.pid {
            Some(pid) => {
                numbers("--pid")?;
                Some(Process::open(pid).map_err(cannot("--pid"))?)
            }
            None => None,
        };
        if let Some(path) = &scope.cgroup
            && let Some(groups) = &groups
        {
            groups.check(path).map_err(cannot("--cgroup"))?;
        }
        if offsets.net_inum == MISSING && scope.netns.is_some() {
            let reason = "this kernel does not number network namespaces (CONFIG_NET_NS)";
            return Err(cannot("--netns")(reason.to_owned()));
        }
        Ok(Self {
            scope: scope.clone(),
            groups,
            process,
            sweep: 0,
            missing: None,
        })
    }

    /// What it stands for in the sweep that is about to begin.
    pub(crate) fn find(&mut self) -> Target {
        self.sweep = self.sweep.wrapping_add(1);
        let mut missing = None;
        let mut lacks = |what: String| {
            missing.get_or_insert(what);
        };
        let mut group = |found: Option<ScopeGroup>, what: String| {
            if found.is_none() {
                lacks(what);
            }
            found.unwrap_or_default()
        };
        let mut target = Target {
            sweep: self.sweep,
            ..Target::default()
        };
        if let (Some(groups), Some(path)) = (&self.groups, &self.scope.cgroup) {
            target.cgroup = group(groups.at(path), format!("cgroup {}", path.display()));
        }
        if let (Some(groups), Some(unit)) = (&mut self.groups, &self.scope.unit) {
            target.unit = group(groups.of_unit(unit), format!("unit {unit}"));
        }
        if let Some(netns) = &self.scope.netns {
            target.netns = inode(&netns.path()).unwrap_or(0);
            if target.netns == 0 {
                lacks(format!("network namespace {netns}"));
            }
        }
        if let Some(process) = &mut self.process {
            target.pid = process.number();
            if target.pid == 0 {
                lacks(format!("process {}", self.scope.pid.unwrap_or(0)));
            }
        }
        self.note(missing);
        target
    }

    /// Says what changed.
    fn note(&mut self, missing: Option<String>) {
        if missing != self.missing {
            match &missing {
                Some(what) => tracing::warn!("{what} is not there: nothing is told until it is"),
                None => tracing::info!("all that the scope names is there: {}", self.scope),
            }
        }
        self.missing = missing;
    }
}

/// The scope as the kernel side has it.
pub(crate) struct ScopeTable {
    finder: Finder,
    target: Array<MapData, Pod<Target>>,
}

impl ScopeTable {
    /// Puts what `finder` finds in force, so that the hooks have it before the first sweep.
    pub(crate) fn new(ebpf: &mut Ebpf, finder: Finder) -> Result<Self, KernelError> {
        let target = take(ebpf, "SCOPE", Array::try_from)?;
        let mut table = Self { finder, target };
        table.refresh()?;
        Ok(table)
    }

    /// Looks up again what the scope stands for, before a sweep.
    pub(crate) fn refresh(&mut self) -> Result<(), KernelError> {
        if self.finder.scope.is_all() {
            return Ok(());
        }
        let target = self.finder.find();
        self.target
            .set(0, Pod(target), 0)
            .map_err(KernelError::map("SCOPE"))
    }

    /// What the scope names and is not there; `None` while all of it is.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.finder.missing.as_deref()
    }
}

/// The kernel numbers namespaces with 32 bits (`ns_common.inum`).
fn inode(path: &Path) -> Option<u32> {
    let found = fs::metadata(path).ok()?;
    u32::try_from(found.ino()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_said_in_words_and_has_a_bit_for_each_of_its_kinds() {
        let scope = Scope {
            unit: Some("api.service".to_owned()),
            netns: Some(Netns::Path("/run/netns/blue".into())),
            ..Scope::default()
        };
        assert_eq!(scope.kinds(), scope_kinds::UNIT | scope_kinds::NETNS);
        assert_eq!(
            scope.to_string(),
            "unit api.service in network namespace /run/netns/blue"
        );
        assert!(!scope.is_all());
        assert_eq!(Scope::default().kinds(), 0);
    }

    #[test]
    fn what_is_not_there_is_nothing_and_said() {
        let scope = Scope {
            netns: Some(Netns::Path("/nonexistent/netns".into())),
            ..Scope::default()
        };
        let mut offsets = Offsets::NONE;
        offsets.net_inum = 0;
        let mut finder = Finder::new(&scope, &offsets).unwrap();
        assert_eq!(finder.find().netns, 0);
        assert_eq!(
            finder.missing.as_deref(),
            Some("network namespace /nonexistent/netns")
        );
    }

    #[test]
    fn a_process_that_is_not_there_is_refused_with_the_flag() {
        let scope = Scope {
            // No process has this id: the largest is 2^22 (PID_MAX_LIMIT).
            pid: Some(1 << 30),
            ..Scope::default()
        };
        let error = Finder::new(&scope, &Offsets::NONE).unwrap_err().to_string();
        assert!(error.starts_with("--pid: "), "{error}");
    }
}
