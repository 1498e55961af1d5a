//! Silent sockets in many network namespaces: that the work of a sweep does not multiply, in each way of watching.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::crowd::{self, Hold, Holder, READY};
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::world::World;
use monitor_lab::testbed::{Daemon, wait};
use std::thread;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "silent",
    title: "Silent sockets in many namespaces",
    method: r"
A daemon for each way of watching, all at once, when all sockets have been silent for longer than their path forgives: how
long a sweep takes, how far sweeps are apart then, and what the daemon takes of one core meanwhile, with all its threads,
revisits among them. The
sockets are connections through a gateway without anybody at the other end (TCP_REPAIR), spread evenly over network
namespaces of their own: a node with many pods has such. The sweep's rows are bounded (65,536), its work is not.
",
    tried: r"
To watch a socket by its callbacks one enters its network namespace and walks the host's whole table of sockets there, so
that way multiplied: with 60 namespaces and 10,000 sockets a sweep took 0.20 s, with 1,000,000 sockets 9.8 s. By snapshots
nobody enters a namespace: the kernel lists the sockets that have one. Per socket, 16 namespaces have their turn a sweep.

Of a daemon among 10,000 in one namespace, by the CPU time of its threads, sweeps took 1.0 % of a core, which is their budget,
and the thread that judges 0.8: a sweep finds 10,000 connections that have crossed, and each is looked at anew, every 2.6 s.
",
    run,
};

/// The daemon at most, in percent of one core: a share for sweeps, and one for revisits.
const OF_A_CORE: f64 = 2.0;
/// What a path forgives.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long the daemon is looked at.
const WATCHED: Duration = Duration::from_secs(20);

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    let all: &[(u32, u32)] = if context.quick {
        &[(1, 1_000), (10, 1_000)]
    } else {
        &[
            (1, 10_000),
            (100, 10_000),
            (1_000, 10_000),
            (100, 1_000_000),
            (1_000, 1_000_000),
        ]
    };
    for &(namespaces, sockets) in all {
        if sockets <= context.sockets {
            spread(context, namespaces, sockets, &mut outcome)?;
        }
    }
    Ok(Some(outcome))
}

fn spread(
    context: &Context,
    namespaces: u32,
    sockets: u32,
    outcome: &mut Outcome,
) -> Result<(), BenchError> {
    context.progress(&format!(
        "{sockets} silent sockets in {namespaces} namespaces"
    ));
    let mut table = Table::new(
        format!("{sockets} silent sockets in {namespaces} network namespaces."),
        &[
            "watching",
            "a sweep, ms",
            "interval, s",
            "of one core, %",
            "snapshots",
        ],
    );
    let seen = context.with_crowd(0, |world| {
        let held = hold(world, namespaces, sockets)?;
        thread::sleep(TIMEOUT);
        let seen = watched(context);
        drop(held);
        seen
    })?;
    for (watch, seen) in context.ways.iter().zip(seen) {
        table.line([
            watch.name().to_owned(),
            format!("{:.0}", seen.sweep * 1e3),
            format!("{:.1}", seen.interval),
            format!("{:.2}", seen.share),
            format!("{:.0}", seen.snapshots),
        ]);
        outcome.goals.push(Goal::new(
            format!(
                "the daemon, {sockets} silent in {namespaces} namespaces, {}",
                watch.name()
            ),
            Some(seen.share),
            OF_A_CORE,
            "% of a core",
            2,
        ));
    }
    outcome.tables.push(table);
    Ok(())
}

/// Processes that hold so many silent sockets, as many in each namespace.
fn hold(world: &World, namespaces: u32, sockets: u32) -> Result<Vec<Holder>, BenchError> {
    let each = sockets / namespaces;
    let mut holders = Vec::new();
    // A process has room for so many whole namespaces; of a larger one it holds a part, in a namespace of its own.
    let portions = if each <= crowd::ENDS {
        crowd::portions(namespaces, crowd::ENDS / each)
            .into_iter()
            .map(|namespaces| (namespaces, each))
            .collect::<Vec<_>>()
    } else {
        crowd::portions(sockets, crowd::ENDS)
            .into_iter()
            .map(|connections| (1, connections))
            .collect()
    };
    for (namespaces, connections) in portions {
        let hold = Hold::Silent {
            namespaces,
            connections,
        };
        holders.push(world.start(None, hold)?);
    }
    for holder in &mut holders {
        holder.await_word(READY)?;
    }
    Ok(holders)
}

/// What was seen of a daemon.
struct Seen {
    /// The last sweep, in s.
    sweep: f64,
    /// From one to the next, in s.
    interval: f64,
    /// Of one core, in percent.
    share: f64,
    snapshots: f64,
}

/// A daemon for each way of watching, looked at once each has swept twice.
fn watched(context: &Context) -> Result<Vec<Seen>, BenchError> {
    let path = format!(
        "sweep_interval = \"1s\"\n[[path]]\nname = \"bench\"\nremote = [\"203.0.113.0/24\"]\ntimeout = \"{}s\"",
        TIMEOUT.as_secs()
    );
    let daemons: Result<Vec<Daemon>, BenchError> = context
        .ways
        .iter()
        .map(|watch| context.start(*watch, &path))
        .collect();
    let mut daemons = daemons?;
    // The first finds them all, and what it costs is no everyday's.
    for daemon in &daemons {
        context.eventually("tcplull has swept twice", || Ok(daemon.sweeps()? >= 2.0))?;
    }
    let before: Result<Vec<_>, BenchError> = daemons
        .iter()
        .map(|daemon| Ok((daemon.cpu()?, Instant::now())))
        .collect();
    let before = before?;
    let end = Instant::now() + WATCHED;
    while Instant::now() < end {
        context.go_on()?;
        thread::sleep(Duration::from_millis(200));
    }
    daemons
        .iter_mut()
        .zip(before)
        .map(|(daemon, before)| Seen::since(before, daemon))
        .collect()
}

impl Seen {
    /// What it took since `before`; the daemon ends.
    fn since((cpu, at): (Duration, Instant), daemon: &mut Daemon) -> Result<Self, BenchError> {
        let used = daemon.cpu()?.saturating_sub(cpu);
        let share = used.as_secs_f64() / at.elapsed().as_secs_f64() * 100.0;
        let seen = Self {
            sweep: daemon.metric("sweep_duration_seconds", &[])?,
            interval: daemon.metric("sweep_interval_seconds", &[])?,
            share,
            snapshots: daemon.metric("snapshots", &[])?,
        };
        daemon.end(wait::BOUND)?;
        Ok(seen)
    }
}
