//! `cargo xtask vm`: other kernels, in virtual machines. Each boots on an initramfs of this project's own with the
//! static binaries, checks what works there, and runs the laboratory's core scenarios.

mod console;
pub mod costs;
mod foreign;
mod guest;
mod image;
mod initramfs;
mod instructions;
mod libraries;
mod machine;
mod modules;
mod odd_hosts;
mod pause;
pub mod report;
pub mod series;
mod side_by_side;
pub mod systemd;
mod table;
mod tries;
mod variant;
mod verdict;

use crate::architecture::{self, Architecture, X86_64};
use crate::error::Error;
use crate::results::Results;
use crate::setup::{self, Archive};
use crate::{progress, workspace};
use costs::Kept;
use ebpf_toolchain::cache_dir;
use image::Kernel;
use initramfs::Contents;
use instructions::Added;
use libraries::System;
use machine::{GUEST, Vm};
use series::Series;
use side_by_side::side_by_side;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use verdict::Verdict;

/// An emulated processor leaks nothing by speculation, and detours around that cost it much.
const QUICK: &str = "mitigations=off";

/// A machine is ended after this. On an idle host of two cores none takes longer than six minutes, on a busy one many.
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// Which kernels, and what with the verifier's costs.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Those of this machine, x86_64 or aarch64
    #[arg(long, value_name = "ARCH", value_parser = architecture::named)]
    arch: Option<&'static Architecture>,
    /// Only these series of kernels
    #[arg(value_name = "KERNEL", value_parser = series::named)]
    kernels: Vec<&'static Series>,
    /// Keep what the programs cost the verifier on these kernels, in place of what was kept
    #[arg(long, conflicts_with = "arch")]
    update_verifier_costs: bool,
    /// Instead of all that, count the instructions that tcplull, and two other tools, add to a round trip on 6.12
    #[arg(long, conflicts_with_all = ["arch", "kernels", "update_verifier_costs"])]
    instructions: bool,
    /// Instead of all that, try hosts that are not as most are: locked down, with cgroup v1, with a clock that steps
    #[arg(long, conflicts_with_all = ["arch", "kernels", "update_verifier_costs", "instructions"])]
    odd_hosts: bool,
}

/// Sets up, builds, boots one kernel after the other, and prints the tables.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    if args.instructions {
        setup::toolchain()?;
        let added = instructions(&workspace::build_static_with_bench()?)?;
        println!("{}", instructions::table(&added));
        return Ok(ExitCode::SUCCESS);
    }
    if args.odd_hosts {
        let mut results = Results::default();
        odd_hosts(&mut results)?;
        for failure in &results.failed_names {
            println!("FAIL {failure}");
        }
        println!("{results}");
        return Ok(u8::from(results.failed > 0).into());
    }
    let architecture = args.arch.unwrap_or(&X86_64);
    let kernels = match args.kernels.as_slice() {
        [] => series::of(architecture).iter().collect(),
        named => series::on(architecture, named)?,
    };
    let verdicts = boot_all(architecture, &kernels)?;
    let mut failures = report(&verdicts);
    if args.update_verifier_costs {
        keep_costs(&verdicts)?;
    } else {
        failures.extend(cost_complaints(&verdicts)?);
    }
    // Each mechanism is tried on some kernel of the machine that has them all.
    if args.kernels.is_empty() && *architecture == X86_64 {
        failures.extend(unexercised(&verdicts));
    }
    for failure in &failures {
        println!("FAIL {failure}");
    }
    Ok(u8::from(!failures.is_empty()).into())
}

/// The kernels that CI boots, or with `all` every supported one, and the odd hosts, those whose name contains `filter`;
/// each scenario, and each command on an odd host, counts as a test.
pub fn test(filter: Option<&str>, all: bool, results: &mut Results) -> Result<(), Error> {
    let is_wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter));
    for architecture in architecture::ALL {
        let in_ci =
            |series: &Series| *architecture == X86_64 && series::IN_CI.contains(&series.name);
        let kernels: Vec<&'static Series> = series::of(architecture)
            .iter()
            .filter(|series| (all || in_ci(series)) && is_wanted(&test_name(series)))
            .collect();
        if kernels.is_empty() {
            continue;
        }
        let names = kernels.iter().map(|series| test_name(series)).collect();
        if are_possible(architecture, names, results) {
            test_kernels(architecture, &kernels, results)?;
        }
    }
    if is_wanted(ODD_HOSTS) && are_possible(&X86_64, vec![ODD_HOSTS.to_owned()], results) {
        odd_hosts(results)?;
    }
    Ok(())
}

/// Whether what these tests take can be had. Else they are skipped.
fn are_possible(architecture: &Architecture, names: Vec<String>, results: &mut Results) -> bool {
    let there = setup::vm_programs(architecture).and_then(|()| setup::cross(architecture));
    if let Err(missing) = &there {
        for name in names {
            results.skip(format!("{name}: {missing}"));
        }
    }
    there.is_ok()
}

fn test_kernels(
    architecture: &'static Architecture,
    kernels: &[&'static Series],
    results: &mut Results,
) -> Result<(), Error> {
    let verdicts = boot_all(architecture, kernels)?;
    let mut failures = report(&verdicts);
    failures.extend(cost_complaints(&verdicts)?);
    for verdict in &verdicts {
        let scenarios = verdict.runs.iter().flat_map(|run| &run.scenarios);
        results.pass(scenarios.filter(|(_, passed)| *passed).count());
    }
    for failure in failures {
        results.fail(format!("vm {failure}"));
    }
    Ok(())
}

/// The name of what is tried on hosts that are not as most are, among the tests.
const ODD_HOSTS: &str = "vm odd hosts";

fn test_name(series: &Series) -> String {
    format!("vm {}", series.title())
}

/// What tcplull, and two other tools, add to a round trip in instructions: counted with these static files of tcplull, the
/// testbed and the bench.
pub fn instructions([tcplull, lab, bench]: &[PathBuf; 3]) -> Result<Vec<Added>, Error> {
    setup::vm_programs(&X86_64)?;
    let mut contents = guest::contents([tcplull, lab], &X86_64, None)?;
    contents.program(bench, &[], &System::own())?;
    let cache = cache()?;
    instructions::add_tools(&mut contents, &cache)?;
    let archive = archive(&cache, &X86_64);
    let kernel = image::get(instructions::series()?, archive.as_ref(), &cache)?;
    let counted = instructions::count(&kernel, &contents, &instructions::cases())?;
    Ok(instructions::added(&counted))
}

/// Tries hosts that are not as most are; each command there is a test.
fn odd_hosts(results: &mut Results) -> Result<(), Error> {
    let contents = contents(&X86_64, None)?;
    odd_hosts::run(&kernel(odd_hosts::SERIES)?, &contents, results)
}

/// The newest kernel of a series of x86-64.
fn kernel(name: &str) -> Result<Kernel, Error> {
    let series = series::named(name).map_err(|unknown| {
        Error::not_debian(format!("a kernel is ({unknown})"), "name one that is known")
    })?;
    let cache = cache()?;
    image::get(series, archive(&cache, &X86_64).as_ref(), &cache)
}

/// What every guest holds, set up and built; where it is of another machine than this, with programs in `foreign`.
fn contents(architecture: &Architecture, foreign: Option<&Path>) -> Result<Contents, Error> {
    setup::toolchain()?;
    setup::vm_programs(architecture)?;
    let [tcplull, lab] = workspace::build_static(architecture)?;
    guest::contents([&tcplull, &lab], architecture, foreign)
}

/// The archive with the suites of all series of a machine, whichever are wanted now: lists for some would be fetched
/// again for others.
fn archive(cache: &Path, architecture: &'static Architecture) -> Result<Archive, Error> {
    let all = series::of(architecture).iter();
    let mut suites: Vec<&str> = all.map(|series| series.suite).collect();
    suites.dedup();
    let folder = format!("archive-{}", architecture.debian);
    Archive::open(&cache.join(folder), &suites, architecture)
}

fn boot_all(
    architecture: &'static Architecture,
    kernels: &[&'static Series],
) -> Result<Vec<Verdict>, Error> {
    let cache = cache()?;
    let archive = archive(&cache, architecture);
    let foreign = match architecture.is_own() {
        true => None,
        false => Some(foreign::root(architecture, archive.as_ref(), &cache)?),
    };
    let contents = contents(architecture, foreign.as_deref())?;
    let images: Vec<(&'static Series, Result<Kernel, Error>)> = kernels
        .iter()
        .map(|series| (*series, image::get(series, archive.as_ref(), &cache)))
        .collect();
    Ok(side_by_side(&images, |(series, image)| match image {
        Ok(kernel) => boot(series, kernel, &contents)
            .unwrap_or_else(|error| Verdict::of_nothing(series, error.to_string())),
        Err(error) => Verdict::of_nothing(series, error.to_string()),
    }))
}

fn boot(series: &'static Series, kernel: &Kernel, contents: &Contents) -> Result<Verdict, Error> {
    progress::step(&format!("booting {} ({})", kernel.release, kernel.version));
    let vm = Vm {
        kernel,
        parameters: QUICK,
        first: GUEST,
        contents,
        plan: guest::plan(series),
        paused: false,
    };
    let title = series.title();
    let outcome = vm.run(LIMIT, |line| guest::show(&title, line))?;
    let verdict = Verdict::of(series, kernel.version.clone(), &outcome);
    for line in &verdict.console {
        progress::note(&format!("{title}: console: {line}"));
    }
    Ok(verdict)
}

/// Prints the tables; returns what is wrong.
fn report(verdicts: &[Verdict]) -> Vec<String> {
    println!("\n{}", table::kernels(verdicts));
    println!("{}", table::costs(verdicts));
    for (mechanism, kernels) in table::mechanisms(verdicts) {
        let on = match kernels.as_slice() {
            [] => "on none of these".to_owned(),
            kernels => format!("right on {}", kernels.join(", ")),
        };
        println!("{mechanism}: {on}");
    }
    for verdict in verdicts {
        if let Some(refusal) = &verdict.refusal {
            println!("{}: {refusal}", verdict.series.title());
        }
        if let Some((boot, took)) = verdict.times {
            let (name, boot, took) = (
                verdict.series.title(),
                boot.as_secs_f64(),
                took.as_secs_f64(),
            );
            println!("{name}: up after {boot:.0} s, done after {took:.0} s");
        }
    }
    let failures = verdicts.iter().flat_map(|verdict| {
        let name = verdict.series.title();
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
    let (what, remedy) = (
        "a place for kernel images is",
        "set HOME, the cache goes below",
    );
    cache.ok_or_else(|| Error::not_debian(what, remedy))
}
