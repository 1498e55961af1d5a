//! In namespaces of its own the daemon sees less than the host, or nothing, and says so.

use crate::common::place::place_in;
use crate::common::run::{TCPLULL, finish};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::Place;
use monitor_lab::testbed::http::get;
use serde_json::Value;
use std::fs::File;
use std::process::{Command, Stdio};

pub const TESTS: &[Test] = &[
    Test::as_root("where_it_sees_the_whole_host_it_says_that", whole_host),
    Test::as_root("check_says_that_it_sees_only_its_pid_namespace", check),
    Test::as_root("a_daemon_that_sees_only_itself_is_not_ready", only_itself),
    Test::as_root("one_that_sees_others_is_ready_and_warns", with_others),
    Test::as_root("a_user_namespace_is_named_as_the_cause", user_namespace),
    Test::as_root("a_missing_proc_is_named_as_the_cause", no_proc),
];

/// What names the remedy in a pid namespace.
const REMEDIES: [&str; 2] = ["hostPID: true", "--pid=host"];

/// In a pid namespace of its own, which ends with this process.
fn own_pids() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
    unshare
}

fn check() -> Tested {
    let people = finish(own_pids().args([TCPLULL, "check", "--config", "/dev/null"]))?;
    assert_eq!(people.code, Some(1), "{people:?}");
    for part in ["-- processes", "pid namespace"].iter().chain(&REMEDIES) {
        assert!(people.stdout.contains(part), "{people:?} lacks {part}");
    }
    let scripts = finish(own_pids().args([TCPLULL, "check", "--json", "--config", "/dev/null"]))?;
    let report: Value = serde_json::from_str(&scripts.stdout)?;
    assert_eq!(report["works"], false, "{report}");
    assert_eq!(report["host_processes_seen"], false, "{report}");
    Ok(())
}

fn whole_host() -> Tested {
    let block = Block::claim()?;
    let daemon = Daemon::start(&place_in(&block, "")?, &[])?;
    assert_eq!(daemon.metric("host_processes_seen", &[])?, 1.0);
    assert!(!daemon.log()?.contains("pid namespace"));
    Ok(())
}

/// A daemon in a pid namespace of its own, started by `start`, and its log so far.
struct Apart {
    // It goes before its files.
    _process: Guarded,
    place: Place,
}

impl Apart {
    fn start(place: Place, command: &mut Command) -> Result<Self, Failed> {
        let log = File::create(place.path("log"))?;
        let process = Guarded::start(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log),
        )?;
        Ok(Self {
            _process: process,
            place,
        })
    }

    /// Waits until /readyz answers with this code; answers what it says.
    fn answers(&self, code: u16, part: &str) -> Tested {
        eventually(&format!("/readyz answers {code} {part}"), || {
            Ok(match get(self.place.listen(), "/readyz") {
                Ok((found, text)) if found == code && text.contains(part) => Ok(()),
                other => Err(format!("{other:?}")),
            })
        })
    }

    fn warns(&self) -> Tested {
        let log = eventually("the log names its pid namespace", || {
            let log = std::fs::read_to_string(self.place.path("log"))?;
            let warned = log.contains("pid namespace");
            Ok(if warned { Ok(log) } else { Err(log) })
        })?;
        let warned = log.lines().filter(|line| line.contains("pid namespace"));
        assert_eq!(warned.count(), 1, "{log}");
        for part in REMEDIES {
            assert!(log.contains(part), "{log}");
        }
        let (_, metrics) = get(self.place.listen(), "/metrics")?;
        assert!(metrics.contains("\ntcplull_host_processes_seen 0\n"));
        Ok(())
    }
}

fn only_itself() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "sweep_interval = \"200ms\"\n")?;
    let mut command = own_pids();
    command.args([TCPLULL, "run", "--config"]).arg(place.file());
    let daemon = Apart::start(place, &mut command)?;
    daemon.answers(503, "hostPID")?;
    daemon.warns()
}

/// As in a container whose processes are what one wants to see.
fn with_others() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "sweep_interval = \"200ms\"\n")?;
    let mut command = own_pids();
    let script = "sleep 600 & \"$0\" run --config \"$1\"; exit";
    command
        .args(["sh", "-c", script, TCPLULL])
        .arg(place.file());
    let daemon = Apart::start(place, &mut command)?;
    daemon.answers(200, "ready")?;
    daemon.warns()
}

fn user_namespace() -> Tested {
    for command in ["run", "check", "ls"] {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", TCPLULL, command]);
        let ended = finish(unshare.args(["--config", "/dev/null"]))?;
        ended.refused(3, &["user namespace", "hostUsers: true", "unshare --user"]);
    }
    Ok(())
}

fn no_proc() -> Tested {
    for command in ["run", "check", "ls"] {
        let mut unshare = Command::new("unshare");
        let script = "umount -l /proc && exec \"$0\" \"$1\" --config /dev/null";
        unshare.args(["--mount", "sh", "-c", script, TCPLULL, command]);
        let ended = finish(&mut unshare)?;
        ended.refused(3, &["/proc", "mount -t proc"]);
    }
    Ok(())
}
