//! `cargo xtask vm`: other kernels, in virtual machines. Each boots on an initramfs of this project's own with the
//! static binaries, checks what works there, and runs the laboratory's core scenarios.

mod console;
mod costs;
mod guest;
mod image;
mod initramfs;
mod libraries;
mod machine;
mod modules;
mod series;
mod table;
mod variant;
mod verdict;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use ebpf_toolchain::cache_dir;
use vm_contract::Line;

use crate::{
    error::Error,
    progress,
    setup::{self, Archive},
    workspace,
};
use costs::Kept;
use initramfs::Contents;
use machine::Vm;
use series::Series;
use verdict::Verdict;

/// Emulated processors and memory (MiB) of a machine.
const CPUS: u8 = 2;
const MEMORY: u32 = 1024;

/// A machine is ended after this: the whole table is to be there within a quarter of an hour.
const LIMIT: Duration = Duration::from_secs(8 * 60);

/// Which kernels, and what with the verifier's costs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only these series of kernels
    #[arg(value_name = "KERNEL", value_parser = series::named)]
    kernels: Vec<&'static Series>,
    /// Keep what the programs cost the verifier on these kernels, in place of what was kept
    #[arg(long)]
    update_verifier_costs: bool,
}

/// Sets up, builds, boots one kernel after the other, and prints the tables.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    let kernels = match args.kernels.as_slice() {
        [] => series::ALL.iter().collect(),
        named => named.to_vec(),
    };
    let verdicts = boot_all(&kernels)?;
    let mut failures = report(&verdicts);
    if args.update_verifier_costs {
        keep_costs(&verdicts)?;
    } else {
        failures.extend(cost_complaints(&verdicts)?);
    }
    if args.kernels.is_empty() {
        failures.extend(unexercised(&verdicts));
    }
    for failure in &failures {
        println!("FAIL {failure}");
    }
    Ok(if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn boot_all(kernels: &[&'static Series]) -> Result<Vec<Verdict>, Error> {
    setup::toolchain()?;
    setup::vm_programs()?;
    let (tcplull, lab) = workspace::build_static()?;
    let contents = guest::contents(&tcplull, &lab)?;
    let cache = cache()?;
    let mut suites: Vec<&str> = kernels.iter().map(|series| series.suite).collect();
    suites.dedup();
    let archive = Archive::open(&cache.join("archive"), &suites)?;
    Ok(kernels
        .iter()
        .map(|series| {
            boot(series, &archive, &contents)
                .unwrap_or_else(|error| Verdict::of_nothing(series, error.to_string()))
        })
        .collect())
}

fn boot(series: &'static Series, archive: &Archive, contents: &Contents) -> Result<Verdict, Error> {
    let kernel = image::newest(series, archive, &cache()?)?;
    progress::step(&format!("booting {} ({})", kernel.release, kernel.version));
    let vm = Vm {
        kernel: &kernel,
        cpus: CPUS,
        memory: MEMORY,
        qemu: &[],
        contents,
        plan: guest::plan(series),
    };
    let outcome = vm.run(LIMIT, show)?;
    let verdict = Verdict::of(series, kernel.version.clone(), &outcome);
    for line in &verdict.console {
        progress::note(line);
    }
    Ok(verdict)
}

/// Shows what happens in the machine as it happens.
fn show(line: &Line) {
    match line {
        Line::Ready { release } => progress::note(&format!("{release} is up")),
        Line::Output { step, text, .. } => {
            // The one long line that is for programs.
            if !text.starts_with('{') && !text.is_empty() {
                progress::note(&format!("{step}: {text}"));
            }
        }
        Line::Ended {
            step,
            ending,
            seconds,
        } => progress::note(&format!("{step}: {ending} after {seconds:.1} s")),
        Line::Trouble { what } => progress::note(what),
        Line::Done => {}
    }
}

/// Prints the tables; answers what is wrong.
fn report(verdicts: &[Verdict]) -> Vec<String> {
    println!("\n{}", table::kernels(verdicts));
    println!("{}", table::costs(verdicts));
    for (mechanism, kernels) in table::mechanisms(verdicts) {
        println!("{mechanism}: right on {}", kernels.join(", "));
    }
    for verdict in verdicts {
        if let Some(refusal) = &verdict.refusal {
            println!("{}: {refusal}", verdict.series.name);
        }
        if let Some((boot, took)) = verdict.times {
            println!(
                "{}: up after {:.0} s, done after {:.0} s",
                verdict.series.name,
                boot.as_secs_f64(),
                took.as_secs_f64()
            );
        }
    }
    let failures = verdicts.iter().flat_map(|verdict| {
        let name = verdict.series.name;
        verdict
            .failures
            .iter()
            .map(move |failure| format!("{name}: {failure}"))
    });
    failures.collect()
}

/// Mechanisms that no kernel was right with.
fn unexercised(verdicts: &[Verdict]) -> Vec<String> {
    table::mechanisms(verdicts)
        .into_iter()
        .filter(|(_, kernels)| kernels.is_empty())
        .map(|(mechanism, _)| format!("{mechanism}: no kernel was right with it"))
        .collect()
}

fn cost_complaints(verdicts: &[Verdict]) -> Result<Vec<String>, Error> {
    let kept = Kept::read()?;
    let complaints = verdicts.iter().flat_map(|verdict| {
        let costs: Vec<_> = table::once_each(&verdict.runs)
            .into_iter()
            .cloned()
            .collect();
        kept.complaints(verdict.series.name, &costs)
    });
    Ok(complaints.collect())
}

fn keep_costs(verdicts: &[Verdict]) -> Result<(), Error> {
    let mut kept = Kept::read().unwrap_or_default();
    for verdict in verdicts.iter().filter(|verdict| !verdict.runs.is_empty()) {
        kept.replace(verdict.series.name, table::once_each(&verdict.runs));
    }
    kept.write()
}

fn cache() -> Result<PathBuf, Error> {
    let cache = cache_dir().map(|cache| cache.join("vm"));
    cache.ok_or_else(|| Error::NotDebian {
        what: "a place for kernel images is".into(),
        remedy: "set HOME, the cache goes below".into(),
    })
}
