//! The resolver: what the kernel side saw, completed from /proc.

use super::bounded::Bounded;
use super::cgroup_id::CgroupIds;
use super::names;
use super::pods::{self, Pods};
use monitor_common::{Fact, flags};
use monitor_model::owner::Owner;
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
            pods: Pods::new(pods::LINKS),
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
        self.shared.insert(key, shared);
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
        let (read_comm, process_cgroup) =
            process.map_or((None, None), |process| (process.comm, process.cgroup));
        // From within a container with a cgroup namespace of its own, `/proc` shows others' paths from its own cgroup on
        // (cgroup_namespaces(7)): what is between the two and the root is not in there.
        let is_relative = |path: &String| path.starts_with("/..");
        let cgroup = match process_cgroup {
            Some(path) if !is_relative(&path) => Some(path),
            relative => self.cgroups.path(cgroup_id, now).or(relative),
        };
        let path = cgroup.as_deref().unwrap_or_default();
        let (container, pod) = (names::container(path), names::pod(path));
        let workload = container
            .filter(|_| pod.is_some())
            .and_then(|container| self.pods.workload(container, now));
        Owner {
            pid,
            uid: None,
            comm: comm.map(str::to_owned).or(read_comm),
            unit: names::unit(path).map(str::to_owned),
            container: container.map(str::to_owned),
            pod,
            workload,
            cgroup,
        }
    }

    /// What the bounds cost so far.
    pub fn counters(&self) -> OwnerCounters {
        OwnerCounters {
            evicted: self.processes.evicted()
                + self.shared.evicted()
                + self.cgroups.evicted()
                + self.pods.evicted(),
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
            cgroup: unified_path(&cgroup),
            read: now,
        };
        self.processes.insert(pid, process.clone());
        Some(process)
    }
}

/// The cgroup v2 path in `/proc/<pid>/cgroup`: the line of hierarchy 0, which
/// hybrid systems show beside those of version 1.
fn unified_path(text: &str) -> Option<String> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    // The kernel marks the cgroup of a process that is about to go.
    Some(path.strip_suffix(" (deleted)").unwrap_or(path).to_owned())
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
fn comm_of(fact: &Fact) -> Option<String> {
    let end = fact.comm.iter().position(|byte| *byte == 0);
    let name = &fact.comm[..end.unwrap_or(fact.comm.len())];
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    struct Host {
        dir: tempfile::TempDir,
    }

    impl Host {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir_all(dir.path().join("proc/self")).unwrap();
            fs::create_dir_all(dir.path().join("cgroup")).unwrap();
            let mount = dir.path().join("cgroup");
            let text = format!("41 31 0:38 / {} rw - cgroup2 cgroup2 rw\n", mount.display());
            fs::write(dir.path().join("proc/self/mountinfo"), text).unwrap();
            Self { dir }
        }

        fn start(&self, pid: u32, comm: &str, cgroup: &str) {
            let directory = self.dir.path().join(format!("proc/{pid}"));
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("comm"), format!("{comm}\n")).unwrap();
            fs::write(directory.join("cgroup"), cgroup).unwrap();
        }

        fn end(&self, pid: u32) {
            fs::remove_dir_all(self.dir.path().join(format!("proc/{pid}"))).unwrap();
        }

        fn cgroup(&self, path: &str) -> u64 {
            let directory = self.dir.path().join("cgroup").join(path);
            fs::create_dir_all(&directory).unwrap();
            fs::metadata(directory).unwrap().ino()
        }

        fn owners(&self) -> Owners {
            Owners::new(self.dir.path().join("proc"), true)
        }
    }

    #[test]
    fn a_service_is_named_with_its_process() {
        let host = Host::new();
        host.start(1234, "api", "0::/system.slice/api.service\n");
        let owner = host.owners().resolve(Some(1234), Some("api"), 0, 0);
        let expected = Owner {
            pid: Some(1234),
            uid: Some(0),
            comm: Some("api".to_owned()),
            unit: Some("api.service".to_owned()),
            container: None,
            pod: None,
            workload: None,
            cgroup: Some("/system.slice/api.service".to_owned()),
        };
        assert_eq!(*owner, expected);
    }

    #[test]
    fn a_container_in_a_pod_is_named_with_both() {
        let host = Host::new();
        let path = format!(
            "/kubepods.slice/kubepods-pod8d2cbf2a_6d3e_4b8e_9d3e_0a1b2c3d4e5f.slice/cri-containerd-{ID}.scope"
        );
        host.start(7, "nginx", &format!("0::{path}\n"));
        let owner = host.owners().resolve(Some(7), None, 0, 0);
        assert_eq!(
            owner.comm.as_deref(),
            Some("nginx"),
            "read where the kernel side knew none"
        );
        assert_eq!(owner.container.as_deref(), Some(ID));
        assert_eq!(
            owner.pod.as_deref(),
            Some("8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f")
        );
        assert_eq!(owner.cgroup.as_ref(), Some(&path));
    }

    #[test]
    fn a_container_of_a_pod_is_known_by_its_controller() {
        let host = Host::new();
        let links = host.dir.path().join("containers");
        fs::create_dir_all(&links).unwrap();
        fs::write(
            links.join(format!("api-6d4cf56db6-x7k2p_shop_main-{ID}.log")),
            "",
        )
        .unwrap();
        let pod = format!(
            "0::/kubepods.slice/kubepods-pod8d2cbf2a_6d3e_4b8e_9d3e_0a1b2c3d4e5f.slice/cri-containerd-{ID}.scope\n"
        );
        host.start(7, "java", &pod);
        host.start(8, "java", &format!("0::/system.slice/docker-{ID}.scope\n"));
        let mut owners = Owners {
            pods: Pods::new(links),
            ..host.owners()
        };
        let of_a_pod = owners.resolve(Some(7), None, 0, 0);
        assert_eq!(of_a_pod.workload.as_deref(), Some("shop/api"));
        assert_eq!(owners.resolve(Some(8), None, 0, 0).workload, None);
    }

    #[test]
    fn on_a_hybrid_host_the_unified_line_counts() {
        let host = Host::new();
        let text = "9:name=systemd:/system.slice/old.service\n4:memory:/other\n0::/system.slice/api.service\n";
        host.start(5, "api", text);
        let owner = host.owners().resolve(Some(5), None, 0, 0);
        assert_eq!(owner.cgroup.as_deref(), Some("/system.slice/api.service"));
    }

    #[test]
    fn seen_from_within_a_container_the_sockets_cgroup_is_the_whole_path() {
        let host = Host::new();
        let path = format!("kubepods/burstable/pod8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f/{ID}");
        let id = host.cgroup(&path);
        host.start(
            7,
            "api",
            &format!("0::/../../pod8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f/{ID}\n"),
        );
        let owner = host.owners().resolve(Some(7), Some("api"), id, 0);
        assert_eq!(owner.cgroup, Some(format!("/{path}")));
        assert!(owner.pod.is_some());
        // Of a socket whose cgroup is not known, what is seen is better than nothing.
        host.start(8, "other", &format!("0::/../../{ID}\n"));
        let owner = host.owners().resolve(Some(8), Some("other"), 0, 0);
        assert_eq!(owner.container.as_deref(), Some(ID));
    }

    #[test]
    fn without_a_process_the_sockets_cgroup_names_the_unit() {
        let host = Host::new();
        let id = host.cgroup("system.slice/api.service");
        let owner = host.owners().resolve(None, None, id, 0);
        assert_eq!((owner.pid, owner.comm.as_deref()), (None, None));
        assert_eq!(owner.unit.as_deref(), Some("api.service"));
    }

    #[test]
    fn a_process_that_ended_unseen_leaves_what_the_kernel_saw() {
        let host = Host::new();
        let id = host.cgroup("system.slice/batch.service");
        let owner = host.owners().resolve(Some(99), Some("batch"), id, 0);
        assert_eq!(
            (owner.pid, owner.comm.as_deref()),
            (Some(99), Some("batch"))
        );
        assert_eq!(owner.unit.as_deref(), Some("batch.service"));
    }

    #[test]
    fn where_proc_has_other_numbers_only_the_kernel_is_believed() {
        let host = Host::new();
        host.start(7, "stranger", "0::/system.slice/stranger.service\n");
        let id = host.cgroup("system.slice/api.service");
        let mut owners = Owners::new(host.dir.path().join("proc"), false);
        let owner = owners.resolve(Some(7), Some("api"), id, 0);
        assert_eq!((owner.pid, owner.comm.as_deref()), (Some(7), Some("api")));
        assert_eq!(owner.unit.as_deref(), Some("api.service"));
        assert_eq!(owners.resolve(Some(7), None, 0, 0).comm, None);
    }

    #[test]
    fn a_process_that_ended_is_remembered_by_its_name() {
        let host = Host::new();
        host.start(42, "api", "0::/system.slice/api.service\n");
        let mut owners = host.owners();
        let start = Instant::now();
        owners.resolve_at(Some(42), Some("api"), (0, 0), start);
        host.end(42);
        let later = start + BELIEVED * 60;
        let same = owners.resolve_at(Some(42), Some("api"), (0, 0), later);
        assert_eq!(same.unit.as_deref(), Some("api.service"));
        let other = owners.resolve_at(Some(42), Some("cron"), (0, 0), later);
        assert_eq!(other.unit, None, "another process had this number");
    }

    #[test]
    fn a_number_that_passed_to_another_process_names_the_new_one() {
        let host = Host::new();
        host.start(42, "api", "0::/system.slice/api.service\n");
        let mut owners = host.owners();
        let start = Instant::now();
        owners.resolve_at(Some(42), None, (0, 0), start);
        host.start(42, "cron", "0::/system.slice/cron.service (deleted)\n");
        let owner = owners.resolve_at(Some(42), None, (0, 0), start + BELIEVED);
        assert_eq!(owner.comm.as_deref(), Some("cron"));
        assert_eq!(owner.unit.as_deref(), Some("cron.service"));
    }

    #[test]
    fn connections_of_one_process_share_its_names_for_as_long_as_they_hold() {
        let host = Host::new();
        host.start(42, "api", "0::/system.slice/api.service\n");
        let mut owners = host.owners();
        let start = Instant::now();
        let first = owners.resolve_at(Some(42), Some("api"), (0, 0), start);
        let later = owners.resolve_at(Some(42), Some("api"), (0, 0), start + BELIEVED * 5);
        assert!(Arc::ptr_eq(&first, &later));
        host.start(42, "api", "0::/system.slice/other.service\n");
        let moved = owners.resolve_at(Some(42), Some("api"), (0, 0), start + BELIEVED * 10);
        assert_eq!(moved.unit.as_deref(), Some("other.service"));
        let thread = owners.resolve_at(Some(42), Some("worker"), (0, 0), start + BELIEVED * 10);
        assert_eq!(thread.comm.as_deref(), Some("worker"));
    }

    #[test]
    fn more_processes_than_are_kept_are_counted_as_forgotten() {
        let host = Host::new();
        let mut owners = Owners {
            processes: Bounded::new(2),
            ..host.owners()
        };
        for pid in 1..=3 {
            host.start(pid, "many", "0::/\n");
            owners.resolve(Some(pid), None, 0, 0);
        }
        assert_eq!(
            owners.counters(),
            OwnerCounters {
                evicted: 2,
                walks_cut: 0
            }
        );
    }

    #[test]
    fn this_very_process_is_found_in_the_real_proc() {
        let owner = Owners::new("/proc", true).resolve(Some(std::process::id()), None, 0, 0);
        let own = fs::read_to_string("/proc/self/comm").unwrap();
        assert_eq!(owner.comm.as_deref(), Some(own.trim_end()));
    }
}
