//! A sweep: time for each socket, with many sockets, many network namespaces, and many files that are no sockets.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::crowd::{self, Hold, READY};
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, shown};
use crate::sweeping::{Sweep, Sweeps};
use crate::world::World;
use monitor_common::PathClock;
use monitor_kernel::TablePath;
use monitor_lab::testbed::{Daemon, wait};
use std::thread;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "sweep",
    title: "A sweep",
    method: r"
`monitor::kernel::Sweeper`, the daemon's own, by itself: one sweep after the other. Time is the
thread's CPU time, nearly all of it the kernel's; beside it the clock's. 1,000,000 sockets are 500,000 connections over
loopback, held by 51 processes in a network namespace of the bench's, from which it sweeps as well: so both passes (every
open file, and the table of that namespace) come by each of them. They have been silent for longer than `min_gap`, as
most are on a real host. One sweep in eight makes the second pass: a socket's time is of the mean of eight.
",
    tried: r"
Two passes made a sweep: over all open files, which knows the processes and sees every network namespace, and over the
TCP table of the sweeper's own namespace, for sockets that no process holds. Of 100,000 sockets the profile (`perf
record -e cpu-clock`) gave the second a little more than half: the walk over the buckets (`established_get_first`), a
lock on each socket (`bpf_iter_tcp_seq_show`), and the program once more. On an idle host it was nearly all: 2.7 of
2.8 ms, for an empty table. Yet it shows something new only where silent connections are the kernel's own, or held out
of sight. It is now made in every eighth sweep, and in every one as long as it finds such: 265 ms became 110 ms in seven
sweeps of eight and 122 in the mean, an idle host's 2.8 ms became 0.1. Network namespaces cost nothing of their own: the
first pass does not walk them. What is left is the walk over the files (about a third: a reference to each file is taken
and dropped) and the cache misses of each socket's own lines.

A connection that has been silent for less than any threshold in force does not have its path looked up: 1.04 us a socket
became 0.91 in a crowd of 10,000. What is left: a file that is no socket takes 0.2 us of the same walk, and of a socket the
first read of each cache line (`bpf_skc_to_tcp_sock`, which reads the first, took two fifths of what the program itself
did, by `perf`).
Stamps, sequence numbers and queues lie in different lines, and each is read to tell a healthy connection from one that is
stuck. A crowd of 10,000 costs as much for each as one of a million. By which turn a connection is sampled was worked out
from its addresses and ports, in three lines; now it is the kernel's own hash, in the first. That is less code and no time:
8.3 ms for 10,000 before, 8.1 after, 86 for 100,000 before, 92 after, in two runs one after the other. What is waited for
are other lines.

What the daemons take of a core is seen from the end of one sweep to that of the next, whose interval goes by what the one
before took; what it takes too much, the interval after it makes up for (`sweep_budget`). So one look lies about the budget:
1.71 % and 0.53 % were seen of the same daemon in two runs, one after the other.

The first crowd of a million also found that no sweep of it completed: after 1,000,000 objects of which none is written
out the kernel ends a read with `EAGAIN`, and wants to be asked again. Healthy connections are not written out.
",
    run,
};

/// A socket at most, in us.
const A_SOCKET_US: f64 = 0.6;
/// 1,000 namespaces at most, as a multiple of what one takes.
const NAMESPACES: f64 = 2.0;
/// Sweeps at most, in percent of one core.
const OF_A_CORE: f64 = 1.0;

/// Connections are silent for longer than `min_gap` after this, as most are on a real host.
const SILENT: Duration = Duration::from_millis(1500);
/// Sweeps after which all is as it was: every eighth makes a second pass.
const CYCLE: usize = 8;
/// Sockets that are spread over namespaces.
const SPREAD: u32 = 10_000;

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    namespaces(context, &mut outcome)?;
    files(context, &mut outcome)?;
    routed(context, &mut outcome)?;
    sockets(context, &mut outcome)?;
    share_of_a_core(context, &mut outcome)?;
    Ok(Some(outcome))
}

const COLUMNS: [&str; 6] = [
    "",
    "sockets passed",
    "CPU time, ms",
    "mean, ms",
    "us a socket",
    "us a socket above none",
];

/// With more and more sockets.
fn sockets(context: &Context, outcome: &mut Outcome) -> Result<(), BenchError> {
    let mut table = Table::new(
        "Healthy connections over loopback, both ends counted, in the sweeper's own network namespace; a socket that \
         both passes come by counts once.",
        &COLUMNS,
    );
    let mut none = 0.0;
    let mut worst = None;
    for size in [0, 10_000, 100_000, 1_000_000] {
        if size > context.sockets {
            continue;
        }
        context.progress(&format!("{size} sockets"));
        let sweeps = context.with_crowd(size, |world| {
            thread::sleep(SILENT);
            sweep(context, world, &[], size)
        })?;
        let took = line(&mut table, &format!("{size} sockets"), &sweeps, size, none);
        if size == 0 {
            none = took;
        } else {
            let each = (took - none) / f64::from(size) * 1e3;
            worst = Some(worst.unwrap_or(f64::MIN).max(each));
        }
    }
    outcome.tables.push(table);
    outcome.goals.push(Goal::new(
        "CPU time of a sweep for each socket, the worst of all sizes",
        worst,
        A_SOCKET_US,
        "us",
        2,
    ));
    Ok(())
}

/// Connections that leave the host: their path is looked up.
fn routed(context: &Context, outcome: &mut Outcome) -> Result<(), BenchError> {
    let mut table = Table::new(
        "Connections through a gateway to another namespace, silent, and not at risk.",
        &COLUMNS,
    );
    let routed = SPREAD;
    context.progress(&format!("{routed} sockets on a path"));
    let sweeps = context.with_crowd(0, |world| {
        let held = world.clients(routed / 2)?;
        thread::sleep(SILENT);
        let path = TablePath {
            remote: vec![world.servers()?],
            ports: Vec::new(),
            timeout: Duration::from_secs(3600),
            warn: Duration::from_secs(2700),
            clock: PathClock::Packets,
        };
        let sweeps = sweep(context, world, &[path], routed)?;
        drop(held);
        Ok(sweeps)
    })?;
    let label = format!("{routed} through a gateway, half of them on a path");
    line(&mut table, &label, &sweeps, routed, 0.0);
    outcome.tables.push(table);
    Ok(())
}

/// The same sockets in one, a hundred and a thousand network namespaces.
fn namespaces(context: &Context, outcome: &mut Outcome) -> Result<(), BenchError> {
    let mut table = Table::new(
        "The same number of sockets in more and more network namespaces.",
        &COLUMNS,
    );
    let mut first = None;
    let mut last = None;
    let numbers: &[u32] = if context.quick {
        &[1, 10]
    } else {
        &[1, 100, 1_000]
    };
    for &namespaces in numbers {
        context.progress(&format!("{namespaces} network namespaces"));
        let sweeps = context.with_crowd(0, |world| {
            let pairs = SPREAD / 2 / namespaces;
            let mut held = world.start(None, Hold::Namespaces { namespaces, pairs })?;
            held.await_word(READY)?;
            thread::sleep(SILENT);
            sweep(context, world, &[], SPREAD)
        })?;
        let label = format!("{namespaces} namespaces");
        let took = line(&mut table, &label, &sweeps, SPREAD, 0.0);
        first = first.or(Some(took));
        last = Some(took);
    }
    outcome.tables.push(table);
    let times = first.zip(last).map(|(first, last)| last / first);
    outcome.goals.push(Goal::new(
        "1,000 network namespaces against one",
        times,
        NAMESPACES,
        "times",
        2,
    ));
    Ok(())
}

/// A million open files that are no sockets.
fn files(context: &Context, outcome: &mut Outcome) -> Result<(), BenchError> {
    let number = context.sockets;
    context.progress(&format!("{number} open files"));
    let sweeps = context.with_crowd(0, |world| {
        let mut holders = Vec::new();
        for files in crowd::portions(number, crowd::ENDS) {
            holders.push(world.start(None, Hold::Files { files })?);
        }
        for holder in &mut holders {
            holder.await_word(READY)?;
        }
        sweep(context, world, &[], number)
    })?;
    let mut table = Table::new(
        "Files that are no sockets; for \"a socket\" read \"a file\".",
        &COLUMNS,
    );
    let label = format!("{number} open files");
    line(&mut table, &label, &sweeps, number, 0.0);
    outcome.tables.push(table);
    Ok(())
}

/// Sweeps from the crowd's own namespace, the first one left out.
fn sweep(
    context: &Context,
    world: &World,
    paths: &[TablePath],
    size: u32,
) -> Result<Vec<Sweep>, BenchError> {
    let times = match size {
        0..50_000 => context.times(4 * CYCLE, CYCLE),
        50_000..500_000 => context.times(2 * CYCLE, CYCLE),
        _ => CYCLE,
    };
    world.place().within(|| {
        let mut sweeps = Sweeps::load(paths)?;
        (0..times)
            .map(|_| {
                context.go_on()?;
                sweeps.once()
            })
            .collect()
    })?
}

/// Writes a line; answers the mean of the CPU time in ms: one sweep in eight makes a second pass.
fn line(table: &mut Table, label: &str, sweeps: &[Sweep], size: u32, none: f64) -> f64 {
    let ms = |sweep: &Sweep| sweep.cpu.as_secs_f64() * 1e3;
    let mean = sweeps.iter().map(ms).sum::<f64>() / sweeps.len().max(1) as f64;
    let cpu = Summary::of(sweeps.iter().map(ms));
    let each = |ms: f64| match size {
        0 => "–".to_owned(),
        size => format!("{:.2}", ms / f64::from(size) * 1e3),
    };
    let passed = |pick: fn(u64, u64) -> u64| sweeps.iter().map(|it| it.sockets).reduce(pick);
    table.line([
        label.to_owned(),
        format!(
            "{} to {}",
            passed(u64::min).unwrap_or(0),
            passed(u64::max).unwrap_or(0)
        ),
        shown(cpu, 1),
        format!("{mean:.1}"),
        each(mean),
        each(mean - none),
    ]);
    mean
}

/// A daemon for each way of watching among all those sockets, all at once: the interval that it takes, and what it costs
/// of one core.
fn share_of_a_core(context: &Context, outcome: &mut Outcome) -> Result<(), BenchError> {
    let size = context.sockets;
    let mut table = Table::new(
        format!("Daemons that are to sweep every 5 s, all at once, among {size} sockets."),
        &[
            "watching",
            "interval in force, s",
            "a sweep, ms",
            "of one core, %",
        ],
    );
    context.progress(&format!("daemons among {size} sockets"));
    let among = context.with_crowd(size, |world| {
        world.place().within(|| {
            let daemons: Result<Vec<Daemon>, BenchError> = context
                .ways
                .iter()
                .map(|watch| context.start(*watch, "sweep_interval = \"5s\""))
                .collect();
            let mut daemons = daemons?;
            let shares = shares_between_sweeps(context, &daemons)?;
            let mut among = Vec::new();
            for (daemon, share) in daemons.iter_mut().zip(shares) {
                let interval = daemon.metric("sweep_interval_seconds", &[])?;
                let sweep = daemon.metric("sweep_duration_seconds", &[])?;
                among.push((interval, sweep, share));
                daemon.end(wait::BOUND)?;
            }
            Ok::<_, BenchError>(among)
        })?
    })?;
    for (watch, (interval, sweep, share)) in context.ways.iter().zip(among) {
        table.line([
            watch.name().to_owned(),
            format!("{interval:.1}"),
            format!("{:.0}", sweep * 1e3),
            share.map_or_else(|| "–".to_owned(), |share| format!("{share:.2}")),
        ]);
        outcome.goals.push(Goal::new(
            format!("the daemon among {size} sockets, {}", watch.name()),
            share,
            OF_A_CORE,
            "% of a core",
            2,
        ));
    }
    outcome.tables.push(table);
    Ok(())
}

/// What each daemon takes of one core, in percent, from the end of its second sweep to the end of its third; `None` where
/// that takes too long. What the first one costs is not known when it begins, so the second follows as soon as configured.
fn shares_between_sweeps(
    context: &Context,
    daemons: &[Daemon],
) -> Result<Vec<Option<f64>>, BenchError> {
    /// A sweep of 2 s is followed by an interval of 200 s.
    const PATIENCE: Duration = Duration::from_secs(480);
    let mut second = vec![None; daemons.len()];
    let mut shares = vec![None; daemons.len()];
    let begun = Instant::now();
    while shares.contains(&None) && begun.elapsed() < PATIENCE {
        for ((daemon, second), share) in daemons.iter().zip(&mut second).zip(&mut shares) {
            let sweeps = daemon.sweeps()?;
            let (cpu, at) = (daemon.cpu()?, Instant::now());
            match *second {
                None if sweeps >= 2.0 => *second = Some((sweeps, cpu, at)),
                Some((seen, before, since)) if sweeps > seen && share.is_none() => {
                    let used = cpu.saturating_sub(before).as_secs_f64();
                    *share = Some(used / (at - since).as_secs_f64() * 100.0);
                }
                _ => {}
            }
        }
        context.go_on()?;
        thread::sleep(Duration::from_millis(500));
    }
    Ok(shares)
}
