//! `cargo xtask fuzz`: everything that reads bytes from outside, fed by libFuzzer with what leads somewhere new.

use crate::error::Error;
use crate::files::with_path;
use crate::results::Results;
use crate::setup::BOLERO;
use crate::{command, files, progress, setup, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Which targets, and for how long.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only targets whose name contains this
    filter: Option<String>,
    /// For so many seconds each
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Keep the inputs that lead farthest beside the tests, which begin with them
    #[arg(long)]
    keep: bool,
}

/// One test that takes bytes.
struct Target {
    package: &'static str,
    test: &'static str,
}

/// The package that is nothing else, with the folder of its tests.
const FUZZ: (&str, &str) = ("monitor-fuzz", "monitor-fuzz/tests/fuzz");
/// What only the kernel crate can reach.
const KERNEL: (&str, &str) = ("monitor-kernel", "monitor/kernel/src");

const TARGETS: [Target; 17] = [
    Target::of(KERNEL, "fuzz::btf"),
    Target::of(KERNEL, "fuzz::records"),
    Target::of(FUZZ, "config::load"),
    Target::of(FUZZ, "facts::judge"),
    Target::of(FUZZ, "filter::parse"),
    Target::of(FUZZ, "history::read_and_go_on"),
    Target::of(FUZZ, "http::request"),
    Target::of(FUZZ, "inspection::answer"),
    Target::of(FUZZ, "inspection::request"),
    Target::of(FUZZ, "packet::segment"),
    Target::of(FUZZ, "probe::answer"),
    Target::of(FUZZ, "probe::other_side"),
    Target::of(FUZZ, "recording::read_and_judge"),
    Target::of(FUZZ, "saved_alerts::take_up"),
    Target::of(FUZZ, "saved_learned::take_up"),
    Target::of(FUZZ, "snapshot::open"),
    Target::of(FUZZ, "web::load"),
];

/// Longer inputs are not made, in bytes: what is found in long ones is found in short ones, sooner.
const LONGEST: &str = "8192";

/// Inputs that are kept of one target, at most.
const KEPT: usize = 48;

/// For how long `cargo xtask test` runs each target, in seconds.
const IN_TESTS: u32 = 5;

/// Runs the targets by hand.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::toolchain()?;
    let mut results = Results::default();
    each(args, &mut results)?;
    for name in &results.failed_names {
        progress::note(&format!("FAILED: {name}"));
    }
    println!("{results}");
    Ok(u8::from(results.failed > 0).into())
}

/// Runs those whose name contains `filter`, or all, each for a few seconds.
pub fn test(filter: Option<&str>, results: &mut Results) -> Result<(), Error> {
    let args = Args {
        filter: filter.map(str::to_owned),
        seconds: IN_TESTS,
        keep: false,
    };
    each(&args, results)
}

fn each(args: &Args, results: &mut Results) -> Result<(), Error> {
    let wanted = |target: &&Target| match &args.filter {
        Some(filter) => target.test.contains(filter.as_str()),
        None => true,
    };
    let targets: Vec<&Target> = TARGETS.iter().filter(wanted).collect();
    if targets.is_empty() {
        return Ok(());
    }
    BOLERO.ensure()?;
    let built = workspace::target_dir()?.join("fuzz");
    for target in targets {
        target.run(args, &built, results)?;
    }
    Ok(())
}

impl Target {
    const fn of((package, _): (&'static str, &'static str), test: &'static str) -> Self {
        Self { package, test }
    }

    /// Where the tests look for inputs of this one.
    fn kept(&self) -> PathBuf {
        let folder = if self.package == FUZZ.0 {
            FUZZ.1
        } else {
            KERNEL.1
        };
        let name = self.test.replace("::", "__");
        let place = workspace::root().join(folder).join("__fuzz__").join(name);
        place.join("corpus")
    }

    /// Begins with the inputs that are kept, and leaves those that it finds among what is built. An input that makes
    /// it fail stays beside the tests, which fail from then on.
    fn run(&self, args: &Args, built: &Path, results: &mut Results) -> Result<(), Error> {
        let name = format!("fuzz {}", self.test);
        progress::step(&format!("{name} ({} s)", args.seconds));
        let found = built.join("corpus").join(self.test.replace("::", "__"));
        files::create_folder(&found)?;
        copy(&self.kept(), &found)?;
        let mut fuzz = self.bolero("test", built);
        fuzz.args(["-T", &format!("{}s", args.seconds)])
            .args(["--max-input-length", LONGEST])
            .arg("--corpus-dir")
            .arg(&found);
        let output = command::output(&mut fuzz)?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            eprintln!("{said}");
            results.fail(format!("{name} ({})", output.status));
            return Ok(());
        }
        // "Done 8243 runs in 21 second(s)"
        let runs = said.lines().rev().find(|line| line.starts_with("Done "));
        progress::note(runs.unwrap_or("it does not say how often it ran"));
        results.pass(1);
        if args.keep {
            self.keep(built, &found)?;
        }
        Ok(())
    }

    fn bolero(&self, what: &str, built: &Path) -> Command {
        let mut command = BOLERO.call();
        command
            .args([what, self.test, "--package", self.package])
            // With the checks of a debug build: an overflow is a failure. A sanitizer would need another compiler, and
            // finds what safe code does not do.
            .args(["--profile", "dev", "--sanitizer", "NONE"])
            .arg("--target-dir")
            .arg(built);
        command
    }

    /// Of the inputs that were found, those that each lead somewhere else, and of these some of every length.
    fn keep(&self, built: &Path, found: &Path) -> Result<(), Error> {
        let kept = self.kept();
        files::create_folder(&kept)?;
        copy(found, &kept)?;
        let output = command::output(&mut self.bolero("reduce", built))?;
        if !output.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr));
            return Err(Error::failed("cargo bolero reduce", output.status));
        }
        let mut inputs = Vec::new();
        for entry in with_path("read", &kept, fs::read_dir(&kept))? {
            let path = with_path("read", &kept, entry)?.path();
            inputs.push((files::read(&path)?, path));
        }
        inputs.sort();
        inputs.sort_by_key(|(bytes, _)| bytes.len());
        let all = inputs.len();
        for (place, (_, path)) in inputs.iter().enumerate() {
            // One in so many, and the longest, which knows most.
            let chosen = (place + 1) * KEPT / all > place * KEPT / all;
            if all > KEPT && !chosen {
                with_path("remove", path, fs::remove_file(path))?;
            }
        }
        Ok(())
    }
}

/// Copies the files that are not there yet; none where there is no such folder.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.is_dir() {
        return Ok(());
    }
    for entry in with_path("read", from, fs::read_dir(from))? {
        let entry = with_path("read", from, entry)?;
        let target = to.join(entry.file_name());
        if !target.exists() {
            with_path("write", &target, fs::copy(entry.path(), &target))?;
        }
    }
    Ok(())
}
