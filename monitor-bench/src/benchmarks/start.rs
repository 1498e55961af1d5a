//! Start: from exec to ready.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, shown};
use monitor_lab::testbed::wait;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "start",
    title: "Start",
    method: r"
The release build, started with a configuration of its addresses alone; `/readyz` is asked every millisecond. Includes
making a folder for it and the start of the process.
",
    tried: r"
Where the CPU time goes (`perf record -e cpu-clock` of `tcplull check`): two thirds are the kernel's, most of that the
verifier's (`states_equal`, `do_check_common`, `__mark_chain_precision`); one third is reading the kernel's types, which
is done twice, for the offsets of members (110 of 200 ms on a fast machine) and by the loader (8 ms). Loading programs
while the types are read by another thread was built and measured: 203 against 200 ms, 219 against 219, for both want the
same memory and locks; it was not kept. The figure follows the machine: 202 ms on a fast one, 355 here at a quiet hour,
642 where the hypervisor gave this kind of machine a third of its time.
",
    run,
};

/// From exec to ready at most, in ms.
const READY_MS: f64 = 500.0;

/// How often it is asked: what is told is late by so much at most.
const POLL: Duration = Duration::from_millis(1);

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    let mut table = Table::new(
        "From the start of the process to 200 from `/readyz`: types read, programs loaded and attached, first sweep done.",
        &["watching", "ms to ready", "CPU time until then, ms"],
    );
    for &watch in &context.ways {
        let (mut ready, mut cpu) = (Vec::new(), Vec::new());
        for _ in 0..context.times(15, 3) {
            context.go_on()?;
            let begun = Instant::now();
            let mut daemon = context.start_asking(POLL, watch, "")?;
            ready.push(begun.elapsed().as_secs_f64() * 1e3);
            cpu.push(daemon.cpu()?.as_secs_f64() * 1e3);
            daemon.end(wait::BOUND)?;
        }
        let [ready, cpu] = [ready, cpu].map(Summary::of);
        table.line([watch.name().to_owned(), shown(ready, 0), shown(cpu, 0)]);
        let goal = Goal::new(
            format!("exec to ready, {}", watch.name()),
            ready.map(|ready| ready.median),
            READY_MS,
            "ms",
            0,
        );
        outcome.goals.push(goal.with_quartiles_of(ready, 1.0));
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}
