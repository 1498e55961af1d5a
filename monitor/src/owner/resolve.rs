//! The resolver: what the kernel side saw, completed from /proc.

use super::bounded::Bounded;
use super::cgroup_id::CgroupIds;
use super::named::Named;
use super::names;
use super::pods::Pods;
use super::runtimes::{Answer, Runtimes};
use monitor_common::{Fact, flags};
use monitor_model::owner::Owner;
use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Processes whose names are kept.
const MOST_PROCESSES: usize = 4096;

/// Owners that are shared by their connections.
const MOST_SHARED: usize = 4096;

/// How long what /proc said of a process is believed: its number may pass to
/// another one, though hardly within this time.
const BELIEVED: Duration = Duration::from_secs(1);

/// Why an owner has no unit and no container, or these have no names.
const IN_NONE: &str = "in no unit and no container";
const SOCKET_IN_NONE: &str =
    "no process was seen with it, and its socket's control group is no unit's and no container's";
const ENDED_IN_NONE: &str = "its process ended before it was asked about, and its socket's control group is no unit's and no container's";
const OTHER_IN_NONE: &str = "its process has another number in this pid namespace, and its socket's control group is no unit's and no container's";
const NO_CGROUP2: &str =
    "no process is known, and its socket's control group neither: no cgroup v2 is mounted here";
const PROCESS_GONE: &str = "its process ended before it was asked about";
const OTHER_NUMBERS: &str = "its process has another number in this pid namespace, and its socket's control group is gone or out of sight";
const NO_PROCESS: &str =
    "no process was seen with it, and its socket's control group is gone or out of sight";
const POD_NOT_NAMED: &str = "nothing in /var/log/pods names this pod";
const NOT_NAMED: &str = "no file of its runtime or of the kubelet names this container: it is gone, or the runtime is not one of those known";
const FORBIDDEN: &str =
    "this container's name is in its runtime's files, which this process may not read";

/// Finds out who holds a connection, from what the kernel side saw and /proc.
#[derive(Debug)]
pub struct Owners {
    /// None where the kernel's numbers are of other processes there.
    proc: Option<PathBuf>,
    processes: Bounded<u32, Process>,
    /// By process, and the socket's cgroup and user.
    shared: Bounded<(Option<u32>, u64, u32), Shared>,
    cgroups: CgroupIds,
    pods: Pods,
    runtimes: Runtimes,
}

/// What the resolver's bounds cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerCounters {
    /// Cached processes, owners and cgroups forgotten because a cache was full; they are
    /// looked up again when needed.
    pub evicted: u64,
    /// Walks over the cgroup tree, or over the kubelet's links to logs, that ended early because there was too much;
    /// cgroups deep in the one, and pods of the other, then stay without a name.
    pub walks_cut: u64,
}

#[derive(Clone, Debug)]
struct Process {
    comm: Option<String>,
    cgroup: Option<String>,
    /// Its path in the hierarchy that tells most of it, where that is not the one above.
    telling: Option<String>,
    read: Instant,
}

/// What was last answered. Connections of one owner share it: fifty thousand of them
/// would otherwise each hold its names.
#[derive(Clone, Debug)]
struct Shared {
    /// The name that was asked with.
    comm: Option<String>,
    owner: Arc<Owner>,
    resolved: Instant,
}

impl Owners {
    /// A resolver over the process file system mounted at `proc`; the cgroup v2
    /// mount is the one that `self/mountinfo` below it names. Without `process_ids` the kernel's numbers are of other
    /// processes there, and say nothing.
    pub fn new(proc: impl Into<PathBuf>, process_ids: bool) -> Self {
        let proc = proc.into();
        Self {
            cgroups: CgroupIds::new(&proc),
            pods: Pods::new("/var/log"),
            runtimes: Runtimes::new("/"),
            processes: Bounded::new(MOST_PROCESSES),
            shared: Bounded::new(MOST_SHARED),
            proc: process_ids.then_some(proc),
        }
    }

    /// The owner of the connection that a fact is about.
    pub fn of(&mut self, fact: &Fact) -> Arc<Owner> {
        let known = fact.has(flags::TASK_KNOWN);
        let comm = comm_of(fact).filter(|_| known);
        let pid = known.then_some(fact.pid);
        self.resolve(pid, comm.as_deref(), fact.socket.cgroup_id, fact.socket.uid)
    }

    /// The owner of a connection, best effort. `pid` and `comm` are what the
    /// kernel side saw, in this process's pid namespace; `cgroup_id` is the
    /// socket's own cgroup v2 id, 0 if unknown.
    ///
    /// The process's cgroup goes before the socket's: an accepted socket may
    /// carry its listener's.
    fn resolve(
        &mut self,
        pid: Option<u32>,
        comm: Option<&str>,
        cgroup_id: u64,
        uid: u32,
    ) -> Arc<Owner> {
        self.resolve_at(pid, comm, (cgroup_id, uid), Instant::now())
    }

    fn resolve_at(
        &mut self,
        pid: Option<u32>,
        comm: Option<&str>,
        (cgroup_id, uid): (u64, u32),
        now: Instant,
    ) -> Arc<Owner> {
        let key = (pid, cgroup_id, uid);
        let known = self
            .shared
            .get(&key)
            .filter(|known| known.comm.as_deref() == comm);
        if let Some(known) = known
            && now.saturating_duration_since(known.resolved) < BELIEVED
        {
            return Arc::clone(&known.owner);
        }
        let before = known.map(|known| Arc::clone(&known.owner));
        let mut news = self.look_up(pid, comm, cgroup_id, now);
        news.uid = Some(uid);
        let owner = before
            .filter(|before| **before == news)
            .unwrap_or_else(|| Arc::new(news));
        let shared = Shared {
            comm: comm.map(str::to_owned),
            owner: Arc::clone(&owner),
            resolved: now,
        };
        self.shared.insert(key, shared, now);
        owner
    }

    fn look_up(
        &mut self,
        pid: Option<u32>,
        comm: Option<&str>,
        cgroup_id: u64,
        now: Instant,
    ) -> Owner {
        let process = pid.and_then(|pid| self.process(pid, comm, now));
        let by_process = process.is_some();
        let (read_comm, process_cgroup, telling) = process.map_or((None, None, None), |process| {
            (process.comm, process.cgroup, process.telling)
        });
        // From within a container with a cgroup namespace of its own, `/proc` shows others' paths from its own cgroup on
        // (cgroup_namespaces(7)): what is between the two and the root is not in there.
        let is_whole = |path: &&String| !path.starts_with("/..");
        let cgroup = match process_cgroup {
            Some(path) if is_whole(&&path) => Some(path),
            relative => self.cgroups.path(cgroup_id, now).or(relative),
        };
        let whole = telling.as_ref().filter(is_whole);
        let path = whole.or(cgroup.as_ref()).or(telling.as_ref());
        let nowhere = path.is_none().then(|| self.why_nowhere(pid));
        let path = path.map_or("", String::as_str);
        let (unit, container, pod) = (names::unit(path), names::container(path), names::pod(path));
        let (named, nameless) = match (container, &pod) {
            (None, None) if unit.is_some() => (Named::default(), None),
            (None, None) if by_process => (Named::default(), Some(IN_NONE)),
            (None, None) => (Named::default(), Some(self.why_in_none(pid))),
            _ => self.called(container, pod.as_deref(), now),
        };
        Owner {
            pid,
            uid: None,
            comm: comm.map(str::to_owned).or(read_comm),
            unit: unit.map(str::to_owned),
            container: container.map(str::to_owned),
            workload: named.workload(),
            pod: pod.or(named.uid),
            container_name: named.container,
            pod_name: named.pod,
            namespace: named.namespace,
            unknown: nowhere.or(nameless).map(str::to_owned),
            cgroup,
        }
    }

    /// What a container and its pod are called, or why nothing tells it. The names of logs go before the runtime's files:
    /// these may be many, and forbidden.
    fn called(
        &mut self,
        container: Option<&str>,
        pod: Option<&str>,
        now: Instant,
    ) -> (Named, Option<&'static str>) {
        let logged = self.pods.named(container, pod, now);
        let named_there = logged
            .as_ref()
            .is_some_and(|named| named.container.is_some());
        let Some(container) = container.filter(|_| !named_there) else {
            let why = logged.is_none().then_some(POD_NOT_NAMED);
            return (logged.unwrap_or_default(), why);
        };
        match (self.runtimes.named(container, now), logged) {
            (Answer::Named(named), logged) => (named.or(logged.unwrap_or_default()), None),
            (_, Some(logged)) => (logged, None),
            (Answer::Forbidden, None) => (Named::default(), Some(FORBIDDEN)),
            (Answer::Missing, None) => (Named::default(), Some(NOT_NAMED)),
        }
    }

    /// Why no control group is known.
    fn why_nowhere(&self, pid: Option<u32>) -> &'static str {
        match (pid, &self.proc, self.cgroups.is_mounted()) {
            (_, _, false) if pid.is_none() || self.proc.is_none() => NO_CGROUP2,
            (Some(_), Some(_), _) => PROCESS_GONE,
            (Some(_), None, _) => OTHER_NUMBERS,
            (None, ..) => NO_PROCESS,
        }
    }

    /// Why the socket's control group had to do, which is no unit's and no container's.
    fn why_in_none(&self, pid: Option<u32>) -> &'static str {
        match (pid, &self.proc) {
            (Some(_), Some(_)) => ENDED_IN_NONE,
            (Some(_), None) => OTHER_IN_NONE,
            (None, _) => SOCKET_IN_NONE,
        }
    }

    /// What the bounds cost so far.
    pub fn counters(&self) -> OwnerCounters {
        OwnerCounters {
            evicted: self.processes.evicted()
                + self.shared.evicted()
                + self.cgroups.evicted()
                + self.pods.evicted()
                + self.runtimes.evicted(),
            walks_cut: self.cgroups.walks_cut() + self.pods.walks_cut(),
        }
    }

    fn process(&mut self, pid: u32, comm: Option<&str>, now: Instant) -> Option<Process> {
        let cached = self.processes.get(&pid);
        if let Some(process) = cached
            && now.saturating_duration_since(process.read) < BELIEVED
        {
            return Some(process.clone());
        }
        let directory = self.proc.as_ref()?.join(pid.to_string());
        let Some(cgroup) = read_short(&directory.join("cgroup")) else {
            // It has ended. What was read in its lifetime still holds, if it was
            // this process by its name.
            let same = |process: &&Process| comm.is_none() || comm == process.comm.as_deref();
            return cached.filter(same).cloned();
        };
        let process = Process {
            comm: read_short(&directory.join("comm")).map(|text| text.trim_end().to_owned()),
            telling: telling_path(&cgroup),
            cgroup: unified_path(&cgroup),
            read: now,
        };
        self.processes.insert(pid, process.clone(), now);
        Some(process)
    }
}

/// The cgroup v2 path in `/proc/<pid>/cgroup`: the line of hierarchy 0, which
/// hybrid systems show beside those of version 1.
fn unified_path(text: &str) -> Option<String> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(without_mark(path).to_owned())
}

/// The path in `/proc/<pid>/cgroup` that tells who it is, unless that is the one of [`unified_path`]: where hierarchies of
/// version 1 are in use, container and unit may stand in these alone. A container goes before a unit, systemd's own hierarchy before
/// those of controllers.
fn telling_path(text: &str) -> Option<String> {
    let paths = |of: fn(&str) -> bool| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.filter_map(move |(_, rest)| {
            let (controllers, path) = rest.split_once(':')?;
            of(controllers).then(|| without_mark(path))
        })
    };
    let in_order: Vec<&str> = paths(str::is_empty)
        .chain(paths(|controllers| controllers == "name=systemd"))
        .chain(paths(|controllers| {
            !controllers.is_empty() && controllers != "name=systemd"
        }))
        .collect();
    let contained = |path: &&&str| names::container(path).is_some() || names::pod(path).is_some();
    let found = in_order.iter().find(contained);
    let found = found.or_else(|| in_order.iter().find(|path| names::unit(path).is_some()))?;
    let unified = unified_path(text);
    (unified.as_deref() != Some(*found)).then(|| (*found).to_owned())
}

/// The kernel marks the cgroup of a process that is about to go.
fn without_mark(path: &str) -> &str {
    path.strip_suffix(" (deleted)").unwrap_or(path)
}

fn read_short(file: &Path) -> Option<String> {
    // A path of 4096 bytes for each of some dozen hierarchies.
    const LONGEST: u64 = 64 * 1024;
    let mut bytes = Vec::new();
    File::open(file)
        .ok()?
        .take(LONGEST)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The name of the task behind a fact, without its padding.
fn comm_of(fact: &Fact) -> Option<Cow<'_, str>> {
    let end = fact.comm.iter().position(|byte| *byte == 0);
    let name = &fact.comm[..end.unwrap_or(fact.comm.len())];
    (!name.is_empty()).then(|| String::from_utf8_lossy(name))
}

#[cfg(test)]
mod tests;
