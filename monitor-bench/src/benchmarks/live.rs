//! Somebody looks: a daemon that keeps its history and is asked by `top`, while a thousand findings a minute come.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::crowd::{DONE, Holder};
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::watch::Watch;
use crate::world::World;
use monitor_lab::children::Guarded;
use monitor_lab::testbed::{Daemon, wait};
use nix::pty::{Winsize, openpty};
use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "live",
    title: "While somebody looks",
    method: r"
84 connections through a gateway, whose path is said to forget after 5 s, send a byte every 15 s: each of these silences is
at risk, then crosses, then ends well, which are three findings, about a thousand a minute together. The daemon sweeps
as often as it does by default and watches socket by socket. There are two at once, which see the same: one keeps no history
and nobody asks it; the other keeps its history, and `tcplull top` runs on a terminal of 120 by 40, which asks it every two
seconds. Share of a core is the daemon's CPU time by the clock, memory its resident set at the end. What `top` itself takes
is in the table.
",
    tried: "",
    run,
};

/// Of a core at most, in percent: the daemon with its history and `top`.
const SHARE: f64 = 1.0;
/// More memory than without them, in MiB.
const MEMORY_MIB: f64 = 8.0;

const CONNECTIONS: u32 = 84;
const TIMEOUT: &str = "5s";
const EVERY: Duration = Duration::from_secs(15);

/// What was measured once.
struct Taken {
    findings_a_minute: f64,
    share: f64,
    memory_mib: f64,
    top_share: Option<f64>,
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut table = Table::new(
        "The daemon's share of a core and its resident set, at so many findings a minute.",
        &[
            "the daemon",
            "findings a minute",
            "% of a core",
            "resident, MiB",
            "`top`, % of a core",
        ],
    );
    let [alone, looked] = context.with_crowd(0, |world| measure(context, world))?;
    for (name, one) in [
        ("alone, without a history", &alone),
        ("with its history, and `top`", &looked),
    ] {
        table.line([
            name.to_owned(),
            format!("{:.0}", one.findings_a_minute),
            format!("{:.2}", one.share),
            format!("{:.1}", one.memory_mib),
            one.top_share
                .map_or("–".to_owned(), |share| format!("{share:.2}")),
        ]);
    }
    Ok(Some(Outcome {
        goals: vec![
            Goal::new(
                "the daemon with its history and `top`, at 1,000 findings a minute",
                // Where the machine is slower they are fewer.
                looked.share * 1_000.0 / looked.findings_a_minute.max(1.0),
                SHARE,
                "% of a core",
                2,
            ),
            Goal::new(
                "memory for history and `top`",
                looked.memory_mib - alone.memory_mib,
                MEMORY_MIB,
                "MiB",
                1,
            ),
        ],
        tables: vec![table],
    }))
}

/// The daemon that nobody asks, and the one that keeps its history and is looked at.
fn measure(context: &Context, world: &World) -> Result<[Taken; 2], BenchError> {
    let place = tempfile::tempdir().map_err(BenchError::io("making a folder"))?;
    let path = format!(
        "[[path]]\nname = \"bench\"\nremote = [\"{}\"]\ntimeout = \"{TIMEOUT}\"\n",
        world.servers()?
    );
    let history = format!(
        "{path}[history]\ndir = {:?}\n",
        place.path().join("history")
    );
    let (mut clients, _servers) = world.clients(CONNECTIONS)?;
    let mut alone = context.start(Watch::PerSocket, &path)?;
    let mut looked = context.start(Watch::PerSocket, &history)?;
    let top = Top::start(context, &looked)?;
    // What is allocated at the beginning is there then.
    for _ in 0..context.times(2, 1) {
        speak(context, &mut clients)?;
    }
    let before = [Now::of(&alone, None)?, Now::of(&looked, Some(&top))?];
    for _ in 0..context.times(6, 2) {
        speak(context, &mut clients)?;
    }
    let after = [Now::of(&alone, None)?, Now::of(&looked, Some(&top))?];
    top.draws()?;
    drop(top);
    alone.end(wait::BOUND)?;
    looked.end(wait::BOUND)?;
    let [alone, looked] = &after;
    Ok([alone.since(&before[0]), looked.since(&before[1])])
}

/// A daemon at a moment.
struct Now {
    at: Instant,
    cpu: Duration,
    findings: usize,
    memory_kib: u64,
    top: Option<Duration>,
}

impl Now {
    fn of(daemon: &Daemon, top: Option<&Top>) -> Result<Self, BenchError> {
        Ok(Self {
            top: top.map(Top::cpu).transpose()?,
            findings: daemon.finding_lines()?.len(),
            memory_kib: daemon.memory_kib("VmRSS")?,
            cpu: daemon.cpu()?,
            at: Instant::now(),
        })
    }

    /// What was between the two.
    fn since(&self, before: &Self) -> Taken {
        let seconds = (self.at - before.at).as_secs_f64();
        let share = |from: Duration, to: Duration| (to - from).as_secs_f64() / seconds * 100.0;
        let findings = self.findings.saturating_sub(before.findings);
        Taken {
            findings_a_minute: findings as f64 / seconds * 60.0,
            share: share(before.cpu, self.cpu),
            memory_mib: self.memory_kib as f64 / 1_024.0,
            top_share: before.top.zip(self.top).map(|(from, to)| share(from, to)),
        }
    }
}

/// Every connection sends a byte within a second, and is silent for the rest of the time.
fn speak(context: &Context, clients: &mut [Holder]) -> Result<(), BenchError> {
    context.go_on()?;
    let until = Instant::now() + EVERY;
    for client in &mut *clients {
        client.send(CONNECTIONS)?;
    }
    for client in &mut *clients {
        client.await_word(DONE)?;
    }
    thread::sleep(until.saturating_duration_since(Instant::now()));
    Ok(())
}

/// `tcplull top` on a terminal of its own; gone with this.
struct Top {
    process: Guarded,
    drawn: Arc<AtomicU64>,
}

impl Top {
    fn start(context: &Context, daemon: &Daemon) -> Result<Self, BenchError> {
        let failed = || BenchError::io("starting top on a terminal");
        let size = Winsize {
            ws_row: 40,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let terminal =
            openpty(Some(&size), None).map_err(|error| failed()(io::Error::from(error)))?;
        let side = || terminal.slave.try_clone().map(Stdio::from);
        let mut command = Command::new(&context.tcplull);
        command
            .args(["top", "--socket"])
            .arg(daemon.place().socket())
            .stdin(side().map_err(failed())?)
            .stdout(side().map_err(failed())?)
            .stderr(Stdio::null());
        let process = Guarded::start(&mut command)?;
        let drawn = Arc::new(AtomicU64::new(0));
        let (count, mut screen) = (Arc::clone(&drawn), File::from(terminal.master));
        // A terminal that nobody reads would stop it. It ends when the process has.
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut part) {
                count.fetch_add(read as u64, Ordering::Relaxed);
            }
        });
        Ok(Self { process, drawn })
    }

    fn cpu(&self) -> Result<Duration, BenchError> {
        let pid = nix::unistd::Pid::from_raw(self.process.pid().cast_signed());
        nix::time::clock_getcpuclockid(pid)
            .and_then(nix::time::clock_gettime)
            .map(Duration::from)
            .map_err(|error| BenchError::io("reading the CPU time of top")(error.into()))
    }

    /// That it has drawn anything.
    fn draws(&self) -> Result<(), BenchError> {
        match self.drawn.load(Ordering::Relaxed) {
            0 => Err(BenchError::io("looking at what top draws")(
                io::ErrorKind::WriteZero.into(),
            )),
            _ => Ok(()),
        }
    }
}
