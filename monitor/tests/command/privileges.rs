//! What a daemon may do once it runs, and that this is enough for its work, as a user of its own too.

use crate::common::net::{Pair, routed};
use crate::common::place::{path, place_in, watching};
use crate::common::run::{Ended, TCPLULL, finish, for_others};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor::sandbox::{KEPT, Needs, Sandbox};
use monitor_lab::network::block::Block;
use monitor_lab::testbed::{Daemon, Place};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, chown};
use procfs::FromRead;
use procfs::process::Status;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "no_thread_of_a_daemon_keeps_what_it_does_not_need",
        by_default,
    ),
    Test::as_root("asked_for_least_it_keeps_two_capabilities", least),
    Test::as_root("what_is_left_out_by_off_is_told", off),
    Test::by_snapshots("as_a_user_of_its_own_it_works_by_snapshots", snapshots),
    Test::as_root("as_a_user_of_its_own_it_works_globally", global),
    Test::per_socket("as_a_user_of_its_own_it_works_socket_by_socket", per_socket),
    Test::as_root(
        "a_runtime_without_cap_bpf_is_served_by_its_stand_in",
        stand_in,
    ),
    Test::as_root("a_missing_capability_is_named", missing),
    Test::as_root("a_seccomp_profile_without_bpf_is_named", without_bpf),
    Test::per_socket("what_watching_socket_by_socket_lacks_is_named", lacks),
    Test::as_root("a_read_only_run_is_named", read_only),
];

/// The user that the unit would make; any that has nothing here.
const USER: u32 = 4242;

const GLOBAL: &[&str] = &["bpf", "perfmon"];
const PER_SOCKET: &[&str] = &[
    "bpf",
    "perfmon",
    "net_admin",
    "sys_admin",
    "sys_ptrace",
    "dac_read_search",
];

/// Starts a program as `user` with these capabilities and none besides, as a unit with AmbientCapabilities= does.
fn with(user: u32, capabilities: &[&str]) -> Vec<String> {
    let given: Vec<String> = capabilities.iter().map(|one| format!("+{one}")).collect();
    let given = given.join(",");
    let (inherited, rest) = match given.as_str() {
        "" => ("-all".to_owned(), "-all".to_owned()),
        given => (given.to_owned(), format!("-all,{given}")),
    };
    let mut words = ["setpriv", "--clear-groups", "--no-new-privs"]
        .map(str::to_owned)
        .to_vec();
    words.extend([format!("--reuid={user}"), format!("--regid={user}")]);
    words.extend([
        format!("--bounding-set={rest}"),
        format!("--inh-caps={inherited}"),
        format!("--ambient-caps={inherited}"),
    ]);
    words
}

/// A command of root's with these capabilities to its end, where neither a BPF file system is at its usual place nor a cgroup v2
/// hierarchy anywhere.
fn finish_with(capabilities: &[&str], arguments: &[&str]) -> Result<Ended, Failed> {
    let script = "{ umount -l /sys/fs/bpf; umount -l -a -t cgroup2; } 2>/dev/null; exec \"$@\"";
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", script, "sh"]);
    Ok(finish(
        unshare
            .args(with(0, capabilities))
            .arg(TCPLULL)
            .args(arguments),
    )?)
}

/// As `/proc/PID/status` has them; the numbers are of include/uapi/linux/capability.h.
fn mask(names: &[&str]) -> u64 {
    let number = |name: &str| match name {
        "dac_read_search" => 2,
        "net_admin" => 12,
        "sys_ptrace" => 19,
        "sys_admin" => 21,
        "perfmon" => 38,
        "bpf" => 39,
        other => panic!("{other} is none of ours"),
    };
    names.iter().fold(0, |mask, name| mask | 1 << number(name))
}

/// Of every thread: these capabilities and no others in any set, and everything in force that is to be.
fn holds(daemon: &Daemon, capabilities: &[&str]) -> Tested {
    let wanted = mask(capabilities);
    let mut threads = 0;
    for entry in fs::read_dir(format!("/proc/{}/task", daemon.pid()))? {
        let file = entry?.path().join("status");
        let status = match Status::from_file(&file) {
            // It has ended since: a thread may be there for one question alone.
            Err(_) if !file.exists() => continue,
            status => status?,
        };
        let name = &status.name;
        assert_eq!(status.capeff, wanted, "{name}: {:x}", status.capeff);
        assert_eq!(status.capprm, wanted, "{name}: {:x}", status.capprm);
        assert_eq!((status.capinh, status.capamb), (0, Some(0)), "{name}");
        assert_eq!(status.capbnd, Some(wanted), "{name}");
        assert_eq!(status.nonewprivs, Some(1), "{name}");
        assert_eq!(status.seccomp, Some(2), "{name}");
        threads += 1;
    }
    assert!(threads > 1, "only {threads} thread");
    Ok(())
}

/// What the daemon says of it.
fn told(daemon: &Daemon) -> Result<Value, Failed> {
    let (code, body) = daemon.get("/api/v1/agent")?;
    assert_eq!(code, 200, "{body}");
    let state: Value = serde_json::from_str(&body)?;
    Ok(state["privileges"].clone())
}

const API: &[&str] = &["--web.api"];

fn by_default() -> Tested {
    let block = Block::claim()?;
    let daemon = Daemon::start(&place_in(&block, "")?, API)?;
    holds(&daemon, PER_SOCKET)?;
    let told = told(&daemon)?;
    assert_eq!(told["profile"], "per-socket", "{told}");
    assert_eq!(
        told["capabilities"].as_array().map(Vec::len),
        Some(KEPT.len()),
        "{told}"
    );
    assert_eq!(told["refuses_calls"], true, "{told}");
    Ok(())
}

fn least() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    // A port that takes a capability, which is open before that is given up.
    let port = format!("{}:81", block.loopback());
    let arguments = [
        "--sandbox",
        "global",
        "--web.api",
        "--web.listen-address",
        &port,
    ];
    let listen = place.listen().to_string();
    let both = [&arguments[..], &["--web.listen-address", &listen]].concat();
    let daemon = Daemon::start(&place, &both)?;
    holds(&daemon, GLOBAL)?;
    let told = told(&daemon)?;
    assert_eq!(told["profile"], "global", "{told}");
    assert_eq!(told["no_new_privs"], true, "{told}");
    assert_eq!(told["other_capabilities"], 0, "{told}");
    monitor_lab::testbed::http::get(port.parse()?, "/healthz")?;
    Ok(())
}

fn off() -> Tested {
    let block = Block::claim()?;
    let daemon = Daemon::start(&place_in(&block, "")?, &["--sandbox", "off", "--web.api"])?;
    let told = told(&daemon)?;
    assert_eq!(told["profile"], "unconfined", "{told}");
    assert_eq!(told["refuses_calls"], false, "{told}");
    Ok(())
}

/// From a silence to what became of it, past a reload and to the end, as a user of its own.
fn works(capabilities: &[&str], way: &str) -> Tested {
    let network = routed()?;
    let settings = watching(&network.block, "nat", "2s");
    let (_reached, binary) = for_others()?;
    let place = Place::new(&binary, network.block.loopback(), &settings)?;
    let launcher = with(USER, capabilities);
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    let place = place.launched_by(&launcher);
    let own = |path: &Path| chown(path, Some(Uid::from_raw(USER)), Some(Gid::from_raw(USER)));
    let history = place.path("history");
    let kept = format!("{settings}[history]\ndir = {history:?}\n");
    place.configure(&kept)?;
    let file = place.file();
    own(&file)?;
    own(file.parent().unwrap_or(&file))?;
    let daemon = Daemon::start(&place, &["--watch", way, "--web.api"])?;
    let uid = Status::from_file(format!("/proc/{}/status", daemon.pid()))?.euid;
    assert_eq!(uid, USER);
    holds(&daemon, capabilities)?;
    let told = told(&daemon)?;
    assert_eq!(told["other_capabilities"], 0, "{told}");
    let here = Sandbox::Global.tried(&Needs::default())?;
    let landlock = match capabilities == GLOBAL {
        true => here.0.landlock,
        false => "none".to_owned(),
    };
    assert_eq!(told["landlock"], landlock, "{told}");

    let pair = Pair::across(&network)?;
    let crossed = daemon.await_finding(pair.client_address()?, "crossed")?;
    // Whose it is, although that is another user's process.
    let comm = fs::read_to_string("/proc/self/comm")?;
    let finding = serde_json::to_value(&crossed)?;
    assert_eq!(finding["owner"]["comm"], comm.trim_end(), "{finding}");
    pair.exchange()?;
    daemon.await_finding(pair.client_address()?, "survived")?;

    place.configure(&format!("{kept}{}", path("new", &["192.0.2.0/24"], "1h")))?;
    daemon.signal(Signal::SIGHUP)?;
    eventually("the new path is in force", || {
        let new = daemon.metric("crossed_total", &[("path", "new")]);
        Ok(new.map(drop).map_err(|_| "it is not"))
    })?;
    assert_eq!(daemon.stop()?, Some(0));
    // What it wrote within its folders.
    assert!(
        fs::read_dir(&history)?.next().is_some(),
        "no history in {history:?}"
    );
    assert!(!place.socket().exists());
    Ok(())
}

fn snapshots() -> Tested {
    works(GLOBAL, "snapshots")
}

fn global() -> Tested {
    works(GLOBAL, "global")
}

fn per_socket() -> Tested {
    works(PER_SOCKET, "per-socket")
}

fn stand_in() -> Tested {
    let block = Block::claim()?;
    let launcher = with(0, &["sys_admin"]);
    let launcher: Vec<&str> = launcher.iter().map(String::as_str).collect();
    let place = place_in(&block, "")?.launched_by(&launcher);
    let daemon = Daemon::start(&place, &["--sandbox", "global"])?;
    holds(&daemon, &["sys_admin"])
}

fn missing() -> Tested {
    for command in ["run", "check"] {
        let ended = finish_with(&["bpf"], &[command, "--config", "/dev/null"])?;
        ended.refused(
            3,
            &["missing CAP_PERFMON", "securityContext", "CAP_SYS_ADMIN"],
        );
    }
    Ok(())
}

/// As in a container of CRI-O's that has no CAP_SYS_ADMIN: a filter for which the kernel is not even asked.
fn without_bpf() -> Tested {
    let refuse = |action| {
        let rules = [(libc::SYS_bpf, Vec::new())].into();
        let target = std::env::consts::ARCH.try_into()?;
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, target)?;
        apply_filter(&BpfProgram::try_from(filter)?)
    };
    for answer in [libc::EPERM, libc::ENOSYS] {
        for command in ["run", "check"] {
            let ended = thread::scope(|scope| {
                // The filter goes with this thread; what it starts has it.
                let filtered = scope.spawn(|| {
                    refuse(SeccompAction::Errno(answer.unsigned_abs()))?;
                    let arguments = [command, "--config", "/dev/null"];
                    Ok::<_, Failed>(finish(Command::new(TCPLULL).args(arguments))?)
                });
                filtered.join().map_err(|_| "the thread broke off")?
            })?;
            ended.refused(3, &["seccomp", "bpf(2)", "runtime", "seccompProfile"]);
        }
    }
    Ok(())
}

fn lacks() -> Tested {
    let check = |capabilities: &[&str]| {
        let place = tempfile::tempdir()?;
        fs::set_permissions(place.path(), Permissions::from_mode(0o755))?;
        let socket = place.path().join("tcplull.sock");
        let socket = socket.to_string_lossy();
        let arguments = [
            "check",
            "--watch",
            "per-socket",
            "--config",
            "/dev/null",
            "--socket",
            &socket,
        ];
        finish_with(capabilities, &arguments)
    };
    check(GLOBAL)?.refused(3, &["--watch per-socket", "missing CAP_NET_ADMIN"]);
    // Neither a BPF file system nor the right to mount one.
    let ended = check(&["bpf", "perfmon", "net_admin"])?;
    ended.refused(
        3,
        &[
            "--watch per-socket",
            "no place to pin",
            "/sys/fs/bpf",
            "CAP_SYS_ADMIN",
        ],
    );
    // With that right the hierarchy alone is missing.
    let ended = check(&["bpf", "perfmon", "net_admin", "sys_admin"])?;
    ended.refused(
        3,
        &[
            "--watch per-socket",
            "no cgroup v2 hierarchy",
            "mount -t cgroup2",
        ],
    );
    Ok(())
}

fn read_only() -> Tested {
    let script =
        "mount -t tmpfs -o ro tmpfs /run && exec \"$0\" run --timeout 4m --config /dev/null";
    let mut unshare = Command::new("unshare");
    let ended = finish(unshare.args(["--mount", "sh", "-c", script, TCPLULL]))?;
    ended.refused(
        3,
        &[
            "/run/tcplull/tcplull.sock",
            "read-only",
            "emptyDir",
            "--socket",
        ],
    );
    Ok(())
}
