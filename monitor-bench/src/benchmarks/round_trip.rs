//! Cost of a round trip in instructions, counted in a virtual machine.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use serde::Deserialize;
use std::fs;

pub const BENCHMARK: Benchmark = Benchmark {
    name: "round-trip",
    title: "Cost of a round trip",
    method: r#"
A kernel 6.12 in an emulated machine whose clock counts instructions (`-icount shift=0`), so that a figure repeats
within 0.1 % whatever else the host does. 1 byte each way over loopback, both ends counted; beside it the tools of
libbpf-tools that watch connections, `tcprtt` and `tcptop`, under the same load. Watching globally, the receive hook is on
while any connection of the host is silent or suspected: "nothing silent" is without such a one, all others are beside one.
"In the programs" is by the kernel's own run-time statistics, "with the way into them" what the whole round trip takes more
than without. `cargo xtask vm --instructions` counts the same without measuring anything else.
"#,
    tried: r"
Watching globally, a round trip has four runs: two of the send hook, two of the receive hook. Four empty programs of these
kinds take 377 instructions in this machine by themselves (234 for two fentry programs, 143 for two tracepoints), more than
0.4 of `tcprtt`, which runs twice a round trip and does not know when a connection sends. So with the receive hook on the
figure cannot be reached by any program, whatever is in it. What was done:

- The receive hook is off while no connection of the host is silent or suspected. Then two runs are left, and the share of
  `tcptop` is reached.
- The healthy path is one straight piece: see the cost of a program run.
- Watching socket by socket, the default wherever the kernel can (6.12 and later), no program runs for healthy
  connections: the difference is that of nothing against nothing.
",
    run,
};

/// The case in which no connection of the host is silent, and the receive hook is off.
const QUIET: &str = "global, nothing silent";

/// The global way of watching at most, as a share of what libbpf-tools' tcprtt takes.
const OF_TCPRTT: f64 = 0.4;
/// The same of its tcptop.
const OF_TCPTOP: f64 = 0.05;

/// One way of watching.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Count {
    name: String,
    /// Instructions inside the programs.
    instructions_per_round_trip: f64,
    /// With the way into them and out.
    with_dispatch: f64,
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let Some(path) = &context.instructions else {
        context.progress("no counts are given with --instructions");
        return Ok(None);
    };
    let text =
        fs::read_to_string(path).map_err(BenchError::io(format!("reading {}", path.display())))?;
    let counts =
        serde_json::from_str::<Vec<Count>>(&text).map_err(|error| BenchError::Results {
            path: path.clone(),
            reason: error.to_string(),
        })?;
    Ok(Some(outcome(&counts)))
}

fn outcome(counts: &[Count]) -> Outcome {
    let of = |name: &str| {
        let mut counts = counts.iter();
        counts
            .find(|count| count.name == name)
            .map(|count| count.with_dispatch)
    };
    let share =
        |case: &str, of_what: &str| Some(of(case)? / of(of_what).filter(|count| *count > 0.0)?);
    let mut table = Table::new(
        "Instructions a round trip of 1 byte each way, both ends counted.",
        &["", "in the programs", "with the way into them"],
    );
    for count in counts {
        table.line([
            count.name.clone(),
            format!("{:.0}", count.instructions_per_round_trip),
            format!("{:.0}", count.with_dispatch),
        ]);
    }
    let healthy = of("per-socket");
    let mut goals = vec![Goal::new(
        "per-socket, healthy",
        healthy,
        0.0,
        "instructions",
        0,
    )];
    for case in ["global", QUIET] {
        for (tool, at_most, digits) in [("tcprtt", OF_TCPRTT, 2), ("tcptop", OF_TCPTOP, 3)] {
            let (what, share) = (format!("{case}, of {tool}"), share(case, tool));
            goals.push(Goal::new(what, share, at_most, "of it", digits));
        }
    }
    let tables = vec![table];
    Outcome { goals, tables }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_tools_counted_in_the_same_run() {
        let text = r#"[{"name":"tcptop","instructions_per_round_trip":7154.0,"with_dispatch":8893.0},
            {"name":"tcprtt","instructions_per_round_trip":689.0,"with_dispatch":774.0},
            {"name":"global","instructions_per_round_trip":200.0,"with_dispatch":290.25},
            {"name":"global, nothing silent","instructions_per_round_trip":90.0,"with_dispatch":150.0},
            {"name":"per-socket","instructions_per_round_trip":0.0,"with_dispatch":0.0}]"#;
        let outcome = outcome(&serde_json::from_str::<Vec<Count>>(text).unwrap());
        let measured: Vec<_> = outcome.goals.iter().map(|goal| goal.measured).collect();
        assert_eq!(measured[..2], [Some(0.0), Some(0.375)]);
        assert!(outcome.goals.iter().all(|goal| goal.holds() == Some(true)));
        assert_eq!(outcome.tables[0].lines.len(), 5);
    }

    #[test]
    fn what_was_not_counted_is_not_measured() {
        let outcome = outcome(&[]);
        assert!(outcome.goals.iter().all(|goal| goal.measured.is_none()));
    }
}
