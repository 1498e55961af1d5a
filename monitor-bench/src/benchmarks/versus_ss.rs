//! Against `ss`: the connections at risk among many.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, shown};
use crate::sweeping::Sweeps;
use crate::world::World;
use monitor_common::PathClock;
use monitor_kernel::TablePath;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "ss",
    title: "Against `ss`",
    method: r"
100 connections through a gateway, silent for longer than their path's warning, hidden in a crowd of healthy
connections over loopback in the same network namespace. `ss -tinoe` piped into awk, as a person would write it, against
one sweep; in turns, both by the clock. `ss` sees one network namespace, the sweep all. Memory is the largest resident
set of `ss` and awk together, and what a sweep adds to the process that makes it.
",
    tried: r"
Both walk every socket. `ss` asks for each connection's whole state and writes some hundred bytes of text; the sweep reads a
few members and writes nothing for a healthy one. So the share is the price of a socket in the sweep over that in `ss`: see
there for what it consists of. Where the sweep found more than 100: what is counted is its rows, of every network namespace
of the host.
",
    run,
};

/// A sweep at most, as a share of the time that `ss` takes.
const OF_SS: f64 = 0.1;

/// Connections that are at risk: what is looked for.
const AT_RISK: u32 = 100;
/// The silence from which on they are.
const WARN: Duration = Duration::from_secs(3);

/// One way to find them, once.
#[derive(Clone, Copy, Debug)]
struct Search {
    took: Duration,
    found: usize,
    peak_kib: u64,
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    let mut table = Table::new(
        format!("{AT_RISK} connections at risk among so many sockets."),
        &[
            "sockets",
            "sweep, ms",
            "`ss`, ms",
            "sweep of `ss`",
            "sweep found",
            "`ss` found",
            "sweep, KiB",
            "`ss` and awk, KiB",
        ],
    );
    // The largest first: that crowd may be there already.
    for size in [1_000_000, 100_000, 10_000] {
        if size > context.sockets {
            continue;
        }
        context.progress(&format!("among {size} sockets"));
        let times = match size {
            0..50_000 => context.times(15, 2),
            50_000..500_000 => context.times(7, 2),
            _ => context.times(3, 2),
        };
        let searches = context.with_crowd(size, |world| {
            let held = world.clients(AT_RISK)?;
            thread::sleep(WARN + Duration::from_millis(500));
            let searches = search(context, world, times)?;
            drop(held);
            Ok(searches)
        })?;
        let [ours, theirs] = [0, 1].map(|which| {
            let took = searches
                .iter()
                .map(|pair| pair[which].took.as_secs_f64() * 1e3);
            Summary::of(took)
        });
        let share = ours
            .zip(theirs)
            .map(|(ours, theirs)| ours.median / theirs.median);
        let last = searches.last().copied();
        let of = |which: usize, what: fn(Search) -> String| {
            last.map_or("–".to_owned(), |pair| what(pair[which]))
        };
        table.lines.insert(
            0,
            vec![
                size.to_string(),
                shown(ours, 1),
                shown(theirs, 1),
                share.map_or("–".to_owned(), |share| format!("{share:.3}")),
                of(0, |search| search.found.to_string()),
                of(1, |search| search.found.to_string()),
                of(0, |search| search.peak_kib.to_string()),
                of(1, |search| search.peak_kib.to_string()),
            ],
        );
        let goal = Goal::new(
            format!("a sweep of {size} sockets, of the time of `ss`"),
            share,
            OF_SS,
            "of it",
            3,
        );
        outcome.goals.insert(0, goal);
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}

/// Both in turns, from the crowd's own namespace.
fn search(context: &Context, world: &World, times: usize) -> Result<Vec<[Search; 2]>, BenchError> {
    let servers = world.servers()?;
    let path = TablePath {
        remote: vec![servers],
        ports: Vec::new(),
        timeout: Duration::from_secs(3600),
        warn: WARN,
        clock: PathClock::Packets,
    };
    // "198.19.7.0/24" → "198.19.7."
    let network = servers.network().to_string();
    let prefix = network.trim_end_matches('0');
    world.place().within(|| {
        let mut sweeps = Sweeps::load(&[path])?;
        sweeps.once()?;
        (0..times)
            .map(|_| {
                context.go_on()?;
                Ok([by_sweep(&mut sweeps)?, by_ss(prefix)?])
            })
            .collect()
    })?
}

fn by_sweep(sweeps: &mut Sweeps) -> Result<Search, BenchError> {
    // Resets the peak of this process (proc(5), clear_refs).
    fs::write("/proc/self/clear_refs", "5").map_err(BenchError::io("resetting the peak"))?;
    let before = resident("VmRSS");
    let sweep = sweeps.once()?;
    Ok(Search {
        took: sweep.took,
        found: sweep.rows,
        peak_kib: resident("VmHWM").saturating_sub(before),
    })
}

fn resident(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    crate::machine::kib(&status, name)
}

/// What a person would write: established, to that prefix, and nothing sent, received or acknowledged for so long. The
/// largest resident set of the two programs is told by the shell that waits for them.
fn by_ss(prefix: &str) -> Result<Search, BenchError> {
    let script = format!(
        "/^ESTAB/ {{ peer = $5 }}
         /lastsnd:/ {{
             if (index(peer, \"{prefix}\") != 1) next
             for (i = 1; i <= NF; i++) if (split($i, a, \":\") == 2) v[a[1]] = a[2]
             if (v[\"lastsnd\"] >= {ms} && v[\"lastrcv\"] >= {ms} && v[\"lastack\"] >= {ms}) n++
         }}
         END {{ print n + 0 }}",
        ms = WARN.as_millis()
    );
    let failed = || BenchError::io("running `ss`: it comes with iproute2");
    let begun = Instant::now();
    let mut child = Command::new("sh")
        .args(["-c", "ss -tinoe | awk \"$1\"", "sh"])
        .arg(script)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed())?;
    let mut answer = String::new();
    if let Some(stdout) = &mut child.stdout {
        stdout.read_to_string(&mut answer).map_err(failed())?;
    }
    let peak_kib = reap(child.id()).map_err(failed())?;
    Ok(Search {
        took: begun.elapsed(),
        found: answer.trim().parse().unwrap_or(0),
        peak_kib,
    })
}

/// Waits for a child and answers the largest resident set of it and those that it waited for, in KiB.
fn reap(pid: u32) -> io::Result<u64> {
    // SAFETY: all zeros is a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let mut status = 0;
    // SAFETY: a child of this process that nobody else waits for, and two locals.
    let answer = unsafe { libc::wait4(pid.cast_signed(), &raw mut status, 0, &raw mut usage) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    u64::try_from(usage.ru_maxrss).map_err(io::Error::other)
}
