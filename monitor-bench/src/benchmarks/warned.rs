//! Whether everybody is warned in time where sweeps are rare: very many sockets, and silences on a path of 4 minutes.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::crowd::DONE;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, shown};
use crate::watch::Watch;
use monitor_lab::testbed::{Daemon, wait};
use monitor_model::finding::{Finding, FindingClass};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "warned",
    title: "Warned in time",
    method: r"
A million sockets make a sweep take a second, so sweeps are rare: `sweep_budget` is 1 % of a core. Among them 4,000
connections leave through a gateway that is said to forget after 4 minutes. Each speaks for the last time at a moment of
its own within a minute, and is silent from then on. A daemon for each way of watching, all at once, until all have
crossed. Each has to be told as `at_risk` before it is told as `crossed`, whatever interval is in force; the time between
is what is left for whoever reads it. Who would suffer is the node with the most connections: it would be told too late.
",
    tried: r"
A connection was at risk from three quarters of its timeout on. A sweep that comes every 100 s finds most of a path's last
minute over: what would cross before the next look at it is at risk now.

What was told first is looked up in the log, whose queue holds 4,096 findings, and one sweep finds all of them at risk. So they
are no more than that, and what the log dropped stands beside them: with 10,000 some 900 and 1,900 seemed to be told too late.
",
    run,
};

/// What the gateway is said to forget after.
const TIMEOUT: Duration = Duration::from_secs(240);
/// The same where the bench only has to work.
const TIMEOUT_QUICK: Duration = Duration::from_secs(8);
/// How long it takes until the last has crossed and a sweep has seen it, besides the timeout.
const LATER: Duration = Duration::from_secs(300);

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let (count, timeout, over) = match context.quick {
        true => (500, TIMEOUT_QUICK, 2),
        false => (4_000, TIMEOUT, 60),
    };
    let sockets = context.sockets;
    let mut table = Table::new(
        format!(
            "{count} silent connections among {sockets} sockets, on a path of {} s.",
            timeout.as_secs()
        ),
        &[
            "watching",
            "a sweep, ms",
            "interval, s",
            "crossed",
            "not at risk before",
            "time left when told, s",
            "the least, s",
            "lines dropped",
        ],
    );
    let mut outcome = Outcome::default();
    let told = context.with_crowd(sockets, |world| {
        let (mut clients, _servers) = world.clients(count)?;
        // Findings are counted by what is logged, and sweeps come as often as their budget lets them.
        let configuration = format!(
            "log_rate = 1000000\n{}",
            world
                .path(timeout)?
                .replace("sweep_interval = \"1s\"\n", "")
        );
        let mut daemons = Vec::new();
        for &watch in &context.ways {
            daemons.push((watch, context.start(watch, &configuration)?));
        }
        context.progress(&format!("{count} fall silent among {sockets} sockets"));
        let processes = u32::try_from(clients.len().max(1)).unwrap_or(1);
        for client in &mut clients {
            client.send(count / over / processes)?;
        }
        for client in &mut clients {
            client.await_word(DONE)?;
        }
        await_crossed(context, &daemons, count, timeout)?;
        let mut told = Vec::new();
        for (watch, mut daemon) in daemons {
            told.push((watch, Told::by(&daemon)?));
            daemon.end(wait::BOUND)?;
        }
        Ok(told)
    })?;
    for (watch, told) in told {
        let least = told.left.iter().copied().reduce(f64::min);
        table.line([
            watch.name().to_owned(),
            format!("{:.0}", told.sweep * 1e3),
            format!("{:.1}", told.interval),
            told.crossed.to_string(),
            told.too_late.to_string(),
            shown(Summary::of(told.left), 0),
            least.map_or("–".to_owned(), |least| format!("{least:.0}")),
            format!("{:.0}", told.dropped),
        ]);
        outcome.goals.push(Goal::new(
            format!("crossed without being at risk before, {}", watch.name()),
            told.too_late as f64,
            0.0,
            &format!("of {}", told.crossed),
            0,
        ));
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}

/// Waits until each daemon has seen all of them cross.
fn await_crossed(
    context: &Context,
    daemons: &[(Watch, Daemon)],
    count: u32,
    timeout: Duration,
) -> Result<(), BenchError> {
    let until = Instant::now() + timeout + LATER;
    let crossed = [("path", "bench"), ("silence", "crossed")];
    for (watch, daemon) in daemons {
        while daemon.metric("connections", &crossed)? < f64::from(count) {
            context.go_on()?;
            if Instant::now() > until {
                let what = format!("all connections have crossed, {}", watch.name());
                return Err(BenchError::in_vain(what, timeout + LATER));
            }
            thread::sleep(Duration::from_millis(500));
        }
    }
    Ok(())
}

/// What a daemon told.
struct Told {
    /// The last sweep, in s.
    sweep: f64,
    /// From one to the next, in s.
    interval: f64,
    /// Connections told as crossed.
    crossed: usize,
    /// Those of them that were not at risk before.
    too_late: usize,
    /// Of the others: how long before the timeout each was told, in s.
    left: Vec<f64>,
    /// Lines that the log had no room for.
    dropped: f64,
}

impl Told {
    fn by(daemon: &Daemon) -> Result<Self, BenchError> {
        let mut told = Self {
            sweep: daemon.metric("sweep_duration_seconds", &[])?,
            interval: daemon.metric("sweep_interval_seconds", &[])?,
            crossed: 0,
            too_late: 0,
            left: Vec::new(),
            dropped: daemon.metric("log_dropped_total", &[])?,
        };
        let mut at_risk = BTreeMap::new();
        for line in daemon.finding_lines()? {
            let finding: Finding = serde_json::from_str(&line)
                .map_err(|error| BenchError::io("reading what the daemon told")(error.into()))?;
            match (finding.kind.class(), finding.timeout_seconds) {
                (FindingClass::AtRisk, Some(timeout)) => {
                    let left = timeout - finding.gap_seconds;
                    at_risk.insert(finding.connection.id, left);
                }
                (FindingClass::Crossed, Some(_)) => {
                    told.crossed += 1;
                    match at_risk.remove(&finding.connection.id) {
                        Some(left) => told.left.push(left),
                        None => told.too_late += 1,
                    }
                }
                _ => {}
            }
        }
        Ok(told)
    }
}
