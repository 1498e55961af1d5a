//! `tcplull check --self-test`: it passes by each way of watching, leaves nothing behind however it ends, and wakes nobody.

use crate::common::net::routed;
use crate::common::place::{place_in, watching};
use crate::common::run::{Ended, as_nobody, finish, finish_within, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::testbed::Daemon;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::by_snapshots("it_passes_by_snapshots", || passes("snapshots")),
    Test::as_root("it_passes_globally", || passes("global")),
    Test::per_socket("it_passes_socket_by_socket", || passes("per-socket")),
    Test::as_root("scripts_get_one_object", scripts),
    Test::as_root("killed_at_any_moment_it_leaves_nothing_behind", killed),
    Test::as_root("a_daemon_beside_it_tells_nothing_of_it", beside),
    Test::anywhere("without_privileges_it_says_which_it_lacks", no_privileges),
];

/// It waits for a minute and more for each of its steps before it gives up.
const TESTED: Duration = Duration::from_secs(300);

const CHECK: [&str; 4] = ["check", "--config", "/dev/null", "--self-test"];

fn passes(way: &str) -> Tested {
    let ended = finish_within(TESTED, tcplull(CHECK).args(["--watch", way]), "")?;
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let said = in_order(
        &ended,
        &[
            &format!("({way})"),
            "is answered",
            "crossed: self-test (pid ",
            "a new connection is answered",
            "blackholed: self-test (pid ",
            "passed in ",
        ],
    );
    assert!(said, "{ended:?}");
    Ok(())
}

/// Whether each of these is in a line of standard output, one below the other.
fn in_order(ended: &Ended, parts: &[&str]) -> bool {
    let mut lines = ended.stdout.lines();
    parts
        .iter()
        .all(|part| lines.any(|line| line.contains(part)))
}

fn scripts() -> Tested {
    let ended = finish_within(TESTED, tcplull(CHECK).arg("--json"), "")?;
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!(report["passed"], true, "{report}");
    assert_eq!(report["lacks"], Value::Null, "{report}");
    let seen = report["seen"].as_array().ok_or("nothing seen")?;
    let last = seen.last().and_then(|seen| seen["what"].as_str());
    assert!(
        last.is_some_and(|what| what.starts_with("blackholed: ")),
        "{report}"
    );
    Ok(())
}

/// Pins and mounts of this host, which a daemon of socket-by-socket watching makes.
fn left() -> Result<(BTreeSet<PathBuf>, BTreeSet<String>), Failed> {
    let pins = fs::read_dir("/sys/fs/bpf").into_iter().flatten().flatten();
    let pins = pins.map(|entry| entry.path());
    let ours = |path: &PathBuf| path.to_string_lossy().contains("tcplull_sys_fs_bpf");
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    let mounts = mounts
        .lines()
        .filter(|line| line.starts_with("tcplull /sys/fs/bpf"));
    Ok((
        pins.filter(ours).collect(),
        mounts.map(str::to_owned).collect(),
    ))
}

/// The processes that this one has started.
fn children(pid: u32) -> Result<Vec<u32>, Failed> {
    let listed = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    let pids = listed.split_whitespace().map(str::parse);
    Ok(pids.collect::<Result<_, _>>()?)
}

fn killed() -> Tested {
    // Once the daemon is attached, once the connection is silent, once it dies.
    for moment in ["a daemon watches", "is answered", "a new connection"] {
        let before = left()?;
        let mut command = tcplull(CHECK);
        let mut process = command
            .args(["--watch", "global"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("no output")?;
        let reached = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains(moment));
        let parts = children(process.id())?;
        kill(Pid::from_raw(process.id().try_into()?), Signal::SIGKILL)?;
        process.wait()?;
        assert!(reached, "{moment} never came");
        assert_eq!(parts.len(), 2, "the world and the daemon");
        eventually("all its processes are gone", || {
            let alive = |pid: &&u32| Path::new(&format!("/proc/{pid}/exe")).exists();
            let left: Vec<&u32> = parts.iter().filter(alive).collect();
            Ok(if left.is_empty() {
                Ok(())
            } else {
                Err(format!("{left:?}"))
            })
        })?;
        assert_eq!(left()?, before, "{moment}");
    }
    Ok(())
}

fn beside() -> Tested {
    let network = routed()?;
    // It tells all that happens in the control group of these tests, in which the self-test is.
    let place = place_in(&network.block, &watching(&network.block, "quiet", "1s"))?;
    let daemon = Daemon::start(&place, &[])?;
    let mut process = tcplull(CHECK)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let out = process.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let dies = lines.any(|line| line.contains("a new connection"));
    assert!(dies, "the box has forgotten nothing");
    // So the dead connection lives long enough for anybody to judge it.
    let own = Pid::from_raw(process.id().try_into()?);
    kill(own, Signal::SIGSTOP)?;
    let judged =
        outlives_timeouts(&children(process.id())?).and_then(|()| Ok(daemon.await_sweeps(2)?));
    kill(own, Signal::SIGCONT)?;
    judged?;
    assert_eq!(process.wait()?.code(), Some(0));
    daemon.await_sweeps(2)?;
    let told = daemon.finding_lines()?;
    let of_it = told.iter().filter(|line| line.contains("192.0.2."));
    assert_eq!(of_it.collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

/// Waits until a connection of the self-test's client has had two retransmission timeouts more than a verdict takes.
fn outlives_timeouts(parts: &[u32]) -> Tested {
    let is_world = |pid: &&u32| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name.trim() == "self-test")
    };
    let world = parts.iter().find(is_world).ok_or("no world")?;
    eventually("five timeouts", || {
        let mut ss = Command::new("nsenter");
        ss.arg(format!("--net=/proc/{world}/ns/net"));
        let ended = finish(ss.args(["ss", "-Htin"]))?;
        let timeouts = ended.stdout.split_whitespace();
        let timeouts =
            timeouts.filter_map(|word| word.strip_prefix("backoff:")?.parse::<u32>().ok());
        let enough = timeouts.max().is_some_and(|timeouts| timeouts >= 5);
        Ok(enough.then_some(()).ok_or(ended.stdout))
    })
}

fn no_privileges() -> Tested {
    let ended = as_nobody(&CHECK, "")?;
    ended.refused(3, &["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "root"]);
    Ok(())
}
