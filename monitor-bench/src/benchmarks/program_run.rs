//! Cost of a program run: each of the daemon's programs beside an empty one and one with per-connection storage.

use crate::benchmark::Benchmark;
use crate::bpf::{Counting, OwnPrograms, Runs, Set};
use crate::context::Context;
use crate::error::BenchError;
use crate::load::{Kind, Load};
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, shown};
use crate::watch::Watch;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

pub const BENCHMARK: Benchmark = Benchmark {
    name: "program-run",
    title: "Cost of a program run",
    method: r"
The kernel's own run-time statistics (`BPF_ENABLE_STATS`) of each program under traffic over loopback, both ends on one
core. The daemon loads its programs and ends; the bench holds them, and puts them on their hooks in turns with empty
programs, each alone for 80 ms, so that neither warms the caches for the other. The difference is taken from one
stretch to the next. In the same way a program that keeps socket storage for every connection and looks it up at every
segment, the least that watching with state can do. The connections are healthy: they have no storage of ours.
",
    tried: r"
The path of a healthy segment is some 41 instructions of BPF: three reads of the socket, one of jiffies, two comparisons.
What was tried:

- The two questions that end it (not silent, no storage) are asked first and lie in one straight piece; before, the
  compiler had spread them over the program. What they read of the daemon's own (three offsets, one setting) lies in two
  cache lines instead of four. On an Intel Xeon 23.7 ns above empty became 13.3 for a send, 7.7 became 7 for a receive.
- Marking the rest as cold changed nothing: the code generator keeps the order anyway.

Bulk transfer is different: each run finds the caches full of payload, so that an empty program takes several times what
it takes for small messages. What tcplull's takes more there is the socket's lines coming from memory, which the stack
itself reads right after and then has at hand: the statistics charge the program with a wait that is not an extra one. The
effect on an application, in the row below, is the measure of that.
",
    run,
};

/// How long each is on at a time.
const STRETCH: Duration = Duration::from_millis(80);
/// Time for a load to come into its stride after something changed.
const SETTLE: Duration = Duration::from_millis(10);

/// A run of a healthy connection's program at most, in ns above an empty one.
const ABOVE_EMPTY_NS: f64 = 30.0;
/// The same as a share of what per-connection storage takes above empty.
const OF_STORAGE: f64 = 1.0 / 3.0;

/// The hooks on the paths of every segment: how the names of their programs begin.
const HOT: [&str; 2] = ["send", "receive"];
/// The hooks at the beginning and the end of a connection.
const LIFE: [&str; 3] = ["state", "reset_received", "reset_sent"];

const EMPTY: [&str; 2] = ["empty_send", "empty_receive"];
const EMPTY_ALL: [&str; 5] = [
    "empty_send",
    "empty_receive",
    "empty_reset_in",
    "empty_reset_out",
    "empty_state",
];
const STORAGE: [&str; 2] = ["storage_send", "storage_receive"];

/// ns a run, one measurement a stretch, by hook.
type ByHook = BTreeMap<&'static str, Vec<f64>>;

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let _counting = Counting::begin()?;
    let own = OwnPrograms::load()?;
    let mut outcome = Outcome::default();
    let mut worst = None::<(f64, f64)>;
    for kind in [Kind::PingPong, Kind::Bulk, Kind::Connections] {
        context.progress(kind.name());
        let hooks: Vec<&'static str> = match kind {
            Kind::Connections => HOT.into_iter().chain(LIFE).collect(),
            _ => HOT.to_vec(),
        };
        let empty: &[&str] = match kind {
            Kind::Connections => &EMPTY_ALL,
            _ => &EMPTY,
        };
        let mut product = product(context, &hooks)?;
        let [base, ours] = compare(context, kind, &mut own.set(empty)?, &mut product)?;
        let [base_too, storage] = compare(
            context,
            kind,
            &mut own.set(&EMPTY)?,
            &mut own.set(&STORAGE)?,
        )?;
        let mut table = Table::new(
            format!(
                "{}, ns a run; statistics add their own to each of the first three.",
                kind.name()
            ),
            &[
                "hook",
                "empty",
                "tcplull",
                "with storage",
                "tcplull above empty",
                "storage above empty",
            ],
        );
        for hook in hooks {
            let above = above(&base, &ours, hook);
            let of = |found: &ByHook| {
                shown(
                    Summary::of(found.get(hook).into_iter().flatten().copied()),
                    1,
                )
            };
            let storage_above = self::above(&base_too, &storage, hook);
            table.line([
                hook.to_owned(),
                of(&base),
                of(&ours),
                of(&storage),
                shown(above, 1),
                shown(storage_above, 1),
            ]);
            // Opening and closing is no traffic: its figures stand there for themselves.
            if kind == Kind::Connections {
                continue;
            }
            if let (Some(above), Some(storage)) = (above, storage_above) {
                let share = above.median / storage.median;
                let (ns, of) = worst.unwrap_or((f64::MIN, f64::MIN));
                worst = Some((ns.max(above.median), of.max(share)));
            }
        }
        outcome.tables.push(table);
    }
    outcome.goals = vec![
        Goal::new(
            "a run for a healthy connection above empty, the worst of all",
            worst.map(|(ns, _)| ns),
            ABOVE_EMPTY_NS,
            "ns",
            1,
        ),
        Goal::new(
            "the same as a share of per-connection storage",
            worst.map(|(_, of)| of),
            OF_STORAGE,
            "of it",
            2,
        ),
    ];
    Ok(Some(outcome))
}

/// The daemon's programs on these hooks, watching globally: socket by socket none is on the path of every segment.
fn product(context: &Context, hooks: &[&str]) -> Result<Set, BenchError> {
    let programs = context.watched(Watch::Global)?;
    let mut set = programs.on;
    set.0.extend(programs.off.0);
    set.0
        .retain(|program| hooks.iter().any(|hook| program.name.starts_with(hook)));
    Ok(set)
}

/// Two sets in turns under one load, each alone on its hooks: ns a run of both by hook.
fn compare(
    context: &Context,
    kind: Kind,
    one: &mut Set,
    other: &mut Set,
) -> Result<[ByHook; 2], BenchError> {
    let load = Load::start(kind)?;
    load.run();
    let mut found = [ByHook::new(), ByHook::new()];
    for _ in 0..context.times(40, 6) {
        context.go_on()?;
        for (set, found) in [&mut *one, &mut *other].into_iter().zip(&mut found) {
            set.attach()?;
            let runs = stretch(set, &load);
            set.detach();
            for (program, runs) in set.0.iter().zip(runs?) {
                if let (Some(hook), Some(each)) = (hook_of(&program.name), runs.each_ns()) {
                    found.entry(hook).or_default().push(each);
                }
            }
        }
    }
    Ok(found)
}

fn stretch(set: &Set, load: &Load) -> Result<Vec<Runs>, BenchError> {
    thread::sleep(SETTLE);
    let before = set.runs()?;
    load.stretch(STRETCH)?;
    let after = set.runs()?;
    Ok(after
        .into_iter()
        .zip(before)
        .map(|(after, before)| after.since(before))
        .collect())
}

/// The hook that a program serves, by its name, the bench's own too.
fn hook_of(program: &str) -> Option<&'static str> {
    let name = program
        .strip_prefix("empty_")
        .or_else(|| program.strip_prefix("storage_"))
        .unwrap_or(program);
    // The kernel keeps 15 letters of a name.
    let known = |hook: &&&str| {
        name.starts_with(**hook)
            || (**hook == "reset_received" && name.starts_with("reset_in"))
            || (**hook == "reset_sent" && name.starts_with("reset_out"))
    };
    HOT.iter().chain(&LIFE).find(known).copied()
}

/// What each stretch of one took above the stretch of the other next to it.
fn above(base: &ByHook, of: &ByHook, hook: &str) -> Option<Summary> {
    let pairs = base.get(hook)?.iter().zip(of.get(hook)?);
    Summary::of(pairs.map(|(base, of)| of - base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_their_hooks_as_far_as_the_kernel_keeps_their_names() {
        for (program, hook) in [
            ("send_tracepoint", "send"),
            ("receive_tracepo", "receive"),
            ("empty_receive", "receive"),
            ("storage_send", "send"),
            ("reset_received_", "reset_received"),
            ("empty_reset_in", "reset_received"),
            ("empty_reset_out", "reset_sent"),
            ("state_tracepoin", "state"),
        ] {
            assert_eq!(hook_of(program), Some(hook), "{program}");
        }
        assert_eq!(hook_of("sweep_tcp"), None);
    }

    #[test]
    fn what_is_above_is_taken_from_neighbours() {
        let base = ByHook::from([("send", vec![60.0, 80.0, 100.0])]);
        let of = ByHook::from([("send", vec![80.0, 101.0, 119.0])]);
        assert_eq!(above(&base, &of, "send").unwrap().median, 20.0);
        assert_eq!(above(&base, &of, "receive"), None);
    }
}
