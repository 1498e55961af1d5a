//! Ten people look: a daemon whose page is open ten times.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::watch::Watch;
use monitor_lab::testbed::http::get_on;
use monitor_lab::testbed::{Daemon, wait};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "open-pages",
    title: "Ten open pages",
    method: r"
A daemon among healthy connections over loopback, of which both ends are listed, that sweeps by itself as often as by
default; once nobody asks it, and once ten readers ask what ten open pages ask, each every five seconds: four overviews (the
soonest 24 of those at risk), four tables (the worst 500 of all connections, 340 KB), two paths. They ask over the inspection
socket and read all of it at once; what TLS and passwords take is not in it. Share of a core is the daemon's CPU time by the clock, sweeps are those that
were made for lists in that time. Once more without `max_age`, by which they share sweeps: each list has a sweep of its own then.
",
    tried: "",
    run,
};

/// What ten pages take of a core at most, in percent, among so many sockets.
const SHARE: f64 = 2.0;
const GOAL_AT: u32 = 10_000;

const PAGES: usize = 10;

/// How often each asks.
const EVERY: Duration = Duration::from_secs(5);

/// What the pages do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pages {
    Closed,
    Shared,
    Apart,
}

/// What was measured once.
struct Taken {
    share: f64,
    lists: u64,
    sweeps: f64,
    seconds: f64,
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    let mut table = Table::new(
        "The daemon's share of a core among so many sockets.",
        &[
            "sockets",
            "pages",
            "% of a core",
            "lists a minute",
            "sweeps for them a minute",
        ],
    );
    for size in [100_000, GOAL_AT] {
        if size > context.sockets {
            continue;
        }
        let mut closed = 0.0;
        for (name, pages) in [
            ("none", Pages::Closed),
            ("ten", Pages::Shared),
            ("ten, each with sweeps of its own", Pages::Apart),
        ] {
            context.progress(&format!("{size} sockets, pages: {name}"));
            let taken = context.with_crowd(size, |world| {
                world.place().within(|| measure(context, pages))?
            })?;
            let minute = 60.0 / taken.seconds;
            table.line([
                size.to_string(),
                name.to_owned(),
                format!("{:.2}", taken.share),
                format!("{:.0}", taken.lists as f64 * minute),
                format!("{:.0}", taken.sweeps * minute),
            ]);
            match pages {
                Pages::Closed => closed = taken.share,
                Pages::Shared if size == GOAL_AT => outcome.goals.push(Goal::new(
                    format!("ten open pages, among {size} sockets"),
                    taken.share - closed,
                    SHARE,
                    "% of a core",
                    2,
                )),
                _ => {}
            }
        }
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}

fn measure(context: &Context, pages: Pages) -> Result<Taken, BenchError> {
    let mut daemon = context.start(Watch::Snapshots, "")?;
    let (ends, lists) = (AtomicBool::new(false), AtomicU64::new(0));
    let taken = thread::scope(|scope| {
        let count = if pages == Pages::Closed { 0 } else { PAGES };
        let readers: Vec<_> = (0..count)
            .map(|page| {
                let (daemon, ends, lists) = (&daemon, &ends, &lists);
                scope.spawn(move || reads(daemon, page, pages, ends, lists))
            })
            .collect();
        let taken = watched(context, &daemon, &lists);
        ends.store(true, Ordering::Relaxed);
        for reader in readers {
            let ended = reader.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        taken
    })?;
    daemon.end(wait::BOUND)?;
    Ok(taken)
}

/// What the daemon takes while the pages are open.
fn watched(context: &Context, daemon: &Daemon, lists: &AtomicU64) -> Result<Taken, BenchError> {
    // What the first answers take is not what goes on.
    thread::sleep(2 * EVERY);
    let now = || -> Result<_, BenchError> {
        let sweeps = daemon.metric("lists_total", &[("sweep", "own")])?;
        let lists = lists.load(Ordering::Relaxed);
        Ok((Instant::now(), daemon.cpu()?, lists, sweeps))
    };
    let before = now()?;
    for _ in 0..context.times(12, 2) {
        context.go_on()?;
        thread::sleep(EVERY);
    }
    let after = now()?;
    let seconds = (after.0 - before.0).as_secs_f64();
    Ok(Taken {
        share: (after.1 - before.1).as_secs_f64() / seconds * 100.0,
        lists: after.2 - before.2,
        sweeps: after.3 - before.3,
        seconds,
    })
}

/// One page: what it asks for, as often as it does, until the end.
fn reads(
    daemon: &Daemon,
    page: usize,
    pages: Pages,
    ends: &AtomicBool,
    lists: &AtomicU64,
) -> Result<(), BenchError> {
    let list = match page {
        0..4 => "/api/v1/connections?filter=state%20at-risk&sort=left&limit=24&max_age=4",
        4..8 => "/api/v1/connections?sort=-verdict&limit=500&max_age=4",
        _ => "/api/v1/connections?filter=path%20none%20and%20not%20state%20ok&limit=2001&max_age=4",
    };
    let list = match pages {
        Pages::Apart => list.trim_end_matches("&max_age=4"),
        _ => list,
    };
    let mut asked = vec![list];
    match page {
        0..4 => asked.extend(["/api/v1/alerts", "/api/v1/paths", "/readyz"]),
        4..8 => asked.push("/readyz"),
        _ => asked.extend(["/api/v1/paths", "/readyz"]),
    }
    // People open pages one after the other.
    thread::sleep(EVERY.mul_f64(page as f64 / PAGES as f64));
    let mut next = Instant::now();
    while !ends.load(Ordering::Relaxed) {
        for path in &asked {
            let answer = get_on(&daemon.place().socket(), path, "application/x-ndjson")?;
            if answer.status != 200 {
                let refused = io::Error::other(format!("{path}: {}", answer.body));
                return Err(BenchError::io("reading what a page reads")(refused));
            }
        }
        lists.fetch_add(1, Ordering::Relaxed);
        next += EVERY;
        while Instant::now() < next && !ends.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}
