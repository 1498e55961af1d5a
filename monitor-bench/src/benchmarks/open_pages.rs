//! Ten people look: a daemon whose page is open ten times.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
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
Three daemons at once among healthy connections over loopback, of which both ends are listed, that sweep by themselves as
often as by default. Nobody asks the first; ten readers ask the second what ten open pages ask, each every five seconds: four
overviews (the soonest 24 of those at risk), four tables (the worst 500 of all connections, 340 KB), two paths. They ask over
the inspection socket and read all of it at once; what TLS and passwords take is not in it. Ten more ask the third without
`max_age`, by which they share sweeps: each list has a sweep of its own then. Share of a core is the daemon's CPU time by the
clock, sweeps are those that were made for lists in that time.
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
        context.progress(&format!("{size} sockets"));
        let taken =
            context.with_crowd(size, |world| world.place().within(|| measure(context))?)?;
        for (name, taken) in ["none", "ten", "ten, each with sweeps of its own"]
            .iter()
            .zip(&taken)
        {
            let minute = 60.0 / taken.seconds;
            table.line([
                size.to_string(),
                (*name).to_owned(),
                format!("{:.2}", taken.share),
                format!("{:.0}", taken.lists as f64 * minute),
                format!("{:.0}", taken.sweeps * minute),
            ]);
        }
        let [closed, shared, _] = &taken;
        if size == GOAL_AT {
            outcome.goals.push(Goal::new(
                format!("ten open pages, among {size} sockets"),
                shared.share - closed.share,
                SHARE,
                "% of a core",
                2,
            ));
        }
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}

/// The daemon that nobody asks, the one whose readers share sweeps, and the one whose readers do not.
fn measure(context: &Context) -> Result<[Taken; 3], BenchError> {
    let start = || context.start(context.best(), "");
    let mut daemons = [start()?, start()?, start()?];
    let [closed, shared, apart] = &daemons;
    let ends = AtomicBool::new(false);
    let lists = [const { AtomicU64::new(0) }; 3];
    let taken = thread::scope(|scope| {
        let readers: Vec<_> = [(shared, &lists[1], true), (apart, &lists[2], false)]
            .into_iter()
            .flat_map(|asked| (0..PAGES).map(move |page| (page, asked)))
            .map(|(page, (daemon, lists, shares))| {
                let ends = &ends;
                scope.spawn(move || reads(daemon, page, shares, ends, lists))
            })
            .collect();
        let taken = watched(context, [closed, shared, apart], &lists);
        ends.store(true, Ordering::Relaxed);
        for reader in readers {
            let ended = reader.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        taken
    })?;
    for daemon in &mut daemons {
        daemon.end(wait::BOUND)?;
    }
    Ok(taken)
}

/// A daemon at a moment.
struct Now {
    at: Instant,
    cpu: Duration,
    lists: u64,
    sweeps: f64,
}

impl Now {
    fn of(daemon: &Daemon, lists: &AtomicU64) -> Result<Self, BenchError> {
        Ok(Self {
            sweeps: daemon.metric("lists_total", &[("sweep", "own")])?,
            lists: lists.load(Ordering::Relaxed),
            cpu: daemon.cpu()?,
            at: Instant::now(),
        })
    }

    /// What was between the two.
    fn since(&self, before: &Self) -> Taken {
        let seconds = (self.at - before.at).as_secs_f64();
        Taken {
            share: (self.cpu - before.cpu).as_secs_f64() / seconds * 100.0,
            lists: self.lists - before.lists,
            sweeps: self.sweeps - before.sweeps,
            seconds,
        }
    }
}

/// What the daemons take while the pages are open.
fn watched(
    context: &Context,
    daemons: [&Daemon; 3],
    lists: &[AtomicU64; 3],
) -> Result<[Taken; 3], BenchError> {
    let now = || -> Result<[Now; 3], BenchError> {
        let [closed, shared, apart] = daemons;
        Ok([
            Now::of(closed, &lists[0])?,
            Now::of(shared, &lists[1])?,
            Now::of(apart, &lists[2])?,
        ])
    };
    // What the first answers take is not what goes on.
    thread::sleep(2 * EVERY);
    let before = now()?;
    for _ in 0..context.times(6, 2) {
        context.go_on()?;
        thread::sleep(EVERY);
    }
    let after = now()?;
    Ok(std::array::from_fn(|of| after[of].since(&before[of])))
}

/// One page: what it asks for, as often as it does, until the end.
fn reads(
    daemon: &Daemon,
    page: usize,
    shares: bool,
    ends: &AtomicBool,
    lists: &AtomicU64,
) -> Result<(), BenchError> {
    let list = match page {
        0..4 => "/api/v1/connections?filter=state%20at-risk&sort=left&limit=24&max_age=4",
        4..8 => "/api/v1/connections?sort=-verdict&limit=500&max_age=4",
        _ => "/api/v1/connections?filter=path%20none%20and%20not%20state%20ok&limit=2001&max_age=4",
    };
    let list = match shares {
        true => list,
        false => list.trim_end_matches("&max_age=4"),
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
