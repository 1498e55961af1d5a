//! The daemon's life: it starts, shares a host, and goes without a trace.

use crate::common::kernel::permits_snapshots;
use crate::common::net::{Pair, routed};
use crate::common::place::{place_in, watched_network, watching};
use crate::common::run::{finish, tcplull, watches_per_socket};
use crate::common::{Test, Tested, eventually};
use aya::programs::loaded_programs;
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::http::get;
use monitor_lab::testbed::{Daemon, Watch};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::as_root("it_is_alive_and_gets_ready_by_sweeping", healthy),
    Test::as_root("it_is_not_ready_while_no_sweep_comes", overdue),
    Test::as_root("it_is_not_ready_where_sweeps_come_too_rarely", too_rare),
    Test::as_root("a_second_one_on_its_socket_is_refused", same_socket),
    Test::as_root("a_second_one_on_its_port_is_refused", same_port),
    Test::as_root("after_a_kill_the_next_takes_the_socket_over", killed),
    Test::as_root("on_sigterm_nothing_stays_behind", terminated),
    Test::as_root("check_names_every_hook_and_its_mechanism", check),
    Test::as_root("log_and_watch_tell_the_same_finding", same_finding),
    Test::as_root("the_log_for_people_is_plain_text", plain_log),
];

fn healthy() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "sweep_interval = \"200ms\"\n")?;
    let mut daemon = Daemon::spawn(&place, "json", &[])?;
    let mut codes = Vec::new();
    eventually("/readyz says yes", || {
        let Ok((code, body)) = daemon.get("/readyz") else {
            return Ok(Err("no answer".to_owned()));
        };
        codes.push(code);
        Ok((code == 200).then_some(()).ok_or(body))
    })?;
    assert!(
        codes.iter().all(|code| [200, 503].contains(code)),
        "{codes:?}"
    );
    assert!(daemon.sweeps()? >= 1.0, "ready before it swept");
    daemon.await_sweeps(3)?;
    daemon.await_ready()?;
    let metrics = daemon.metrics()?;
    for hook in ["retransmit", "state"] {
        let series = format!("tcplull_program_misses_total{{program=\"{hook}_");
        assert!(metrics.contains(&series), "no {series} in {metrics}");
    }
    assert_eq!(daemon.get("/healthz")?.0, 200);
    let (code, page) = daemon.get("/")?;
    assert_eq!(code, 200);
    for part in ["tcplull", "/metrics", "/healthz", "/readyz"] {
        assert!(page.contains(part), "{page}");
    }
    assert_eq!(daemon.get("/nonsense")?.0, 404);
    Ok(())
}

fn overdue() -> Tested {
    let block = Block::claim()?;
    // However much there is on this host to sweep: else they come less often, and none is late.
    let often = "sweep_interval = \"100ms\"\nsweep_budget = 1.0\n";
    let place = place_in(&block, often)?;
    let mut daemon = Daemon::start(&place, &[])?;
    // The next sweep races with the question, and mostly loses.
    let reason = eventually("/readyz says no", || {
        daemon.signal(Signal::SIGSTOP)?;
        let mut question = TcpStream::connect(place.listen())?;
        question.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        // More than three sweeps are missed meanwhile.
        thread::sleep(Duration::from_secs(1));
        daemon.signal(Signal::SIGCONT)?;
        let mut answer = String::new();
        question.read_to_string(&mut answer)?;
        Ok(if answer.starts_with("HTTP/1.1 503 ") {
            Ok(answer)
        } else {
            Err(answer)
        })
    })?;
    assert!(reason.contains("the last sweep completed"), "{reason}");
    Ok(daemon.await_ready()?)
}

fn too_rare() -> Tested {
    let block = Block::claim()?;
    let sparing =
        "sweep_interval = \"100ms\"\nsweep_interval_max = \"100ms\"\nsweep_budget = 0.0001\n";
    let place = place_in(&block, sparing)?;
    let mut daemon = Daemon::spawn(&place, "json", &[])?;
    let reason = eventually("/readyz says no, and why", || {
        Ok(match daemon.get("/readyz") {
            Ok((503, body)) if body.contains("sweep_interval_max") => Ok(body),
            other => Err(format!("{other:?}")),
        })
    })?;
    for part in ["(100ms)", "is not seen", "sweep_budget = "] {
        assert!(reason.contains(part), "{reason}");
    }
    let unseen = daemon.metric("sweep_unseen_seconds", &[])?;
    assert!(unseen > 0.1, "{unseen}");
    let lines = |daemon: &Daemon| -> Result<usize, Failed> {
        let log = daemon.log()?;
        Ok(log
            .lines()
            .filter(|line| line.contains("sweep_interval_max"))
            .count())
    };
    daemon.await_log("sweep_interval_max")?;
    assert_eq!(lines(&daemon)?, 1);
    // More of a core: the next sweep comes at once, not when the old interval is over.
    place.configure("sweep_interval = \"100ms\"\nsweep_budget = 1\n")?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.await_ready()?;
    daemon.await_sweeps(3)?;
    assert_eq!(daemon.metric("sweep_unseen_seconds", &[])?, 0.0);
    daemon.await_log("often enough")?;
    assert_eq!(lines(&daemon)?, 1);
    Ok(())
}

fn same_socket() -> Tested {
    let (block, other) = (Block::claim()?, Block::claim()?);
    let first = place_in(&block, "")?;
    let daemon = Daemon::start(&first, &[])?;
    let second = place_in(&other, "")?;
    let socket = first.socket();
    let ended = finish(second.command().arg("--socket").arg(&socket))?;
    ended.refused(
        3,
        &[&socket.display().to_string(), "another tcplull", "--socket"],
    );
    daemon.ask::<Value>("ls")?;
    assert_eq!(daemon.get("/healthz")?.0, 200);
    Ok(())
}

fn same_port() -> Tested {
    let (block, other) = (Block::claim()?, Block::claim()?);
    let first = place_in(&block, "")?;
    let daemon = Daemon::start(&first, &[])?;
    let second = place_in(&other, "")?;
    let listen = first.listen().to_string();
    let ended = finish(second.command().args(["--listen", &listen]))?;
    ended.refused(3, &[&listen, "stop it", "--listen"]);
    assert!(
        !second.socket().exists(),
        "a daemon that did not start left its socket"
    );
    daemon.ask::<Value>("ls")?;
    assert_eq!(daemon.get("/healthz")?.0, 200);
    Ok(())
}

fn killed() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let daemon = Daemon::start(&place, &[])?;
    daemon.signal(Signal::SIGKILL)?;
    drop(daemon);
    assert!(place.socket().exists(), "nothing was left to test with");
    let daemon = Daemon::start(&place, &[])?;
    daemon.ask::<Value>("ls")?;
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

fn terminated() -> Tested {
    let block = Block::claim()?;
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let place = place_in(&block, "")?;
        let daemon = Daemon::start(&place, &[])?;
        let programs = daemon.programs()?;
        assert!(
            programs.len() >= 7,
            "four hooks, two sweeps and the revisit, but {programs:?}"
        );
        assert!(still_loaded(&programs)?.len() == programs.len());
        daemon.signal(signal)?;
        assert_eq!(daemon.stop()?, Some(0), "after {signal}");
        assert!(!place.socket().exists(), "after {signal}");
        assert!(get(place.listen(), "/healthz").is_err(), "after {signal}");
        // The kernel frees programs a moment after the last hold on them is gone.
        eventually("its programs are gone", || {
            let left = still_loaded(&programs)?;
            Ok(left
                .is_empty()
                .then_some(())
                .ok_or_else(|| format!("{left:?}")))
        })?;
    }
    Ok(())
}

/// Those of `programs` that the kernel still has. It never gives an id twice
/// within a test.
fn still_loaded(programs: &[u32]) -> Result<Vec<u32>, Failed> {
    let mut found = Vec::new();
    for program in loaded_programs() {
        // One that another process drops in this moment is an error.
        let id = program.map(|program| program.id());
        found.extend(id.ok().filter(|id| programs.contains(id)));
    }
    Ok(found)
}

fn check() -> Tested {
    if permits_snapshots() {
        check_of(&[], "snapshots", &["revisit"])?;
    } else {
        check_of(&[], "global", &["send", "receive"])?;
    }
    check_of(&["--watch", "global"], "global", &["send", "receive"])?;
    if watches_per_socket() {
        check_of(&["--watch", "per-socket"], "per-socket", &["sockets"])?;
    }
    Ok(())
}

/// What `check` says with these arguments, which ask for this way of watching, which these hooks serve.
fn check_of(way: &[&str], mode: &str, on_segments: &[&str]) -> Tested {
    let command = |arguments: &[&str]| {
        let mut command = tcplull(["check", "--config", "/dev/null"]);
        command.args(arguments).args(way);
        finish(&mut command)
    };
    let ended = command(&["--json"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!(report["works"], true, "{report}");
    let hooks = report["hooks"].as_array().ok_or("no hooks")?;
    assert_eq!(report["watch"]["mode"], mode, "{report}");
    let names = ["retransmit", "reset_received", "reset_sent", "state"];
    let sweeps = ["sweep_task_file", "sweep_tcp"];
    for name in names.iter().chain(on_segments).chain(&sweeps) {
        assert!(
            hooks.iter().any(|hook| hook["hook"] == *name),
            "no {name} in {report}"
        );
    }
    // Each sign is readable, or says what it lacks.
    let signs = report["signs"].as_array().ok_or("no signs")?;
    let names: Vec<&Value> = signs.iter().map(|sign| &sign["sign"]).collect();
    assert_eq!(names, ["timestamp", "ttl", "window", "round_trip"]);
    for sign in signs {
        let complete = sign["missing"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(sign["readable"], complete, "{sign}");
    }
    let people = command(&[])?;
    assert_eq!(people.code, Some(0), "{people:?}");
    assert!(people.stdout.contains("kernel"), "{people:?}");
    for hook in hooks {
        let name = hook["hook"].as_str().ok_or("a hook without a name")?;
        let mechanism = hook["mechanism"]
            .as_str()
            .ok_or("a hook without a mechanism")?;
        let told = people.stdout.lines().find(|line| {
            line.starts_with("ok ") && line.split_whitespace().any(|word| word == name)
        });
        let told = told.ok_or_else(|| format!("no {name} in {people:?}"))?;
        assert!(told.contains(mechanism), "{told}");
    }
    let told = people
        .stdout
        .lines()
        .find(|line| line.contains("forged-ACK signs"));
    let told = told.ok_or_else(|| format!("no signs in {people:?}"))?;
    for sign in signs {
        let name = sign["sign"].as_str().ok_or("a sign without a name")?;
        assert!(told.contains(name), "{told}");
    }
    Ok(())
}

fn same_finding() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let (tell, told) = mpsc::channel();
    let _watch = Watch::start(&daemon, move |line| drop(tell.send(line)))?;
    let pair = Pair::across(&network)?;
    let finding = daemon.await_finding(pair.client_address()?, "crossed")?;
    assert_eq!(finding["path"], "quiet", "{finding}");
    assert_eq!(finding["severity"], "ticket", "{finding}");
    // Byte for byte: the lines of both, not what they parse to.
    let logged = daemon.finding_lines()?;
    let logged = logged
        .iter()
        .find(|line| serde_json::from_str(line).is_ok_and(|value: Value| value == finding));
    let logged = logged.ok_or("the finding is gone from the log")?;
    let mut lines = Vec::new();
    eventually("watch shows the finding of the log", || {
        lines.extend(told.try_iter());
        Ok(lines
            .contains(logged)
            .then_some(())
            .ok_or_else(|| lines.join("\n")))
    })
}

fn plain_log() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quiet", "1s"))?;
    let mut daemon = Daemon::spawn(&place, "human", &[])?;
    daemon.await_ready()?;
    let pair = Pair::across(&network)?;
    let remote = pair.server_address()?.to_string();
    let line = eventually("the log names the silence", || {
        let lines = daemon.finding_lines()?;
        let mut found = lines
            .iter()
            .filter(|line| line.contains(&remote) && line.contains("crossed"));
        Ok(found.next().cloned().ok_or_else(|| lines.join("\n")))
    })?;
    assert!(line.contains("quiet") && line.contains("ticket"), "{line}");
    let log = daemon.await_log(&format!("http://{}/metrics", place.listen()))?;
    assert!(!log.contains('\u{1b}'), "colours in a file: {log:?}");
    Ok(())
}
