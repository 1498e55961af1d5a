//! What the guest is made of, what it is to do, and how its progress is shown.

use super::initramfs::Contents;
use super::libraries::System;
use super::series::Series;
use super::variant::Variant;
use crate::architecture::Architecture;
use crate::error::Error;
use crate::{progress, setup};
use std::path::Path;
use vm_contract::{Line, Plan, Step};

/// The lab's programs, and Debian's packages of them.
const TOOLS: [&str; 2] = ["ip", "nft"];
pub const PACKAGES: [&str; 2] = ["iproute2", "nftables"];

/// Names of protocols for `nft`.
const PROTOCOLS: &str = "/etc/protocols";

/// A configuration by which timers of sockets are set, so that `tcplull check` loads what sets them.
const HEALED: &str = "/etc/healed.toml";
const HEALED_PATH: &str = "[[path]]\nname = \"healed\"\nremote = [\"192.0.2.0/24\"]\ntimeout = \"4m\"\n\
     [path.heal]\nkeepalive = \"auto\"\n";

/// Seconds for `tcplull check`, which loads every program.
const CHECK_WITHIN: u64 = 60;

/// Seconds for one scenario, if it were alone.
const SCENARIO_WITHIN: u64 = 60;

/// Seconds for the self-test: the check's, and the story, which takes six.
const SELF_TEST_WITHIN: u64 = 120;

/// The step that runs `tcplull check`, the self-test, and the one that runs the scenarios, of a variant.
pub const CHECK: &str = "check";
pub const SELF_TEST: &str = "self-test";
pub const LAB: &str = "lab";

/// The file system: both programs of the project, and what the lab calls, of this system or of the one in the folder
/// `foreign`.
pub fn contents(
    [tcplull, lab]: [&Path; 2],
    architecture: &Architecture,
    foreign: Option<&Path>,
) -> Result<Contents, Error> {
    let system = match foreign {
        Some(root) => System::at(root, architecture),
        None => System::own(),
    };
    let mut contents = Contents::default();
    for program in [tcplull, lab] {
        contents.program(program, &[], &system)?;
    }
    for tool in TOOLS {
        let found = match foreign {
            Some(root) => setup::found_in(root, tool).map(|file| (file, Vec::new())),
            None => setup::find_itself(tool),
        };
        let (file, libraries) = found.ok_or_else(|| {
            let what = format!("for the guest, {tool} is");
            Error::not_debian(what, format!("install {}", PACKAGES.join(" and ")))
        })?;
        contents.program(&file, &libraries, &system)?;
    }
    let protocols = Path::new(PROTOCOLS);
    if protocols.is_file() {
        contents.file(PROTOCOLS, protocols);
    }
    contents.bytes(HEALED, HEALED_PATH.into());
    Ok(contents)
}

/// All that is tried on a series.
pub fn plan(series: &Series) -> Plan {
    let mut steps = Vec::new();
    if series.is_too_old() {
        steps.push(check(CHECK.to_owned(), &[]));
    }
    for variant in series.variants {
        steps.push(check(step_name(variant, CHECK), variant.arguments));
        steps.extend(self_test(variant));
        steps.push(scenarios(variant, series.jobs));
    }
    Plan {
        steps,
        ..Plan::default()
    }
}

/// The name of a variant's step.
pub fn step_name(variant: &Variant, step: &str) -> String {
    format!("{}: {step}", variant.name)
}

fn check(name: String, arguments: &[&str]) -> Step {
    let mut command = vec!["/bin/tcplull", "check", "--json", "--config", HEALED];
    command.extend(arguments);
    step(name, &command, CHECK_WITHIN)
}

/// The self-test by a way of watching; none where the variant is one of mechanisms, which it knows nothing of.
fn self_test(variant: &Variant) -> Option<Step> {
    if !variant.tests_itself() {
        return None;
    }
    let mut command = vec!["/bin/tcplull", "check", "--self-test"];
    command.extend(variant.arguments);
    Some(step(
        step_name(variant, SELF_TEST),
        &command,
        SELF_TEST_WITHIN,
    ))
}

fn scenarios(variant: &Variant, jobs: u8) -> Step {
    let jobs = jobs.to_string();
    let mut command = vec!["/bin/monitor-lab", "run"];
    command.extend(variant.scenarios);
    command.extend(["--tcplull", "/bin/tcplull", "--jobs", &jobs, "--"]);
    command.extend(variant.arguments);
    let count = u64::try_from(variant.scenarios.len()).unwrap_or(u64::MAX);
    let seconds = SCENARIO_WITHIN.saturating_mul(count);
    step(step_name(variant, LAB), &command, seconds)
}

/// A step that runs this command for so many seconds at most.
pub fn step(name: String, command: &[&str], seconds: u64) -> Step {
    Step {
        name,
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        seconds,
    }
}

/// Shows what happens in the machine of `name` as it happens.
pub fn show(name: &str, line: &Line) {
    let what = match line {
        Line::Ready { release } => format!("{release} is up"),
        Line::Output { step, text, .. } if is_for_people(text) => format!("{step}: {text}"),
        Line::Output { .. } | Line::Done => return,
        Line::Ended {
            step,
            ending,
            seconds,
        } => format!("{step}: {ending} after {seconds:.1} s of its clock"),
        Line::Trouble { what } => what.clone(),
    };
    progress::note(&format!("{name}: {what}"));
}

/// Not so are JSON, and the lab's own tables, of which this command prints one for all.
fn is_for_people(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['{', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::series;

    #[test]
    fn a_kernel_that_is_too_old_is_only_checked() {
        let plan = plan(series::named("5.10").unwrap());
        assert_eq!(plan.steps.len(), 1);
        assert_eq!(plan.steps[0].name, CHECK);
    }

    #[test]
    fn a_variants_arguments_go_to_the_check_and_to_the_daemon_of_every_scenario() {
        for series in series::ALL {
            for variant in series.variants {
                let plan = plan(series);
                for step in [CHECK, LAB] {
                    let name = step_name(variant, step);
                    let step = plan.steps.iter().find(|step| step.name == name).unwrap();
                    let all: Vec<&str> = step.command.iter().map(String::as_str).collect();
                    assert!(all.ends_with(variant.arguments), "{all:?}");
                }
            }
        }
    }
}
