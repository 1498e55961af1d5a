//! What a running daemon has learned of a path's timeout, as `tcplull paths` and `/metrics` tell it.

use crate::common::kernel::permits_snapshots;
use crate::common::net::{Pair, at, listen, routed, serve};
use crate::common::place::{QUICK, alone_on, place_in, watched_network, watching};
use crate::common::run::tcplull;
use crate::common::{Test, Tested, eventually, is};
use crate::probe::side_by_side;
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::network::family::Family;
use monitor_lab::network::middlebox::{Middlebox, Unknown};
use monitor_lab::testbed::run::{Ended, finish};
use monitor_lab::testbed::{Daemon, Place};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::Write;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};
use std::{env, fs};
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "a_silence_that_outlives_what_was_stated_and_is_survived_contradicts_it",
        survived,
    ),
    Test::as_root(
        "what_was_learned_outlasts_a_stop_a_kill_and_damage",
        restarted,
    ),
    Test::as_root(
        "the_timeout_of_a_nat_is_found_within_five_percent_by_each_way_of_watching",
        found,
    ),
    Test::as_root(
        "without_a_path_what_died_on_two_occasions_warns_of_the_next_silence",
        warned,
    ),
];

/// What was learned of path "quiet" where this host spoke first, if anything was.
fn learned(daemon: &Daemon) -> Result<Option<Value>, Failed> {
    let paths: Vec<Value> = daemon.ask("paths")?;
    let quiet = paths.iter().find(|path| path["path"] == "quiet");
    let learned = &quiet.ok_or("the path is there")?["learned"];
    let mut all = learned.as_array().into_iter().flatten();
    Ok(all.find(|one| one["first_word"] == "us").cloned())
}

fn survived() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let socket = daemon.place().socket().display().to_string();
    let ask = |name: &str| finish(&mut tcplull(["paths", name, "--socket", &socket]));
    let shows = |ended: &Ended, parts: &[&str]| {
        let all = parts.iter().all(|part| ended.stdout.contains(part));
        assert!(all, "{ended:?} lacks one of {parts:?}");
    };
    let before = ask("quiet")?;
    shows(&before, &["STATED", "LEARNED", "quiet"]);
    assert_eq!(before.code, Some(0), "{before:?}");
    assert_eq!(learned(&daemon)?, None);

    let pair = Pair::across(&network)?;
    let silent = [("path", "quiet"), ("silence", "crossed")];
    eventually("both ends are silent for longer than is stated", || {
        Ok(is(daemon.metric("connections", &silent)?, 2))
    })?;
    daemon.await_sweeps(3)?;
    pair.exchange()?;
    let ours = eventually("it is learned", || {
        Ok(learned(&daemon)?.ok_or("nothing is learned"))
    })?;
    assert!(ours["at_least_seconds"].as_f64() > Some(1.0), "{ours}");
    assert_eq!(ours["at_most_seconds"], Value::Null, "{ours}");
    assert!(
        ours["prefix"].is_string() && ours["since"].is_string(),
        "{ours}"
    );

    let (status, told) = daemon.get("/api/v1/paths")?;
    assert!(status == 200 && told.contains("first_word"), "{told}");
    assert!(
        !told.contains("prefix"),
        "a stranger is told no address: {told}"
    );

    let after = ask("quiet")?;
    shows(&after, &["over ", "LONGER THAN STATED; 1 survived"]);
    assert_eq!(after.code, Some(1), "{after:?}");
    let bound = |bound| {
        daemon.metric(
            "path_timeout_seconds",
            &[("path", "quiet"), ("bound", bound)],
        )
    };
    // Each is of its own moment.
    eventually("the metric shows what was learned", || {
        let now = learned(&daemon)?.ok_or("nothing is learned")?;
        let (least, shown) = (now["at_least_seconds"].as_f64(), bound("least")?);
        Ok((least == Some(shown))
            .then_some(())
            .ok_or(format!("{least:?} {shown}")))
    })?;
    assert_eq!(bound("stated")?, 1.0);
    ask("no-such")?.refused(3, &["no path has the name \"no-such\""]);
    let written = finish(&mut tcplull([
        "paths", "quiet", "--write", "--socket", &socket,
    ]))?;
    shows(&written, &["# quiet: of no prefix both bounds"]);
    assert_eq!(written.code, Some(1), "{written:?}");
    Ok(())
}

/// A daemon that is told of the connections of this network alone.
fn starts(network: &Network, place: &Place) -> Result<Daemon, Failed> {
    alone_on(&network.client, place, &[])
}

fn restarted() -> Tested {
    let files = TempDir::new()?;
    let dir = files.path().join("history");
    let file = dir.join("learned");
    let network = routed()?;
    let settings = watching(&network.block, "quiet", "1s");
    let settings = format!("{settings}[history]\ndir = {dir:?}\n");
    let place = place_in(&network.block, &settings)?;
    let daemon = starts(&network, &place)?;
    let listener = serve(&network)?;
    let pair = Pair::open(&network.client, &listener)?;
    pair.exchange()?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    pair.exchange()?;
    let before = eventually("it is learned", || {
        Ok(learned(&daemon)?.ok_or("nothing is learned"))
    })?;
    eventually("it is kept while the daemon runs", || {
        Ok(file.exists().then_some(()).ok_or("there is no file"))
    })?;
    daemon.signal(Signal::SIGKILL)?;
    assert_eq!(daemon.stop()?, None);

    let daemon = starts(&network, &place)?;
    assert_eq!(learned(&daemon)?, Some(before.clone()), "after a kill");
    assert_eq!(daemon.stop()?, Some(0));
    let daemon = starts(&network, &place)?;
    assert_eq!(learned(&daemon)?, Some(before), "after a stop");
    assert_eq!(daemon.metric("learned_unread_total", &[])?, 0.0);
    assert_eq!(daemon.metric("learned_save_failures_total", &[])?, 0.0);
    let foreign = [("what", "foreign")];
    assert_eq!(daemon.metric("history_unread_total", &foreign)?, 0.0);
    assert_eq!(daemon.stop()?, Some(0));

    let mut bytes = fs::read(&file)?;
    bytes[20] ^= 1;
    fs::write(&file, bytes)?;
    let daemon = starts(&network, &place)?;
    assert_eq!(learned(&daemon)?, None, "a damaged part says nothing");
    assert_eq!(daemon.metric("learned_unread_total", &[])?, 1.0);
    daemon.await_log("1 of 1 parts are damaged")?;
    Ok(())
}

/// The NAT of these forgets after so many seconds.
const FORGETS: u32 = 4;

/// What dies within a minute is one occasion, and an upper bound takes two.
const MINUTE: Duration = Duration::from_secs(61);

fn found() -> Tested {
    let by_hooks: [fn() -> Tested; 2] = [|| found_by("global"), || found_by("per-socket")];
    let by_snapshots: [fn() -> Tested; 1] = [|| found_by("snapshots")];
    let ways = by_hooks.into_iter();
    let ways = ways.chain(by_snapshots.into_iter().filter(|_| permits_snapshots()));
    side_by_side(&ways.collect::<Vec<_>>())
}

/// Lives beside a connection that is never silent, which shows that the path lives.
fn beside(busy: &Pair, life: impl FnOnce() -> Tested) -> Tested {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) && busy.exchange().is_ok() {
                sleep(Duration::from_millis(100));
            }
        });
        let lived = life();
        over.store(true, Ordering::Relaxed);
        lived
    })
}

fn found_by(way: &str) -> Tested {
    let kind = Middlebox::Nat {
        forgets_after: FORGETS,
        unknown: Unknown::Drop,
    };
    let network = Network::build_with(&env::current_exe()?, Family::V4, &kind)?;
    let settings = watching(&network.block, "quiet", "5s");
    let place = place_in(&network.block, &format!("warn_at = 0.6\n{settings}"))?;
    let daemon = alone_on(&network.client, &place, &["--watch", way])?;
    let listener = serve(&network)?;
    let busy = Pair::open(&network.client, &listener)?;
    beside(&busy, || until_known(&network, &listener, &daemon))?;
    let socket = daemon.place().socket().display().to_string();
    let shown = finish(&mut tcplull(["paths", "quiet", "--socket", &socket]))?;
    let found = learned(&daemon)?.ok_or("nothing is learned")?;
    let bounds = ["at_least_seconds", "at_most_seconds"].map(|end| found[end].as_f64());
    let [Some(least), Some(most)] = bounds else {
        panic!("{way}: {found:#}");
    };
    let truth = f64::from(FORGETS);
    // The kernel keeps time in ticks of up to 10 ms.
    assert!(
        least < truth + 0.01 && truth - 0.01 < most,
        "{way}: {found:#}"
    );
    assert!(is_near(&found), "{way}: {found:#}");
    assert_eq!(found["unfit"], 0, "{way}: {found:#}");
    assert!(shown.stdout.contains("SHORTER THAN STATED"), "{shown:?}");
    assert_eq!(shown.code, Some(1), "{shown:?}");
    let alerts: Vec<Value> = daemon.ask("alerts")?;
    let tickets = alerts.iter().filter(|alert| alert["name"] == "misstated");
    assert_eq!(tickets.count(), 0, "minutes make nothing certain");

    let written = finish(&mut tcplull([
        "paths", "quiet", "--write", "--socket", &socket,
    ]))?;
    // It is a configuration.
    let files = TempDir::new()?;
    let file = files.path().join("learned.toml");
    fs::write(&file, &written.stdout)?;
    let server = at(network.server_address(), 443).to_string();
    let explained = finish(tcplull(["explain", "10.0.0.1", &server, "--config"]).arg(&file))?;
    assert_eq!(explained.code, Some(0), "{explained:?} {written:?}");
    assert!(explained.stdout.contains("quiet-"), "{explained:?}");
    Ok(())
}

/// Silences of which some are shorter than the timeout, and some longer, a minute apart: twice, and more often where a busy
/// machine stretches them, or sees too late that others live.
fn until_known(network: &Network, listener: &TcpListener, daemon: &Daemon) -> Tested {
    for _ in 0..5 {
        let began = Instant::now();
        silences(network, listener, daemon)?;
        if learned(daemon)?.is_some_and(|found| is_near(&found)) {
            break;
        }
        sleep(MINUTE.saturating_sub(began.elapsed()));
    }
    Ok(())
}

/// Whether the middle of what was found is within 5 % of the truth.
fn is_near(found: &Value) -> bool {
    let bounds = ["at_least_seconds", "at_most_seconds"].map(|end| found[end].as_f64());
    let [Some(least), Some(most)] = bounds else {
        return false;
    };
    let truth = f64::from(FORGETS);
    (f64::midpoint(least, most) - truth).abs() / truth <= 0.05
}

fn silences(network: &Network, listener: &TcpListener, daemon: &Daemon) -> Tested {
    let lives = quiet_pairs(network, listener)?;
    let dies = quiet_pairs(network, listener)?;
    let began = Instant::now();
    let until = |ms| sleep(Duration::from_millis(ms).saturating_sub(began.elapsed()));
    until(3_800);
    lives.iter().try_for_each(Pair::exchange)?;
    until(4_150);
    for pair in &dies {
        (&pair.client).write_all(b"x")?;
    }
    for pair in &dies {
        daemon.await_finding(pair.client_address()?, "blackholed")?;
    }
    Ok(())
}

/// Some connections that have exchanged something just now.
fn quiet_pairs(network: &Network, listener: &TcpListener) -> Result<Vec<Pair>, Failed> {
    let open = |_| Pair::open(&network.client, listener);
    let pairs = (0..3).map(open).collect::<Result<Vec<_>, _>>()?;
    pairs.iter().try_for_each(Pair::exchange)?;
    Ok(pairs)
}

/// Where no path states a timeout, silences from 60 s on are judged, so this NAT forgets a little later.
const FORGETS_LATER: u32 = 62;

/// How long those are silent that die of it.
const FATAL: Duration = Duration::from_secs(66);

fn warned() -> Tested {
    let kind = Middlebox::Nat {
        forgets_after: FORGETS_LATER,
        unknown: Unknown::Drop,
    };
    let network = Network::build_with(&env::current_exe()?, Family::V4, &kind)?;
    let place = place_in(&network.block, QUICK)?;
    let daemon = alone_on(&network.client, &place, &[])?;
    let listener = serve(&network)?;
    let busy = Pair::open(&network.client, &listener)?;
    beside(&busy, || warned_by(&network, &listener, &daemon))
}

fn warned_by(network: &Network, listener: &TcpListener, daemon: &Daemon) -> Tested {
    dies(network, listener, daemon)?;
    // Whoever connects at the same time as others has a listener of its own to be accepted by.
    let others = listen(&network.server, at(network.server_address(), 5433))?;
    thread::scope(|scope| {
        let second = scope.spawn(|| dies(network, listener, daemon));
        // They fall silent one after the other, so that one of them is on its way whenever the second occasion is over.
        let mut silent = Vec::new();
        while !second.is_finished() {
            silent.extend(quiet_pairs(network, &others)?);
            sleep(Duration::from_secs(2));
        }
        let died = second.join().map_err(|_| "the second occasion panicked")?;
        died?;
        let findings = eventually("one of them is warned", || {
            let findings = daemon.findings_of(others.local_addr()?)?;
            let risks = findings.into_iter().filter(|one| one["kind"] == "at_risk");
            let risks: Vec<Value> = risks.collect();
            Ok(if risks.is_empty() {
                Err("none")
            } else {
                Ok(risks)
            })
        })?;
        let ours: Vec<String> = silent
            .iter()
            .map(|pair| Ok(pair.client_address()?.to_string()))
            .collect::<Result<_, Failed>>()?;
        for risk in &findings {
            let local = risk["connection"]["local"].as_str().unwrap_or_default();
            assert!(ours.iter().any(|one| one == local), "{ours:?}: {risk:#}");
            assert_eq!(risk["certainty"], "suspected", "{risk:#}");
            let at_most = evidence(risk, "learned_at_most_seconds")?;
            // A busy machine makes it longer, and nothing shorter.
            assert!(at_most >= f64::from(FORGETS_LATER), "{risk:#}");
            assert!(evidence(risk, "packet_idle_seconds")? < at_most, "{risk:#}");
            assert_eq!(evidence(risk, "learned_occasions")?, 2.0, "{risk:#}");
        }
        let alerts: Vec<Value> = daemon.ask("alerts")?;
        let risks = alerts.iter().filter(|alert| alert["name"] == "at_risk");
        assert_eq!(risks.count(), 0, "a warning is no alert: {alerts:?}");
        Ok(())
    })
}

/// Some connections are silent for longer than the box remembers, and are found dead.
fn dies(network: &Network, listener: &TcpListener, daemon: &Daemon) -> Tested {
    let pairs = quiet_pairs(network, listener)?;
    sleep(FATAL);
    for pair in &pairs {
        (&pair.client).write_all(b"x")?;
    }
    for pair in &pairs {
        daemon.await_finding(pair.client_address()?, "blackholed")?;
    }
    Ok(())
}

/// A number of a finding's evidence.
fn evidence(finding: &Value, name: &str) -> Result<f64, Failed> {
    let all = finding["evidence"].as_array().into_iter().flatten();
    let mut named = all.filter(|fact| fact["fact"] == name);
    let value = named.next().and_then(|fact| fact["value"].as_f64());
    Ok(value.ok_or_else(|| format!("no {name}: {finding:#}"))?)
}
