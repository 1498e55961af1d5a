//! Who holds a connection, on hosts that are files in a folder.

mod containers;

use super::*;
use std::fs;
use std::os::unix::fs::MetadataExt;

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
        self.owners_by(true)
    }

    fn owners_by(&self, process_ids: bool) -> Owners {
        let root = self.dir.path();
        Owners {
            pods: Pods::new(root.join("var/log")),
            runtimes: Runtimes::new(root),
            ..Owners::new(root.join("proc"), process_ids)
        }
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.dir.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
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
        cgroup: Some("/system.slice/api.service".to_owned()),
        ..Owner::default()
    };
    assert_eq!(*owner, expected);
}

#[test]
fn seen_from_within_a_container_the_sockets_cgroup_is_the_whole_path() {
    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
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
fn where_the_sockets_cgroup_tells_nothing_the_reason_is_the_one_that_holds() {
    let host = Host::new();
    let id = host.cgroup("mine");
    let why = |owners: &mut Owners, pid| owners.resolve(pid, None, id, 0).unknown.clone();
    let mut owners = host.owners();
    assert_eq!(why(&mut owners, Some(99)).as_deref(), Some(ENDED_IN_NONE));
    assert_eq!(why(&mut owners, None).as_deref(), Some(SOCKET_IN_NONE));
    let mut owners = host.owners_by(false);
    assert_eq!(why(&mut owners, Some(99)).as_deref(), Some(OTHER_IN_NONE));
}

#[test]
fn where_proc_has_other_numbers_only_the_kernel_is_believed() {
    let host = Host::new();
    host.start(7, "stranger", "0::/system.slice/stranger.service\n");
    let id = host.cgroup("system.slice/api.service");
    let mut owners = host.owners_by(false);
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
