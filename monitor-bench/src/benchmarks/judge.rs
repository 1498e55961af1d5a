//! The judge by itself: facts a second, and bytes a connection, in a replay of what a host of many connections says.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::machine::{own_cpu, own_memory_kib};
use crate::results::{Goal, Outcome, Table};
use monitor_common::Fact;
use monitor_judge::alerts::{self, Alerts};
use monitor_judge::recording::{Entry, Recording};
use monitor_judge::{Input, Judge, Observation, Verdict};
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub const BENCHMARK: Benchmark = Benchmark {
    name: "judge",
    title: "The judge",
    method: r"
Recordings of the laboratory, each as if it happened to very many connections of the host at the same moment: every fact
and every row of a sweep is told once for each of them, with a cookie and a port of its own, and what the judge says goes
to the alerts as in the daemon. No kernel, no log, no disk. CPU time is that of the process, memory what its resident set
had grown by after the fullest sweep, for each connection that was known then.

Beside it what `tcplull replay` does with the recording itself, over and over: lines of JSON that are read, judged and
dropped. Who would suffer is the host of a storm: the thread that judges also reads the ring, which holds 5,800 facts.
",
    tried: r"
What leads to a finding costs several times what does not: in these recordings a third of all facts do, and each finding
is a time, addresses, evidence, advice and a summary in words (by `perf` a quarter of all time is the allocator's). A fact
that leads to none, as in bulk through loss, takes less than a microsecond.
",
    run,
};

/// A million facts a second on one core, in us for each.
const FACT_US: f64 = 1.0;

/// What happens: a recording of the laboratory, and to how many times its connections.
struct Happening {
    name: &'static str,
    recording: &'static str,
}

const HAPPENINGS: [Happening; 3] = [
    Happening {
        name: "every silence is survived",
        recording: include_str!("../../../monitor/tests/recordings/survives.facts"),
    },
    Happening {
        name: "a gateway has forgotten all of them",
        recording: include_str!("../../../monitor/tests/recordings/nat-silent-drop.facts"),
    },
    Happening {
        name: "bulk through loss",
        recording: include_str!("../../../monitor/tests/recordings/bulk-through-loss.facts"),
    },
];

/// What a replay took.
#[derive(Default)]
struct Taken {
    inputs: u64,
    findings: u64,
    cpu: Duration,
    /// Connections known after the fullest sweep, and what memory had grown by then, in bytes.
    tracked: usize,
    grown: u64,
}

impl Taken {
    fn us_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.inputs.max(1) as f64
    }
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let copies = if context.quick { 500 } else { 10_000 };
    let mut outcome = Outcome::default();
    let mut table = Table::new(
        format!("What is recorded happens to {copies} times as many connections at once."),
        &[
            "what happens",
            "facts and rows",
            "us each",
            "a second, one core",
            "findings",
            "connections known",
            "bytes each",
            "as JSON, us a line",
        ],
    );
    for happening in &HAPPENINGS {
        context.go_on()?;
        context.progress(happening.name);
        let taken = multiplied(happening, copies)?;
        let lines = over_and_over(happening, copies / 10)?;
        table.line([
            happening.name.to_owned(),
            taken.inputs.to_string(),
            format!("{:.2}", taken.us_each()),
            format!("{:.0}", 1e6 / taken.us_each()),
            taken.findings.to_string(),
            taken.tracked.to_string(),
            format!("{:.0}", taken.grown as f64 / taken.tracked.max(1) as f64),
            format!("{:.1}", lines.us_each()),
        ]);
        outcome.goals.push(Goal::new(
            format!("a fact, {}", happening.name),
            taken.us_each(),
            FACT_US,
            "us",
            2,
        ));
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}

fn open(happening: &Happening) -> Result<Recording<&'static [u8]>, BenchError> {
    let name = happening.name.to_owned();
    Recording::read(name, happening.recording.as_bytes()).map_err(unreadable)
}

fn unreadable(error: impl std::error::Error) -> BenchError {
    BenchError::io("reading a recording")(io::Error::other(error.to_string()))
}

/// A judge who is told all of it for so many times its connections.
fn multiplied(happening: &Happening, copies: u32) -> Result<Taken, BenchError> {
    let mut recording = open(happening)?;
    let mut entries = Vec::new();
    while let Some(entry) = recording.entry().map_err(unreadable)? {
        entries.push(entry);
    }
    let mut host = Host::new(&recording);
    let (cpu, memory) = (own_cpu()?, own_memory_kib("VmRSS"));
    for entry in &entries {
        host.tell(entry, copies);
        if matches!(entry, Entry::SweepDone { .. }) {
            let tracked = host.judge.stats().tracked;
            if tracked >= host.taken.tracked {
                let grown = own_memory_kib("VmRSS").saturating_sub(memory) * 1_024;
                host.taken.tracked = tracked;
                host.taken.grown = host.taken.grown.max(grown);
            }
        }
    }
    host.taken.cpu = own_cpu()?.saturating_sub(cpu);
    Ok(host.taken)
}

/// The recording as it is, read and judged so often.
fn over_and_over(happening: &Happening, times: u32) -> Result<Taken, BenchError> {
    let mut taken = Taken::default();
    let cpu = own_cpu()?;
    for _ in 0..times {
        let mut recording = open(happening)?;
        let mut host = Host::new(&recording);
        while let Some(entry) = recording.entry().map_err(unreadable)? {
            host.tell(&entry, 1);
            taken.inputs += 1;
        }
    }
    taken.cpu = own_cpu()?.saturating_sub(cpu);
    Ok(taken)
}

/// A judge and its alerts.
struct Host {
    judge: Judge,
    alerts: Alerts,
    verdicts: Vec<Verdict>,
    now_ns: u64,
    taken: Taken,
}

impl Host {
    fn new(recording: &Recording<&[u8]>) -> Self {
        Self {
            judge: Judge::new(recording.paths().to_vec(), recording.limits()),
            alerts: Alerts::new(alerts::Limits::default()),
            verdicts: Vec::new(),
            now_ns: 0,
            taken: Taken::default(),
        }
    }

    /// Tells the judge one line of the recording, for so many times its connections.
    fn tell(&mut self, entry: &Entry, copies: u32) {
        self.now_ns = self.now_ns.max(entry.moment_ns().unwrap_or(0));
        let Some(input) = entry.input() else { return };
        match input {
            Input::Fact(seen) => {
                for copy in 0..copies {
                    let fact = copied(seen.fact, copy);
                    self.take(&Input::Fact(of(&fact, &seen)));
                }
            }
            Input::Row { number, row } => {
                for copy in 0..copies {
                    let fact = copied(row.fact, copy);
                    let number = number * copies + copy;
                    let row = of(&fact, &row);
                    self.take(&Input::Row { number, row });
                }
            }
            Input::JudgeRows { below } => self.take(&Input::JudgeRows {
                below: below * copies,
            }),
            other => self.take(&other),
        }
        if matches!(entry, Entry::Tick { .. }) {
            self.alerts.tick(self.now_ns);
        }
    }

    fn take(&mut self, input: &Input<'_>) {
        self.taken.inputs += u64::from(matches!(input, Input::Fact(_) | Input::Row { .. }));
        self.judge.take(input, &mut self.verdicts);
        for verdict in self.verdicts.drain(..) {
            self.alerts.apply(&verdict, self.now_ns);
            self.taken.findings += u64::from(matches!(verdict, Verdict::Finding(_)));
        }
    }
}

/// The same of another connection of the same process.
fn copied(fact: &Fact, copy: u32) -> Fact {
    let mut fact = *fact;
    fact.socket.cookie |= u64::from(copy) << 32;
    // Ports of copies may be the same where there are more than there are ports; cookies never are.
    fact.socket.local_port = fact.socket.local_port.wrapping_add(copy as u16);
    fact
}

fn of<'a>(fact: &'a Fact, seen: &Observation<'_>) -> Observation<'a> {
    Observation {
        fact,
        wall_unix_ns: seen.wall_unix_ns,
        suspended_ns: seen.suspended_ns,
        owner: Arc::clone(&seen.owner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_to_one_connection_happens_to_each_of_ten() {
        for happening in &HAPPENINGS {
            let one = multiplied(happening, 1).unwrap();
            let ten = multiplied(happening, 10).unwrap();
            assert!(one.inputs > 0, "{}", happening.name);
            assert_eq!(ten.inputs, 10 * one.inputs, "{}", happening.name);
            assert!(ten.findings >= one.findings, "{}", happening.name);
        }
        let dead = &HAPPENINGS[1];
        assert!(multiplied(dead, 10).unwrap().findings >= 10);
    }
}
