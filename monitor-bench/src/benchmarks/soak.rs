//! A node's daemon under all that a node does to it, for twenty minutes: what it takes, and what of it stays.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::soak::{Has, Work, churn, namespaces, restarts, scrapes};
use crate::world::World;
use monitor_lab::testbed::{Daemon, Watch as Watcher, wait};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "soak",
    title: "A soak",
    method: r"
Twenty minutes of two daemons, as they are by default and with their histories, on a host where connections come and go
(some 100 a second; eight a second fall silent for longer than their path is said to forget, and then are answered, reset,
closed from one end, or just dropped), and a network namespace comes and goes every second with a silent connection in it. Both are scraped
every five seconds. One lives all the time, and `tcplull watch` hears it; the other is stopped and started anew each minute, with the
alerts and the history that it left. Share of a core is CPU time by the clock, that of starts with it; memory is the resident set, the slope of the second half's by least
squares. Entries in maps are the sockets that the kernel side keeps something for (suspects, snapshots), bytes of maps what `/proc/PID/fdinfo` says. What is
left is what the first still had at the end, once nobody did anything any more. The requests of the manifest for
[Kubernetes](kubernetes.md) follow from these figures.
",
    tried: r"
The resident set grows in steps, after 307, 547 and 892 s, by 0.5, 1.0 and 0.8 MiB, and between them by 0.3 to 0.6 MiB an hour. That
of 547 s was caught with a debugger that stops at each allocation of more than 200 kB: the table of what is usual on a connection
(`Habits`) takes twice its room, 2 MB, for the last time, for it is bounded to 14,336 connections and forgets after 15 minutes. The others come
where tables of its kind have as many entries as silences were answered by then. So twenty minutes see these tables fill, not what
a day brings, and the slope over the second half is theirs. What the daemon knows of processes was taken for
the cause first: it was kept until there were 4,096 of them, more than an hour at one a second, and is forgotten after five to ten
minutes without a question now. In twenty minutes that made no difference that can be seen.
",
    run,
};

/// Of a core, in percent, and resident, in MiB: what the manifest requests.
const SHARE: f64 = 2.0;
const RESIDENT_MIB: f64 = 64.0;

/// What a daemon may grow in an hour, by the slope, in MiB.
const GROWTH_MIB: f64 = 1.0;

const LASTS: Duration = Duration::from_secs(20 * 60);
const LASTS_QUICK: Duration = Duration::from_secs(30);

/// From one start of the second daemon to the next.
const LIFE: Duration = Duration::from_secs(60);
const LIFE_QUICK: Duration = Duration::from_secs(10);

/// How often it is looked at what they take.
const LOOK: Duration = Duration::from_secs(5);

/// The path of connections that fall silent is said to forget after this.
const TIMEOUT: &str = "2s";

/// What came of it.
struct Soaked {
    share: f64,
    /// Of the first daemon, with the seconds since the beginning.
    samples: Vec<(f64, Has)>,
    /// What it had once all was over.
    left: Has,
    /// Of each life of the second one, at its end.
    lives: Vec<Has>,
    restarted_share: f64,
    connections: u64,
    namespaces: u64,
    heard: u64,
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let soaked = context.with_crowd(0, |world| soak(context, world))?;
    let Some((first, middle, last)) = soaked.stretch() else {
        return Ok(None);
    };
    let slope = soaked.slope_mib_an_hour();
    let mut table = Table::new(
        format!(
            "{} connections and {} namespaces came and went; `watch` was told {} lines.",
            soaked.connections, soaked.namespaces, soaked.heard
        ),
        &[
            "the daemon",
            "% of a core",
            "resident, MiB",
            "descriptors",
            "entries in maps",
            "maps, MiB",
        ],
    );
    let mut line = |name: &str, share: Option<f64>, has: &Has| {
        table.line([
            name.to_owned(),
            share.map_or("–".to_owned(), |share| format!("{share:.2}")),
            format!("{:.1}", mib(has.resident)),
            has.descriptors.to_string(),
            format!("{:.0}", has.entries),
            format!("{:.2}", has.maps as f64 / 1_048_576.0),
        ]);
    };
    line("that lives: at the beginning", None, first);
    line("that lives: in the middle", None, middle);
    line("that lives: at the end", Some(soaked.share), last);
    line("that lives: once all was over", None, &soaked.left);
    for (name, life) in [
        ("started anew: its first life's end", soaked.lives.first()),
        ("started anew: its last life's end", soaked.lives.last()),
    ] {
        if let Some(life) = life {
            line(name, Some(soaked.restarted_share), life);
        }
    }
    let largest = soaked.samples.iter().map(|(_, has)| has.resident).max();
    let goals = vec![
        Goal::new("the daemon", soaked.share, SHARE, "% of a core", 2),
        Goal::new(
            "the daemon started anew each minute",
            soaked.restarted_share,
            SHARE,
            "% of a core",
            2,
        ),
        Goal::new(
            "resident, at most",
            largest.map(mib),
            RESIDENT_MIB,
            "MiB",
            1,
        ),
        Goal::new("resident, its slope", slope, GROWTH_MIB, "MiB an hour", 2),
        Goal::new(
            "more at the end than in the middle",
            last.descriptors as f64 - middle.descriptors as f64,
            0.0,
            "descriptors",
            0,
        ),
        Goal::new(
            "in maps once all was over",
            soaked.left.entries,
            0.0,
            "entries",
            0,
        ),
    ];
    Ok(Some(Outcome {
        goals,
        tables: vec![table],
    }))
}

fn soak(context: &Context, world: &World) -> Result<Soaked, BenchError> {
    let (lasts, life) = match context.quick {
        true => (LASTS_QUICK, LIFE_QUICK),
        false => (LASTS, LIFE),
    };
    let folder = tempfile::tempdir().map_err(BenchError::io("making a folder"))?;
    let configuration = |name: &str| -> Result<String, BenchError> {
        Ok(format!(
            "[[path]]\nname = \"bench\"\nremote = [\"{}\"]\ntimeout = \"{TIMEOUT}\"\n[[path]]\nname = \"own\"\n\
             remote = [\"127.0.0.0/8\"]\ntimeout = \"{TIMEOUT}\"\n[history]\ndir = {:?}\n",
            world.servers()?,
            folder.path().join(name)
        ))
    };
    let mut daemon = context.start(context.best(), &configuration("lives")?)?;
    let heard = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&heard);
    let watcher = Watcher::start(&daemon, move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    })?;
    let work = Work::default();
    let again = configuration("again")?;
    let begun = Instant::now();
    let cpu = daemon.cpu()?;
    let (samples, connections, namespaces, restarted) = thread::scope(|scope| {
        let connections = scope.spawn(|| work.until_the_end(|| churn(world, &work)));
        let namespaces = scope.spawn(|| work.until_the_end(|| namespaces(&work)));
        let scraped = scope.spawn(|| work.until_the_end(|| scrapes(daemon.place(), &work)));
        let restarted =
            scope.spawn(|| work.until_the_end(|| restarts(context, &again, life, &work)));
        let samples = work.until(lasts, || looked_at(context, &daemon, begun, &work));
        joined(scraped)?;
        Ok::<_, BenchError>((
            samples?,
            joined(connections)?,
            joined(namespaces)?,
            joined(restarted)?,
        ))
    })?;
    let share = (daemon.cpu()? - cpu).as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
    // What waits in vain would be what is left.
    let over = context.eventually("nothing is kept for sockets any more", || {
        Ok(Has::of(&daemon)?.entries == 0.0)
    });
    let left = Has::of(&daemon)?;
    if let Err(error) = over {
        context.progress(&error.to_string());
    }
    daemon.end(wait::BOUND)?;
    watcher.finish();
    Ok(Soaked {
        share,
        samples,
        left,
        restarted_share: restarted.share,
        lives: restarted.lives,
        connections,
        namespaces,
        heard: heard.load(Ordering::Relaxed),
    })
}

fn joined<T>(part: ScopedJoinHandle<'_, T>) -> T {
    let done = part.join();
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// One look.
fn looked_at(
    context: &Context,
    daemon: &Daemon,
    begun: Instant,
    work: &Work,
) -> Result<(f64, Has), BenchError> {
    work.rest(LOOK);
    context.go_on()?;
    Ok((begun.elapsed().as_secs_f64(), Has::of(daemon)?))
}

impl Soaked {
    /// What the first daemon had at the beginning, in the middle and at the end.
    fn stretch(&self) -> Option<(&Has, &Has, &Has)> {
        let at = |place: usize| self.samples.get(place).map(|(_, has)| has);
        let last = self.samples.len().checked_sub(1)?;
        Some((at(0)?, at(last / 2)?, at(last)?))
    }

    /// Of the resident set in the second half.
    fn slope_mib_an_hour(&self) -> Option<f64> {
        let later = self.samples.get(self.samples.len() / 2..)?;
        let points = later.iter().map(|(at, has)| (*at, mib(has.resident)));
        slope(&points.collect::<Vec<_>>()).map(|a_second| a_second * 3_600.0)
    }
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

/// By how much the second grows with the first (least squares); none of fewer than two points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let products: f64 = points
        .iter()
        .map(|(at, value)| (at - x) * (value - y))
        .sum();
    let squares: f64 = points.iter().map(|(at, _)| (at - x) * (at - x)).sum();
    (squares > 0.0).then(|| products / squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_and_a_point_has_none() {
        assert_eq!(slope(&[(0.0, 1.0), (2.0, 2.0), (4.0, 3.0)]), Some(0.5));
        assert_eq!(slope(&[(3.0, 1.0)]), None);
        assert_eq!(slope(&[]), None);
    }
}
