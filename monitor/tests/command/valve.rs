//! The safety valve: a storm makes the daemon watch less, step by step, until nothing is attached; and it comes back.

use crate::common::kernel::permits_snapshots;
use crate::common::net::{Pair, routed, serve};
use crate::common::place::{path, place_in};
use crate::common::{Test, Tested, eventually};
use crate::watched_sockets::await_callbacks;
use aya::programs::loaded_programs;
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::run::finish;
use monitor_lab::testbed::wait::{BOUND, within};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

pub const TESTS: &[Test] = &[
    Test::as_root("a_storm_leads_down_to_detached_and_back", there_and_back),
    Test::per_socket(
        "from_per_socket_it_leads_to_sweeps_and_a_new_budget_ends_the_waiting",
        from_per_socket,
    ),
];

/// What may be taken, from when the storm has begun. An unoptimised daemon takes several times as much in it; how much a calm
/// one takes is the machine's matter, which may be busy and have many other sockets.
const BUDGET: &str = "4%";

/// Silent connections of the storm. Each sweep shows both ends of each, and the daemon judges them and writes them down.
const SILENT: usize = 400;

/// Loading the kernel side anew takes an unoptimised daemon seconds on a busy machine, and it does so up to three times.
const BACK_WITHIN: std::time::Duration = BOUND.saturating_mul(4);

/// Sweeps come often, and yet cannot use the budget up by themselves.
fn settings(block: &Block, budget: &str) -> String {
    let [one, other] = block.prefixes();
    format!(
        "cpu_budget = \"{budget}\"\nsweep_budget = 0.015\nsweep_interval = \"250ms\"\nsweep_interval_max = \"500ms\"\n\
         min_gap = \"100ms\"\n{}",
        path("far", &[&one, &other], "1s")
    )
}

/// A daemon that watches `network` this way. It writes down what it judges, which makes rows of sweeps dear, and waits for
/// longer than any test before it tries more by itself.
fn start(network: &Network, way: &str) -> Result<Daemon, Failed> {
    let place = place_in(&network.block, &settings(&network.block, "off"))?;
    let record = place.path("facts");
    let record = record.to_str().ok_or("no UTF-8")?;
    let times = ["--cpu-part", "1s", "--cpu-wait", "1h"];
    let how = ["--watch", way, "--record", record];
    Ok(Daemon::start(&place, &[how, times].concat())?)
}

/// Steps that the log tells of, such as "down to sweeps".
fn steps(daemon: &Daemon) -> Result<Vec<String>, Failed> {
    let log = daemon.log()?;
    let step = |line: &str| {
        let (_, step) = line.split_once("\"stepped ")?;
        let words: Vec<&str> = step.split([' ', ':', ';']).take(3).collect();
        Some(words.join(" "))
    };
    Ok(log.lines().filter_map(step).collect())
}

/// Opens and ends connections until it is told to stop.
struct Flood<'a>(&'a AtomicBool);

impl Drop for Flood<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn flood(network: &Network, listener: &TcpListener, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        // What fails in a storm is no matter of the test.
        let _ = Pair::open(&network.client, listener).map(|pair| pair.exchange());
    }
}

/// Lives through a storm until nothing is attached, and answers the one silent connection that is left of it.
fn storm(network: &Network, daemon: &Daemon) -> Result<Pair, Failed> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let listener = serve(network)?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stops = Flood(&over);
        let open = |_| -> Result<Pair, Failed> {
            let pair = Pair::open(&network.client, &listener)?;
            pair.exchange()?;
            Ok(pair)
        };
        let mut pairs = (0..SILENT).map(open).collect::<Result<Vec<_>, _>>()?;
        scope.spawn(|| flood(network, &listener, &over));
        allow(daemon, network, BUDGET)?;
        within(BACK_WITHIN, "nothing is attached any more", || {
            let steps = steps(daemon)?;
            let down = steps.last().is_some_and(|step| step == "down to detached");
            Ok::<_, Failed>(down.then_some(()).ok_or_else(|| format!("{steps:?}")))
        })?;
        pairs.pop().ok_or_else(|| "no pair".into())
    })
}

/// Nothing of this daemon is left in the kernel, of what it held before, and it says why.
fn is_detached(daemon: &Daemon, held: &[u32]) -> Tested {
    assert!(!held.is_empty());
    eventually("it holds no program", || {
        let programs = daemon.programs()?;
        Ok(if programs.is_empty() {
            Ok(())
        } else {
            Err(format!("{programs:?}"))
        })
    })?;
    eventually("none of those that it held is loaded", || {
        // One that another process drops in this moment is an error.
        let loaded = loaded_programs().filter_map(Result::ok);
        let left: Vec<u32> = loaded
            .map(|program| program.id())
            .filter(|id| held.contains(id))
            .collect();
        Ok(if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        })
    })?;
    let (code, body) = daemon.get("/readyz")?;
    assert_eq!(code, 503, "{body}");
    for part in [
        "stepped down to detached because",
        "> 4.0 % of a core",
        "nothing is seen",
    ] {
        assert!(body.contains(part), "{body}");
    }
    assert_eq!(daemon.get("/healthz")?.0, 200);
    assert_eq!(daemon.metric("stepped_down", &[])?, 1.0);
    assert_eq!(daemon.metric("watch_level", &[("level", "detached")])?, 1.0);
    assert_eq!(daemon.metric("suspects", &[])?, 0.0);
    let ls = finish(&mut daemon.place().question("ls"))?;
    assert_eq!(ls.code, Some(3), "{ls:?}");
    assert!(ls.stderr.contains("stepped down to detached"), "{ls:?}");
    Ok(())
}

/// The alert that the silent connections of the path have in common.
fn is_crossed(daemon: &Daemon) -> Tested {
    let alerts: Vec<Value> = daemon.ask("alerts")?;
    let crossed = |alert: &&Value| alert["name"] == "crossed" && alert["path"] == "far";
    match alerts.iter().find(crossed) {
        Some(alert) if alert["state"] == "firing" => Ok(()),
        found => Err(format!("{found:?}").into()),
    }
}

/// Puts another budget in force, which ends the waiting.
fn allow(daemon: &Daemon, network: &Network, budget: &str) -> Tested {
    let settings = settings(&network.block, budget);
    daemon.place().configure(&settings)?;
    Ok(daemon.signal(Signal::SIGHUP)?)
}

/// Waits until `/readyz` answers this.
fn answers(daemon: &Daemon, code: u16, begins: &str) -> Tested {
    within(
        BACK_WITHIN,
        &format!("/readyz answers {code} {begins}"),
        || {
            let answer = daemon.get("/readyz")?;
            let is = answer.0 == code && answer.1.starts_with(begins);
            Ok::<_, Failed>(is.then_some(()).ok_or_else(|| format!("{answer:?}")))
        },
    )
}

/// It watches as much as at the start, is ready, and tells what becomes of a silence, once that is `watched`.
fn is_back(
    daemon: &Daemon,
    network: &Network,
    left: &Pair,
    watched: impl Fn(&Pair) -> Tested,
) -> Tested {
    answers(daemon, 200, "ready\n")?;
    daemon.await_log("as much is watched as at the start")?;
    assert_eq!(daemon.metric("stepped_down", &[])?, 0.0);
    // One that began to be silent before, and one of now.
    for pair in [left, &Pair::across(network)?] {
        let client = pair.client_address()?;
        daemon.await_finding(client, "crossed")?;
        watched(pair)?;
        pair.exchange()?;
        daemon.await_finding(client, "survived")?;
    }
    Ok(())
}

fn there_and_back() -> Tested {
    let network = routed()?;
    let daemon = start(&network, "global")?;
    let held = daemon.programs()?;
    assert_eq!(daemon.metric("watch_level", &[("level", "global")])?, 1.0);
    let left = storm(&network, &daemon)?;
    assert_eq!(daemon.metric("cpu_budget", &[])?, 0.04);
    // A level that the kernel forbids is stepped over.
    let between: &[&str] = if permits_snapshots() {
        &["snapshots"]
    } else {
        &[]
    };
    let levels = [&["global"], between, &["sweeps", "detached"]].concat();
    let down = steps_to("down", levels.iter().skip(1));
    assert_eq!(steps(&daemon)?, down);
    is_detached(&daemon, &held)?;
    is_crossed(&daemon)?;
    // The storm is over. Each time more is allowed it tries one step.
    allow(&daemon, &network, "60%")?;
    answers(&daemon, 503, "stepped down to sweeps because")?;
    allow(&daemon, &network, "61%")?;
    for level in between {
        answers(
            &daemon,
            200,
            &format!("ready; stepped down to {level} because"),
        )?;
        is_crossed(&daemon)?;
        allow(&daemon, &network, "62%")?;
    }
    is_back(&daemon, &network, &left, |_| Ok(daemon.await_sweeps(2)?))?;
    let up = steps_to("up", levels.iter().rev().skip(1));
    assert_eq!(steps(&daemon)?[down.len()..], up);
    for to in levels.iter().skip(1) {
        assert_eq!(daemon.metric("step_downs_total", &[("to", to)])?, 1.0);
    }
    assert_eq!(daemon.metric("step_ups_total", &[])?, down.len() as f64);
    assert_eq!(daemon.metric("hook_info", &[("hook", "send")])?, 1.0);
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

/// The log's words for steps to these levels.
fn steps_to<'a>(way: &str, levels: impl Iterator<Item = &'a &'a str>) -> Vec<String> {
    levels.map(|level| format!("{way} to {level}")).collect()
}

fn from_per_socket() -> Tested {
    let network = routed()?;
    let daemon = start(&network, "per-socket")?;
    let held = daemon.programs()?;
    let left = storm(&network, &daemon)?;
    assert_eq!(steps(&daemon)?, ["down to sweeps", "down to detached"]);
    is_detached(&daemon, &held)?;
    is_crossed(&daemon)?;
    allow(&daemon, &network, "off")?;
    // Namespaces are entered a few a sweep, in turn: how soon depends on how many the host has.
    is_back(&daemon, &network, &left, |pair| {
        await_callbacks(daemon.place(), &pair.client).map(|_| ())
    })?;
    assert_eq!(daemon.metric("cpu_budget", &[])?, f64::INFINITY);
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}
