//! A scope: what a connection outside it costs a sweep, against one of a daemon without any.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, shown};
use crate::sweeping::Sweeps;
use crate::world::World;
use monitor_common::PathClock;
use monitor_kernel::{Netns, Scope, TablePath};
use monitor_lab::network::cgroup::Cgroup;
use std::process;
use std::thread;
use std::time::Duration;

pub const BENCHMARK: Benchmark = Benchmark {
    name: "scope",
    title: "A scope",
    method: r"
As a sweep, with four of them in turns: one without a scope, and one for each kind, of which no connection is within.
Time is the thread's CPU time, and each is held against the one without a scope of the same turn. Programs on segments
leave a healthy connection before they ask for its scope: their instructions there are the same with and without one.
",
    tried: r"
The scope is asked where a path is looked up, which takes longer: a healthy connection never comes that far, and one
outside is left there. Asked first of all it would cost every socket four guarded reads. What a process holds has to be
noted for all of its sockets, so `--pid` reads the number of the task that holds each file: that is the difference there.
",
    run,
};

/// A sweep with a scope at most, as a multiple of one without.
const TIMES: f64 = 1.1;
/// Connections are silent for longer than `min_gap` after this, as most are on a real host.
const SILENT: Duration = Duration::from_millis(1500);
/// Sockets, half of them on a path.
const SOCKETS: u32 = 10_000;

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    let mut worst = None::<f64>;
    for (title, warn) in [
        ("Healthy connections", Duration::from_secs(2700)),
        ("Silent ones, past the threshold of their path", SILENT / 2),
    ] {
        context.progress(title);
        let mut table = Table::new(
            format!("{title}, {SOCKETS} sockets through a gateway, half of them on a path."),
            &[
                "scope",
                "CPU time, ms",
                "us a socket",
                "against none",
                "rows",
            ],
        );
        let measured = context.with_crowd(0, |world| {
            let held = world.clients(SOCKETS / 2)?;
            thread::sleep(SILENT);
            let measured = turns(context, world, warn)?;
            drop(held);
            Ok(measured)
        })?;
        for Measured {
            name,
            ms,
            against,
            rows,
        } in measured
        {
            let cpu = Summary::of(ms.iter().copied());
            let times = Summary::of(against.iter().copied());
            let each = cpu.map_or(0.0, |cpu| cpu.median / f64::from(SOCKETS) * 1e3);
            table.line([
                name.to_owned(),
                shown(cpu, 1),
                format!("{each:.2}"),
                shown(times, 2),
                rows.to_string(),
            ]);
            if let Some(times) = times {
                worst = Some(worst.unwrap_or(f64::MIN).max(times.median));
            }
        }
        outcome.tables.push(table);
    }
    outcome.goals = vec![Goal::new(
        "a sweep of connections outside a scope against one without a scope, the worst of all kinds",
        worst,
        TIMES,
        "times",
        2,
    )];
    Ok(Some(outcome))
}

struct Measured {
    name: &'static str,
    ms: Vec<f64>,
    /// Each as a multiple of what the one without a scope took in the same turn.
    against: Vec<f64>,
    /// Connections that the last one wrote out.
    rows: usize,
}

fn turns(context: &Context, world: &World, warn: Duration) -> Result<Vec<Measured>, BenchError> {
    let group = Cgroup::create()?;
    let path = TablePath {
        remote: vec![world.servers()?],
        ports: Vec::new(),
        timeout: Duration::from_secs(3600),
        warn,
        clock: PathClock::Packets,
    };
    let kinds = [
        ("none", Scope::default()),
        (
            "--cgroup",
            Scope {
                cgroup: Some(group.path().into()),
                ..Scope::default()
            },
        ),
        (
            "--netns",
            Scope {
                netns: Some(Netns::OfProcess(1)),
                ..Scope::default()
            },
        ),
        (
            "--pid",
            Scope {
                pid: Some(process::id()),
                ..Scope::default()
            },
        ),
    ];
    world.place().within(|| {
        let mut sweeps = Vec::new();
        for (name, scope) in kinds {
            let measured = Measured {
                name,
                ms: Vec::new(),
                against: Vec::new(),
                rows: 0,
            };
            sweeps.push((
                Sweeps::load_within(std::slice::from_ref(&path), scope)?,
                measured,
            ));
        }
        // The first sweep of each warms it; one in eight makes a second pass, in the same turn for all.
        for turn in 0..=context.times(64, 8) {
            context.go_on()?;
            let mut none = None;
            for (sweeps, measured) in &mut sweeps {
                let sweep = sweeps.once()?;
                let ms = sweep.cpu.as_secs_f64() * 1e3;
                let none = *none.get_or_insert(ms);
                measured.rows = sweep.rows;
                if turn > 0 {
                    measured.ms.push(ms);
                    measured.against.push(ms / none);
                }
            }
        }
        Ok(sweeps.into_iter().map(|(_, measured)| measured).collect())
    })?
}
