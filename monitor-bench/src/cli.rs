//! The command line.

use crate::benchmark::Benchmark;
use crate::benchmarks::{ALL, APART};
use crate::context::Context;
use crate::crowd::{self, Orders};
use crate::earlier;
use crate::error::BenchError;
use crate::machine::Machine;
use crate::moved::moved;
use crate::results::{Measured, Results};
use crate::watch::Watch;
use crate::{page, round_trips};
use clap::{Args, Parser, Subcommand};
use monitor_lab::interrupt::Interrupt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;
use time::OffsetDateTime;

/// Exit code: the user stopped it.
const INTERRUPTED: u8 = 130;

/// Sockets of the largest crowd where it only has to work.
const SOCKETS_QUICK: u32 = 10_000;

/// What tcplull costs on this machine.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measure one benchmark, or all.
    Run(RunArguments),
    /// List the benchmarks.
    List,
    /// Measure what programs of the kernel cost a round trip over loopback, as JSON.
    #[command(hide = true)]
    RoundTrips {
        /// How many round trips.
        #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
        count: u32,
        /// With a silent connection through a gateway on the host.
        #[arg(long)]
        silence: bool,
        /// A command to run beside them.
        #[arg(last = true, value_name = "COMMAND")]
        beside: Vec<String>,
    },
    /// A process that holds many connections.
    #[command(hide = true)]
    Crowd {
        /// What it holds, in JSON.
        #[arg(value_parser = orders)]
        orders: Orders,
    },
}

#[derive(Args)]
struct RunArguments {
    /// The benchmarks; if none is named all, but for the soak where it takes its full time.
    benchmarks: Vec<String>,
    /// The release build of tcplull; by default the one beside this program.
    #[arg(long, value_name = "PATH")]
    tcplull: Option<PathBuf>,
    /// Fewer repetitions and smaller numbers, to see that everything works.
    #[arg(long)]
    quick: bool,
    /// Sockets of the largest crowd: a million take 5 GiB of memory.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(10_000..=1_000_000))]
    sockets: u32,
    /// The page to write, as Markdown. The figures are kept beside it with the ending
    /// `.json`: those of benchmarks that are not measured now stay.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Instructions a round trip, counted in a virtual machine, as JSON.
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,
    /// What the page calls the command.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "monitor-bench run",
        hide = true
    )]
    command: String,
}

/// Parses the command line and does as it says.
pub fn main() -> ExitCode {
    let done = match Command::parse().what {
        What::Run(arguments) => run(&arguments),
        What::List => {
            for benchmark in ALL {
                println!("{:14} {}", benchmark.name, benchmark.title);
            }
            Ok(())
        }
        What::RoundTrips {
            count,
            silence,
            beside,
        } => myself()
            .and_then(|myself| round_trips::measure(&myself, count, silence, &beside))
            .map(|measured| println!("{}", serde_json::json!(measured))),
        What::Crowd { orders } => {
            crowd::live(&orders).map_err(BenchError::io("a process of the crowd"))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(BenchError::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) => {
            eprintln!("monitor-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &RunArguments) -> Result<(), BenchError> {
    let benchmarks = chosen(&arguments.benchmarks, arguments.quick)?;
    if !nix::unistd::geteuid().is_root() {
        return Err(BenchError::NotRoot);
    }
    let myself = myself()?;
    let tcplull = match &arguments.tcplull {
        Some(path) => path.clone(),
        None => myself.with_file_name("tcplull"),
    };
    let context = Context {
        ways: Watch::possible(&tcplull),
        tcplull,
        quick: arguments.quick,
        sockets: match arguments.quick {
            true => SOCKETS_QUICK,
            false => arguments.sockets,
        },
        instructions: arguments.instructions.clone(),
        interrupt: Interrupt::on_signals().map_err(BenchError::io("listening for signals"))?,
        myself,
        world: Mutex::default(),
    };
    let kept = arguments
        .page
        .as_ref()
        .map(|page| page.with_extension("json"));
    let mut results = match &kept {
        Some(kept) => Results::read(kept)?,
        None => Results::default(),
    };
    let mut failed = None;
    for benchmark in benchmarks {
        eprintln!("==> {}", benchmark.title);
        match measure(benchmark, &context, &arguments.command) {
            Ok(Some(measured)) => {
                let before = results.benchmarks.get(benchmark.name);
                let measured = Measured {
                    earlier: earlier::of_ways(&Watch::others(&context.ways), before),
                    ..measured
                };
                for moved in moved(before, &measured) {
                    eprintln!("    {moved}");
                }
                results
                    .benchmarks
                    .insert(benchmark.name.to_owned(), measured);
                // After each: a run that is stopped has not run in vain.
                if let (Some(page), Some(kept)) = (&arguments.page, &kept) {
                    write(page, kept, &results)?;
                }
            }
            Ok(None) => {}
            Err(BenchError::Interrupted) => return Err(BenchError::Interrupted),
            Err(error) => {
                eprintln!("monitor-bench: {}: {error}", benchmark.name);
                failed = Some(error);
            }
        }
    }
    if let (Some(page), Some(kept)) = (&arguments.page, &kept) {
        write(page, kept, &results)?;
    } else {
        print!("{}", page::page(ALL, &results));
    }
    failed.map_or(Ok(()), Err)
}

fn write(page: &Path, kept: &Path, results: &Results) -> Result<(), BenchError> {
    results.write(kept)?;
    fs::write(page, page::page(ALL, results))
        .map_err(BenchError::io(format!("writing {}", page.display())))
}

fn measure(
    benchmark: &Benchmark,
    context: &Context,
    command: &str,
) -> Result<Option<Measured>, BenchError> {
    let begun = Instant::now();
    let now = OffsetDateTime::now_utc();
    let when = format!("{} {:02}:{:02}", now.date(), now.hour(), now.minute());
    let outcome = (benchmark.run)(context)?;
    let took_seconds = begun.elapsed().as_secs();
    eprintln!("    {took_seconds} s");
    Ok(outcome.map(|outcome| Measured {
        when,
        took_seconds,
        command: command.to_owned(),
        machine: Machine::here(),
        outcome,
        earlier: Vec::new(),
    }))
}

fn myself() -> Result<PathBuf, BenchError> {
    std::env::current_exe().map_err(BenchError::io("finding this program's own place"))
}

fn orders(text: &str) -> Result<Orders, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The benchmarks of these names, or those that a run of all measures.
fn chosen(names: &[String], quick: bool) -> Result<Vec<&'static Benchmark>, BenchError> {
    if names.is_empty() {
        let with_all = |benchmark: &&Benchmark| quick || !APART.contains(&benchmark.name);
        return Ok(ALL.iter().filter(with_all).collect());
    }
    let named = |name: &String| {
        ALL.iter()
            .find(|benchmark| benchmark.name == name)
            .ok_or_else(|| BenchError::NoSuchBenchmark {
                name: name.clone(),
                known: ALL
                    .iter()
                    .map(|benchmark| benchmark.name)
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    };
    names.iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_chosen_by_name_and_all_without_but_for_the_soak() {
        let names = |chosen: Vec<&Benchmark>| -> Vec<&str> {
            chosen.iter().map(|benchmark| benchmark.name).collect()
        };
        assert_eq!(chosen(&[], true).unwrap().len(), ALL.len());
        let all = names(chosen(&[], false).unwrap());
        assert_eq!(all.len(), ALL.len() - APART.len());
        assert!(!all.contains(&"soak"), "{all:?}");
        for name in ["round-trip", "soak"] {
            let one = chosen(&[name.to_owned()], false).unwrap();
            assert_eq!(names(one), [name]);
        }
        let nonsense = chosen(&["nonsense".to_owned()], false);
        let error = nonsense.err().unwrap().to_string();
        assert!(error.contains("program-run"), "{error}");
    }
}
