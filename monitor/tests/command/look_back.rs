//! Looking back over what a running daemon has kept, while it runs, after it was killed, and beside another: what it said
//! is what `report`, `alerts --at` and `watch --since` show.

use crate::common::net::{Pair, routed, serve};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::run::{Ended, TCPLULL, finish};
use crate::common::{Test, Tested, eventually};
use crate::contract::validators;
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::testbed::{Place, Watch};
use monitor_store::{Filter, Forwards};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "what_was_told_is_shown_over_a_kill_and_beside_a_daemon",
        shown,
    ),
    Test::anywhere("who_cannot_look_back_is_told_why_in_one_line", refused),
];

struct Kept {
    network: Network,
    place: Place,
    dir: PathBuf,
    _files: TempDir,
}

fn kept() -> Result<Kept, Failed> {
    let files = TempDir::new()?;
    let dir = files.path().join("history");
    let network = routed()?;
    let settings = watching(&network.block, "quiet", "1s");
    let settings = format!("{settings}[history]\ndir = {dir:?}\n");
    let place = place_in(&network.block, &settings)?;
    Ok(Kept {
        network,
        place,
        dir,
        _files: files,
    })
}

/// `tcplull` with these arguments and the configuration of the place, at Berlin's time.
fn looked(place: &Place, arguments: &[&str]) -> Result<Ended, Failed> {
    let mut command = Command::new(TCPLULL);
    command.args(arguments).arg("--config").arg(place.file());
    command.env("TZ", "CET-1CEST,M3.5.0,M10.5.0/3");
    Ok(finish(&mut command)?)
}

fn lines(ended: &Ended) -> Vec<String> {
    // 1: what it shows is wrong.
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    ended.stdout.lines().map(str::to_owned).collect()
}

fn json(ended: &Ended) -> Result<Vec<Value>, Failed> {
    let lines = lines(ended);
    let values = lines.iter().map(|line| serde_json::from_str(line));
    Ok(values.collect::<Result<_, _>>()?)
}

fn shown() -> Tested {
    let kept = kept()?;
    let place = &kept.place;
    let listener = serve(&kept.network)?;
    let daemon = alone_on(&kept.network.client, place, &[])?;
    let pair = Pair::open(&kept.network.client, &listener)?;
    let client = pair.client_address()?;
    pair.exchange()?;
    daemon.await_finding(client, "crossed")?;
    // The ticket as the running daemon has it, and as its history does.
    let of_path = |alerts: Vec<Value>| -> Vec<(String, String)> {
        let word = |alert: &Value, member: &str| alert[member].as_str().unwrap_or("").to_owned();
        let mut words: Vec<(String, String)> = alerts
            .iter()
            .map(|alert| (word(alert, "name"), word(alert, "state")))
            .collect();
        words.sort();
        words
    };
    eventually("the history has the alerts that the daemon has", || {
        let now = of_path(daemon.ask("alerts")?);
        let then = of_path(json(&looked(place, &["alerts", "--at", "now", "--json"])?)?);
        let same = !now.is_empty() && now == then;
        Ok(same
            .then_some(())
            .ok_or_else(|| format!("{now:?}, not {then:?}")))
    })?;
    let firing = looked(place, &["alerts", "--at", "now"])?;
    firing.says(&["tcplull: as of 20", "+0"]);
    assert!(firing.stdout.contains("crossed"), "{firing:?}");
    let moment = json(&looked(place, &["report", "--json"])?)?[0]["until"].clone();
    let moment = moment.as_str().ok_or("a moment")?.to_owned();

    let said = daemon.finding_lines()?;
    eventually("the history has what the log has", || {
        let kept = lines(&looked(
            place,
            &[
                "watch",
                "--since",
                "1h",
                "--json",
                "--socket",
                "/nonexistent",
            ],
        )?);
        Ok((kept == said)
            .then_some(())
            .ok_or_else(|| format!("{kept:?}")))
    })?;
    daemon.signal(Signal::SIGKILL)?;
    assert_eq!(daemon.stop()?, None);
    // Nobody answers, and what it said is there.
    let alone = looked(place, &["watch", "--since", "1h", "--json"])?;
    alone.says(&["no daemon answers on", "this is the history alone"]);
    assert_eq!(lines(&alone), said);

    let daemon = alone_on(&kept.network.client, place, &[])?;
    let (tell, heard) = channel();
    let dir = kept.dir.to_str().ok_or("a plain name")?.to_owned();
    let watch = Watch::start_with(
        &daemon,
        &["--since", "1h", "--history", &dir],
        move |line| {
            // The test may be over.
            let _ = tell.send(line);
        },
    )?;
    pair.exchange()?;
    daemon.await_finding(client, "crossed")?;
    pair.exchange()?;
    daemon.await_finding(client, "survived")?;
    let after = daemon.finding_lines()?;
    over_the_socket(&kept)?;
    daemon.signal(Signal::SIGHUP)?;
    as_their_schemas_say(&kept.dir)?;
    assert_eq!(daemon.stop()?, Some(0));
    watch.finish();
    let watched: Vec<String> = heard.iter().collect();
    // First what was told before, then what came: each once.
    assert_eq!(watched[..said.len()], said);
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let mut all = sorted(watched);
    let shown = all.len();
    all.dedup();
    assert_eq!(all.len(), shown);
    for line in &after {
        assert!(all.contains(line), "{all:?} lacks {line}");
    }
    let kept_lines = lines(&looked(place, &["watch", "--since", "1h", "--json"])?);
    assert_eq!(sorted(kept_lines), all);
    reported(&kept, all.len())?;
    // What stood then stood then, whatever came later.
    let then = looked(place, &["alerts", "--at", &moment, "--json"])?;
    let crossed = json(&then)?
        .into_iter()
        .find(|alert| alert["name"] == "crossed");
    let crossed = crossed.ok_or("the ticket of then")?;
    assert_eq!(
        (&crossed["state"], &crossed["ended"]),
        (&"firing".into(), &Value::Null)
    );
    let now = looked(place, &["alerts", "--at", "now"])?;
    now.says(&["no daemon ran then"]);
    Ok(())
}

/// Every line of the history is of a form that is described; one of each kind comes, and that the daemon took its
/// configuration anew.
fn as_their_schemas_say(dir: &Path) -> Tested {
    let validators = validators()?;
    eventually("a record of each kind is there", || {
        let mut seen = BTreeSet::new();
        for record in Forwards::open(dir, Filter::ALL)? {
            let line = record?.told_line().ok_or("a line")?;
            let value: Value = serde_json::from_str(&line)?;
            let name = value["schema"].as_str().ok_or("its form")?;
            let validator = validators.get(name).ok_or("a form that is described")?;
            let wrong: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| error.to_string())
                .collect();
            assert!(wrong.is_empty(), "{wrong:?}: {line}");
            seen.insert(name.to_owned());
            seen.extend(value["event"].as_str().map(str::to_owned));
        }
        let wanted = [
            "reloaded",
            "started",
            "tcplull.agent_event/1",
            "tcplull.alert_change/1",
            "tcplull.finding/1",
            "tcplull.gaps/1",
        ];
        let all = wanted.iter().all(|name| seen.contains(*name));
        Ok(all.then_some(()).ok_or_else(|| format!("{seen:?}")))
    })?;
    Ok(())
}

/// Who may not read the files is told by the daemon.
fn over_the_socket(kept: &Kept) -> Tested {
    let socket = kept.place.socket();
    let socket = socket.to_str().ok_or("a plain name")?;
    let asked = |arguments: &[&str]| -> Result<Ended, Failed> {
        let mut command = Command::new(TCPLULL);
        command.args(arguments).args(["--socket", socket]);
        Ok(finish(&mut command)?)
    };
    let findings = |ended: &Ended| -> Result<Value, Failed> {
        let report = json(ended)?.remove(0);
        Ok(serde_json::json!([
            report["findings"],
            report["paths"][0]["path"]
        ]))
    };
    eventually("a report over the socket is that of the files", || {
        let there = findings(&asked(&["report", "--json"])?)?;
        let here = findings(&looked(&kept.place, &["report", "--json"])?)?;
        let same = there == here && there[1] == "quiet";
        Ok(same
            .then_some(())
            .ok_or_else(|| format!("{there}, not {here}")))
    })?;
    let alerts = asked(&["alerts", "--at", "now", "--json"])?;
    let names: Vec<Value> = json(&alerts)?
        .iter()
        .map(|alert| alert["name"].clone())
        .collect();
    assert!(names.contains(&"crossed".into()), "{alerts:?}");
    Ok(())
}

fn reported(kept: &Kept, findings: usize) -> Tested {
    let report = json(&looked(&kept.place, &["report", "--json"])?)?.remove(0);
    assert_eq!(report["schema"], "tcplull.report/1");
    assert_eq!(report["findings"], findings, "{report}");
    let paths = report["paths"].as_array().ok_or("paths")?;
    let quiet = paths.iter().find(|path| path["path"] == "quiet");
    let quiet = quiet.ok_or_else(|| format!("the path: {report}"))?;
    assert_eq!(quiet["timeout_seconds"], 1.0);
    assert!(quiet["survived"].as_u64() > Some(0), "{quiet}");
    assert!(quiet["gaps"].as_u64() > Some(0), "{quiet}");
    assert!(
        quiet["longest_survived_seconds"].as_f64() > Some(1.0),
        "{quiet}"
    );
    let why = |not: &Value| not["why"].as_str().unwrap_or("").to_owned();
    let not_seen = report["not_seen"].as_array().ok_or("not_seen")?;
    let not_seen: Vec<String> = not_seen.iter().map(why).collect();
    // A day was asked for; one daemon was killed, and the other has stopped.
    assert_eq!(
        not_seen,
        ["before_history", "killed", "stopped"],
        "{report}"
    );

    let text = looked(&kept.place, &["report", "--since", "1h"])?;
    for part in [
        "`quiet`",
        "survived",
        "before the history begins",
        "local time (",
    ] {
        assert!(text.stdout.contains(part), "{text:?} lacks {part}");
    }
    let page = kept.place.path("report.html");
    let name = page.to_str().ok_or("a plain name")?;
    assert_eq!(
        lines(&looked(&kept.place, &["report", "--html", name])?),
        [""; 0]
    );
    let page = std::fs::read_to_string(&page)?;
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("<svg"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    Ok(())
}

fn refused() -> Tested {
    let none = |arguments: &[&str]| finish(Command::new(TCPLULL).args(arguments));
    let files = TempDir::new()?;
    let missing = files.path().join("none");
    let name = |path: &Path| path.to_string_lossy().into_owned();
    let missing = name(&missing);
    for command in [
        ["report", "--since", "1h"],
        ["watch", "--since", "1h"],
        ["alerts", "--at", "now"],
    ] {
        let mut arguments = command.to_vec();
        arguments.extend(["--history", &missing]);
        none(&arguments)?.refused(3, &["there is no history in", "--history DIR"]);
    }
    // A folder without one.
    let empty = name(files.path());
    let nothing = none(&["report", "--history", &empty])?;
    assert_eq!(nothing.code, Some(0), "{nothing:?}");
    assert!(nothing.stdout.contains("Nothing was found."), "{nothing:?}");
    let stood = none(&["alerts", "--at", "03:10", "--history", &empty])?;
    stood.says(&["the history is empty"]);
    for (arguments, part) in [
        (["report", "--since", "soon"], "is no time"),
        (["watch", "--since", "2999-01-01"], "is still to come"),
        (["alerts", "--at", "\u{1b}[2J"], "is no time"),
    ] {
        let ended = none(&arguments)?;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{ended:?}"
        );
        ended.says(&[part]);
        assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
    }
    let backwards = [
        "report",
        "--since",
        "1h",
        "--until",
        "2h",
        "--history",
        &empty,
    ];
    none(&backwards)?.says(&["--until is not after --since"]);
    Ok(())
}
