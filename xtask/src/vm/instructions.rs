//! What programs cost a round trip, in instructions: the guest's clock counts them.

use super::guest;
use super::image::Kernel;
use super::initramfs::Contents;
use super::libraries::System;
use super::machine::{GUEST, Vm};
use super::series::{self, Series};
use crate::error::Error;
use crate::{files, progress, setup};
use serde::Serialize;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;
use vm_contract::{Line, Plan, Step};

/// The kernel on which all of the compared tools run.
const SERIES: &str = "6.12";

/// Debian's tools to compare with, and their package.
const TOOLS: [&str; 2] = ["tcprtt", "tcptop"];
const PACKAGE: &str = "libbpf-tools";

/// Round trips: what else the guest does meanwhile is a thousandth of them.
const ROUND_TRIPS: &str = "20000";

/// The machine is ended after this.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Seconds of the guest for one case. Most of them it sleeps, which takes no time.
const CASE_WITHIN: u64 = 600;

/// Something that runs beside the round trips.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// Whether the host has a silent connection, too.
    pub silence: bool,
    /// Its command in the guest, in words without spaces; empty for nothing.
    pub command: String,
}

/// What the guest measured of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The case.
    name: String,
    /// Instructions of a whole round trip, both ends.
    whole: f64,
    /// Runs of programs in it.
    runs: f64,
    /// Instructions inside of them, by the kernel's own statistics.
    inside: f64,
}

/// What a case adds to a round trip; in JSON as the benchmark reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Added {
    /// The case.
    name: String,
    /// Runs of programs.
    runs: f64,
    /// Instructions inside of them.
    instructions_per_round_trip: f64,
    /// Those and all on the way there, by the clock around everything.
    with_dispatch: f64,
}

/// The cases that the project's own command compares. Watching globally, the programs on the paths of every segment
/// depend on whether anything on the host is silent; most hosts have something.
pub fn cases() -> Vec<Case> {
    let case = |name, silence, command: &str| Case {
        name,
        silence,
        command: command.to_owned(),
    };
    let watch = |name, silence, way| {
        let daemon = "/bin/tcplull run --config /dev/null --timeout 4s --watch";
        case(name, silence, &format!("{daemon} {way}"))
    };
    vec![
        case("nothing", true, ""),
        watch("per-socket", true, "per-socket"),
        watch("global", true, "global"),
        watch("global, nothing silent", false, "global"),
        case("tcprtt", true, "/bin/tcprtt -i 3600"),
        case("tcptop", true, "/bin/tcptop -C 3600"),
        case("nothing again", true, ""),
    ]
}

/// The series that is counted on.
pub fn series() -> Result<&'static Series, Error> {
    series::named(SERIES).map_err(|there| Error::NoImage {
        series: SERIES,
        reason: there,
    })
}

/// Adds Debian's tools to what the guest holds. They are taken out of their package, and kept in `cache`.
pub fn add_tools(contents: &mut Contents, cache: &Path) -> Result<(), Error> {
    let folder = cache.join(PACKAGE);
    if !folder.is_dir() {
        let work = cache.join(format!("unpack-{PACKAGE}-{}", std::process::id()));
        files::create_folder(&work)?;
        let unpacked =
            setup::unpack(&[PACKAGE], &work).and_then(|()| files::rename(&work, &folder));
        if unpacked.is_err() {
            let _ = fs::remove_dir_all(&work);
        }
        unpacked?;
    }
    for tool in TOOLS {
        contents.program(&folder.join("usr/sbin").join(tool), &[], &System::own())?;
    }
    Ok(())
}

/// Counts every case in one machine, one after the other.
pub fn count(kernel: &Kernel, contents: &Contents, cases: &[Case]) -> Result<Vec<Counted>, Error> {
    progress::step(&format!(
        "counting instructions on {} ({})",
        kernel.release, kernel.version
    ));
    let vm = Vm {
        kernel,
        // As users have it.
        parameters: "",
        first: GUEST,
        contents,
        plan: Plan {
            steps: cases.iter().map(step).collect(),
            ..Plan::default()
        },
        paused: false,
    };
    let outcome = vm.run(LIMIT, |line| guest::show(SERIES, line))?;
    if let Some(failure) = outcome.failure {
        return Err(Error::Machine {
            failure,
            console: outcome.console.join("\n"),
        });
    }
    Ok(outcome.lines.iter().filter_map(counted).collect())
}

fn step(case: &Case) -> Step {
    let mut command = vec!["/bin/monitor-bench", "round-trips", "--count", ROUND_TRIPS];
    if case.silence {
        command.push("--silence");
    }
    command.push("--");
    command.extend(case.command.split_whitespace());
    guest::step(case.name.to_owned(), &command, CASE_WITHIN)
}

fn counted(line: &Line) -> Option<Counted> {
    let Line::Output {
        step,
        stderr: false,
        text,
    } = line
    else {
        return None;
    };
    let measured: Value = serde_json::from_str(text).ok()?;
    let number = |key: &str| measured.get(key)?.as_f64();
    Some(Counted {
        name: step.clone(),
        whole: number("ns")?,
        runs: number("runs")?,
        inside: number("inside_ns")?,
    })
}

/// What each adds to the round trip of the first, which has nothing beside it.
pub fn added(counted: &[Counted]) -> Vec<Added> {
    let bare = counted.first().map_or(0.0, |counted| counted.whole);
    counted
        .iter()
        .map(|counted| Added {
            name: counted.name.clone(),
            runs: counted.runs,
            instructions_per_round_trip: counted.inside,
            with_dispatch: counted.whole - bare,
        })
        .collect()
}

/// A line for each.
pub fn table(added: &[Added]) -> String {
    let mut text = format!(
        "{:22} {:>6} {:>11} {:>14}\n",
        "beside", "runs", "inside", "with dispatch"
    );
    for added in added {
        text.push_str(&format!(
            "{:22} {:6.1} {:11.0} {:14.0}\n",
            added.name, added.runs, added.instructions_per_round_trip, added.with_dispatch
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_case_adds_is_counted_from_the_first() {
        let line = |step: &str, ns: f64| Line::Output {
            step: step.into(),
            stderr: false,
            text: format!(
                r#"{{"round_trips":10,"ns":{ns},"runs":4.0,"inside_ns":500.5,"programs":{{}}}}"#
            ),
        };
        let lines = [line("nothing", 20_000.0), line("tcplull", 20_800.0)];
        let counted: Vec<Counted> = lines.iter().filter_map(counted).collect();
        let table = table(&added(&counted));
        let last = table.lines().last().unwrap_or_default();
        let fields: Vec<&str> = last.split_whitespace().collect();
        assert_eq!(fields, ["tcplull", "4.0", "500", "800"]);
    }
}
