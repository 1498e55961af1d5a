//! The command `monitor-lab` as its users meet it, with stand-ins for a
//! `tcplull` that does not work. Needs root, as in `middlebox.rs`.

mod common;

use common::{LAB, Tested};
use libtest_mimic::Failed;
use monitor_lab::scenarios;
use monitor_lab::testbed::wait::BOUND;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};
use tempfile::TempDir;

fn main() -> ExitCode {
    common::run(&[
        ("an_unknown_scenario_is_a_usage_error", unknown),
        ("bad_input_is_refused_with_its_reason", refused),
        ("several_scenarios_are_run_by_name_each_once", several),
        ("the_page_holds_the_command_and_the_table", page),
        ("list_names_every_scenario", list),
        ("without_root_every_scenario_is_skipped_by_name", skips),
        ("a_daemon_that_does_not_start_fails_the_scenario", fails),
        ("an_interrupt_leaves_nothing_behind", interrupted),
        ("what_a_killed_lab_left_goes_with_the_next_run", killed),
    ])
}

fn lab(arguments: &[&str]) -> io::Result<Output> {
    Command::new(LAB).args(arguments).env_remove("CI").output()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unknown() -> Tested {
    let output = lab(&["run", "nat-silent-dorp"])?;
    assert_eq!(output.status.code(), Some(2));
    let printed = text(&output.stderr);
    assert!(printed.contains("nat-silent-dorp"), "{printed}");
    for scenario in scenarios::ALL {
        assert!(printed.contains(scenario.name), "{printed}");
    }
    Ok(())
}

fn refused() -> Tested {
    for (arguments, reason) in [
        (&["run", "--repeat", "0"][..], "0 is not in"),
        (&["run", "--jobs", "0"], "0 is not in"),
        (&["run", "survives", "nat-silent-dorp"], "nat-silent-dorp"),
        (&["run", "--table"], "a value is required"),
    ] {
        let output = lab(arguments)?;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let printed = text(&output.stderr);
        assert!(printed.contains(reason), "{arguments:?}: {printed}");
    }
    let output = lab(&["run", "survives", "--table", "/dev/null/page.md"])?;
    assert_eq!(output.status.code(), Some(1));
    let printed = text(&output.stderr);
    assert!(
        printed.contains("cannot write /dev/null/page.md"),
        "{printed}"
    );
    Ok(())
}

fn several() -> Tested {
    let place = TempDir::new()?;
    let broken = stand_in(&place, "exit 3")?;
    let names = ["survives", "trickle", "survives"];
    let output = lab(&[&["run", "--tcplull", &broken, "--repeat", "2"], &names[..]].concat())?;
    assert_eq!(output.status.code(), Some(1));
    let printed = text(&output.stdout);
    for run in [
        "survives (run 1)",
        "survives (run 2)",
        "trickle (run 1)",
        "trickle (run 2)",
    ] {
        let failed = format!("FAIL {run}");
        let lines = printed.lines().filter(|line| **line == failed);
        assert_eq!(lines.count(), 1, "{run}: {printed}");
    }
    let closing = "lab: 0 passed, 4 failed, 0 skipped";
    assert_eq!(printed.lines().last(), Some(closing));
    Ok(())
}

fn page() -> Tested {
    let place = TempDir::new()?;
    let broken = stand_in(&place, "exit 3")?;
    let file = place.path().join("page.md");
    let name = file.display().to_string();
    lab(&["run", "survives", "--tcplull", &broken, "--table", &name])?;
    let page = fs::read_to_string(&file)?;
    for part in [
        "# The laboratory",
        &format!("cargo xtask lab survives --repeat 1 --table {name}"),
        "| true ↓ said →",
        "False findings: 0.",
        "| 17 | local-abort |",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    Ok(())
}

fn list() -> Tested {
    let output = lab(&["list"])?;
    assert!(output.status.success());
    let printed = text(&output.stdout);
    let names = printed.lines().filter_map(|line| line.split(' ').next());
    assert!(
        names.eq(scenarios::ALL.iter().map(|scenario| scenario.name)),
        "{printed}"
    );
    Ok(())
}

fn skips() -> Tested {
    let skip = |ci: &str| {
        // In a user namespace of its own a process is nobody.
        Command::new("unshare")
            .args(["--user", LAB, "run"])
            .env("CI", ci)
            .output()
    };
    let output = skip("")?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    for scenario in scenarios::ALL {
        assert!(
            printed.contains(&format!("skip {}", scenario.name)),
            "{printed}"
        );
    }
    let closing = format!("lab: 0 passed, 0 failed, {} skipped", scenarios::ALL.len());
    assert_eq!(printed.lines().last(), Some(closing.as_str()));
    assert_eq!(
        skip("true")?.status.code(),
        Some(1),
        "a skip passes under CI=true"
    );
    Ok(())
}

fn fails() -> Tested {
    let place = TempDir::new()?;
    let broken = stand_in(&place, "echo no BTF here >&2; exit 3")?;
    let output = lab(&["run", "survives", "--json", "--tcplull", &broken])?;
    assert_eq!(output.status.code(), Some(1));
    let printed = text(&output.stdout);
    let objects: Vec<serde_json::Value> = printed
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let [report, summary] = objects.as_slice() else {
        return Err(format!("not one run and the table: {printed}").into());
    };
    assert_eq!(summary["false_findings"], 0);
    assert!(summary["table"].is_object(), "{printed}");
    assert_eq!(report["scenario"], "survives");
    assert_eq!(report["ok"], false);
    let difference = report["differences"][0].as_str().unwrap_or_default();
    assert!(difference.contains("no BTF here"), "{printed}");
    let closing = text(&output.stderr);
    assert_eq!(
        closing.lines().last(),
        Some("lab: 0 passed, 1 failed, 0 skipped")
    );
    Ok(())
}

fn interrupted() -> Tested {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let place = TempDir::new()?;
        let mut lab = hanging(&place)?;
        let pid = lab.id();
        await_that("the hosts are there", || namespaces_of(pid).len() >= 3);
        send(pid, signal)?;
        let status = lab.wait()?;
        assert_eq!(status.code(), Some(130), "after {signal}");
        assert_eq!(namespaces_of(pid), Vec::<String>::new(), "after {signal}");
    }
    Ok(())
}

fn killed() -> Tested {
    let place = TempDir::new()?;
    let mut lab = hanging(&place)?;
    let pid = lab.id();
    let daemon = || fs::read_to_string(place.path().join("pid")).unwrap_or_default();
    await_that("the daemon runs", || daemon().ends_with('\n'));
    // Once it is killed, any lab that another test runs may remove them.
    assert!(
        !namespaces_of(pid).is_empty(),
        "nothing is left to test with"
    );
    send(pid, Signal::SIGKILL)?;
    lab.wait()?;
    let daemon = PathBuf::from("/proc").join(daemon().trim());
    await_that("the daemon went with the lab", || !daemon.exists());

    self::lab(&["run", "survives", "--tcplull", "/bin/false"])?;
    assert_eq!(namespaces_of(pid), Vec::<String>::new());
    Ok(())
}

/// A lab that waits for a daemon which never gets ready.
fn hanging(place: &TempDir) -> Result<Child, Failed> {
    let pid = place.path().join("pid");
    let sleeper = stand_in(
        place,
        &format!("echo $$ > {}; exec sleep 60", pid.display()),
    )?;
    Ok(Command::new(LAB)
        .args(["run", "survives", "--tcplull", &sleeper])
        .stdout(Stdio::null())
        .spawn()?)
}

/// A program that does `script` instead of watching connections.
fn stand_in(place: &TempDir, script: &str) -> Result<String, Failed> {
    let file = place.path().join("tcplull");
    fs::write(&file, format!("#!/bin/sh\n{script}\n"))
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o755)))?;
    Ok(file.display().to_string())
}

fn namespaces_of(pid: u32) -> Vec<String> {
    let names = fs::read_dir(Path::new("/run/netns")).into_iter().flatten();
    names
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(&format!("tcplull-{pid}-")))
        .collect()
}

fn send(pid: u32, signal: Signal) -> Tested {
    let pid = i32::try_from(pid)?;
    Ok(kill(Pid::from_raw(pid), signal)?)
}

fn await_that(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + BOUND;
    while !holds() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
