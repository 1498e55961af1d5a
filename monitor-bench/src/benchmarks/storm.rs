//! Under a storm: very many suspects speak at once, and then a middlebox kills them all.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::crowd::{DONE, Holder};
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::watch::Watch;
use crate::world::World;
use monitor_lab::testbed::{Daemon, wait};
use std::thread;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "storm",
    title: "Under a storm",
    method: r"
50,000 connections through a gateway, held by three processes on each side. Their path is said to forget after 2 s; they
are silent for longer, and then each sends a byte, first at a steady rate, then as fast as three processes can: each send
is a fact, and so is its ACK. Last, the middlebox drops everything from one moment on, and all send again: every
connection is one that its path has killed, and each has to be told as `blackholed`, by its third timeout or, where that was
dropped because the ring was full, by a later one: as the outcome of its silence, or as a stall where the fact that told
the end of the silence was dropped, too. The daemon's CPU time is read each second.
",
    tried: r"
All rows of a sweep were judged in one go, with 50,000 suspects 50,000 rows, and the ring of 2 MiB (5,800 facts) was not
read meanwhile: of 50,000 connections whose path died, watched globally, 18,137 were judged. Reading the ring after every
256 rows, all 50,000 were. A burst drops all the same while the senders have both cores: 50,000 sends in 0.14 s are ten
rings full, and the daemon has its fair share of the machine and no more. What the ring drops then, later facts and sweeps
make up for: the next timeouts of the same connections come with the same clock, but without the senders. A larger ring
would only move the figure, and is memory on every host.

This row once said 12,767 of 50,000, watched globally: it ended ten seconds after the last one was told, while a connection's
timeouts come ever further apart; and no sweep had seen the silence, as it sees one of minutes. Where the ring then drops the
fact that ends it, the loss is told as a stall, of which 7,168 are followed at once: the page fires all the same.

Both ends of every connection live on this host. When they have been silent for longer than a minute (60 s is the
threshold without a path), the servers' ends are suspects too, and 100,000 connections do not find room among the judge's
65,536 places.

Where the daemon's time went when all 50,000 died at once, before connections shared their owner's names: by `perf` about
40 % to the allocator, 10 % to counting how each one's neighbours fare. A fast machine needed 73 to 94 % of a core then, the
one measured here needs more than one core for a second now: the thread that writes the log runs beside the one that judges.
",
    run,
};

/// The path is said to forget after this.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A blackhole is told by the third timeout, some 2 s after the send; where that was dropped, by one of the next, which
/// come after twice the time each (the eighth 51 s after the send), or by a sweep.
const JUDGED_WITHIN: Duration = Duration::from_secs(60);

/// Sends a second that are tried before the storm, 0 for as many as there can be.
const RATES: [u32; 5] = [5_000, 10_000, 20_000, 40_000, 0];

/// One moment of the daemon's counters.
#[derive(Clone, Copy, Debug)]
struct Counted {
    seen: f64,
    dropped: f64,
    /// Facts of connections for which the judge's tables had no place.
    placeless: f64,
    /// Told as blackholed: as what became of a silence, or as a stall.
    blackholed: f64,
    cpu: Duration,
    at: Instant,
}

impl Counted {
    fn now(daemon: &Daemon) -> Result<Self, BenchError> {
        Ok(Self {
            seen: daemon.metric("facts_seen_total", &[])?,
            dropped: daemon.metric("facts_dropped_total", &[])?,
            placeless: daemon.metric("judge_dropped_total", &[("reason", "table_full")])?
                + daemon.metric("judge_dropped_total", &[("reason", "stalls_full")])?,
            blackholed: daemon.metric("outcomes_total", &[("outcome", "blackholed")])?
                + daemon.metric("stalls_total", &[("cause", "blackholed")])?,
            cpu: daemon.cpu()?,
            at: Instant::now(),
        })
    }

    /// Its CPU time since `before`, in percent of a core.
    fn share(self, before: Self) -> f64 {
        let cpu = self.cpu.saturating_sub(before.cpu).as_secs_f64();
        cpu / self.at.duration_since(before.at).as_secs_f64() * 100.0
    }
}

/// By when how many of those whose path died were told, in seconds since all had sent.
#[derive(Default)]
struct Told {
    half: Option<f64>,
    most: Option<f64>,
    all: Option<f64>,
    share: f64,
}

impl Told {
    fn table(count: u32) -> Table {
        Table::new(
            format!(
                "When the {count} whose path died were told as blackholed, in seconds after the last of them had sent."
            ),
            &["watched", "half of them", "95 % of them", "all", "told, %"],
        )
    }

    fn note(&mut self, share: f64, since_sent: Duration) {
        let seconds = since_sent.as_secs_f64();
        let bounds = [
            (&mut self.half, 0.5),
            (&mut self.most, 0.95),
            (&mut self.all, 1.0),
        ];
        for (when, bound) in bounds {
            if share >= bound {
                when.get_or_insert(seconds);
            }
        }
        self.share = share;
    }

    fn line(&self, table: &mut Table, watch: Watch) {
        let shown = |when: Option<f64>| when.map_or("–".to_owned(), |when| format!("{when:.0}"));
        table.line([
            watch.name().to_owned(),
            shown(self.half),
            shown(self.most),
            shown(self.all),
            format!("{:.1}", self.share * 100.0),
        ]);
    }
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let count = if context.quick { 1_000 } else { 50_000 };
    let mut outcome = Outcome::default();
    let mut told = Told::table(count);
    for &watch in &context.ways {
        context.progress(&format!("{count} connections, {}", watch.name()));
        context.with_crowd(0, |world| {
            storm(context, world, watch, count, (&mut outcome, &mut told))
        })?;
        // The path of this network is dead: the next needs another.
        context.forget_world();
    }
    outcome.tables.push(told);
    Ok(Some(outcome))
}

fn storm(
    context: &Context,
    world: &World,
    watch: Watch,
    count: u32,
    (outcome, told_table): (&mut Outcome, &mut Table),
) -> Result<(), BenchError> {
    let (mut clients, _servers) = world.clients(count)?;
    let mut daemon = context.start(watch, &world.path(TIMEOUT)?)?;
    let mut table = Table::new(
        format!(
            "{count} connections that were silent for longer than their path forgives all speak, watched {}; in the \
             last line the path between their hosts has died.",
            watch.name()
        ),
        &[
            "sends a second",
            "facts",
            "facts a second",
            "dropped, ring full",
            "dropped, no place in the judge's tables",
            "judged blackholed",
            "daemon, % of a core at most",
            "of it while they send, %",
        ],
    );
    // A ramp where the hooks see every end of a silence by themselves: else each step would wait for sweeps.
    let rates = match watch.needs_sweep() {
        true => &RATES[RATES.len() - 1..],
        false => &RATES[..],
    };
    for &rate in rates {
        context.await_silence((&daemon, watch), count, TIMEOUT)?;
        context.go_on()?;
        let [before, sent, after] = speak(&daemon, &mut clients, rate, Duration::from_secs(1))?;
        let most = after.share(sent).max(sent.share(before));
        line(&mut table, &title(rate), [before, sent, after], most);
    }
    // What is silent for minutes, and not for seconds as here, a sweep has seen, however it is watched.
    context.await_silence_seen(&daemon, count, TIMEOUT)?;
    world.network().path_dies()?;
    let [before, sent, mut after] = speak(&daemon, &mut clients, 0, Duration::ZERO)?;
    let mut most = sent.share(before);
    let until = Instant::now() + JUDGED_WITHIN;
    let mut told = Told::default();
    while Instant::now() < until && told.all.is_none() {
        context.go_on()?;
        let last = after;
        thread::sleep(Duration::from_secs(1));
        after = Counted::now(&daemon)?;
        most = most.max(after.share(last));
        let judged = after.blackholed - before.blackholed;
        told.note(judged / f64::from(count), sent.at.elapsed());
    }
    told.line(told_table, watch);
    line(
        &mut table,
        "all at once, and die",
        [before, sent, after],
        most,
    );
    daemon.end(wait::BOUND)?;
    outcome.tables.push(table);
    let judged = after.blackholed - before.blackholed;
    let dropped = after.dropped - before.dropped + after.placeless - before.placeless;
    let untold = f64::from(count) - judged - dropped;
    outcome.goals.push(Goal::new(
        format!("neither judged nor counted as dropped, {}", watch.name()),
        untold.max(0.0),
        0.0,
        &format!("of {count}"),
        0,
    ));
    outcome.goals.push(Goal::new(
        format!("the daemon in the storm, {}", watch.name()),
        most,
        100.0,
        "% of a core",
        0,
    ));
    Ok(())
}

/// All send a byte; the counters before, when they have sent, and `then` later.
fn speak(
    daemon: &Daemon,
    clients: &mut [Holder],
    rate: u32,
    then: Duration,
) -> Result<[Counted; 3], BenchError> {
    let before = Counted::now(daemon)?;
    let processes = u32::try_from(clients.len().max(1)).unwrap_or(1);
    for client in &mut *clients {
        client.send(rate / processes)?;
    }
    for client in clients {
        client.await_word(DONE)?;
    }
    let sent = Counted::now(daemon)?;
    thread::sleep(then);
    Ok([before, sent, Counted::now(daemon)?])
}

fn title(rate: u32) -> String {
    match rate {
        0 => "as fast as they can".to_owned(),
        rate => rate.to_string(),
    }
}

fn line(table: &mut Table, title: &str, [before, sent, after]: [Counted; 3], most: f64) {
    let sending = sent.at.duration_since(before.at).as_secs_f64();
    table.line([
        title.to_owned(),
        format!("{:.0}", after.seen - before.seen),
        format!("{:.0}", (sent.seen - before.seen) / sending),
        format!("{:.0}", after.dropped - before.dropped),
        format!("{:.0}", after.placeless - before.placeless),
        format!("{:.0}", after.blackholed - before.blackholed),
        format!("{most:.0}"),
        format!("{:.0}", sent.share(before)),
    ]);
}
