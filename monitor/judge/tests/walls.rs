//! The walls between the crates, as `docs/architecture.md` says them: who may know whom, and that the judge has neither
//! a clock nor files. Cargo holds the first; this holds Cargo's files and the judge's sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every crate that `package` and its tests can be built with, by name, as the lock file says it: nothing need be
/// fetched to know.
fn built_with(package: &str) -> BTreeSet<String> {
    let lock =
        fs::read_to_string(root().join("Cargo.lock")).expect("the workspace has a lock file");
    let lock: BTreeMap<&str, Vec<&str>> = lock.split("[[package]]").skip(1).map(locked).collect();
    let mut known = BTreeSet::new();
    let mut next = vec![package];
    while let Some(name) = next.pop() {
        if known.insert(name.to_owned()) {
            next.extend(&lock[name]);
        }
    }
    known
}

/// A package of the lock file: its name, and those of what it depends on.
fn locked(entry: &str) -> (&str, Vec<&str>) {
    let name = entry.lines().find(|line| line.starts_with("name = "));
    let needs = entry.lines().filter(|line| line.starts_with(" \""));
    (name.map_or("", quoted), needs.map(quoted).collect())
}

/// The first word between quotation marks: where two versions are locked, theirs follow it.
fn quoted(line: &str) -> &str {
    let text = line.split('"').nth(1).unwrap_or_default();
    text.split(' ').next().unwrap_or_default()
}

fn knows_none_of(package: &str, others: &[&str]) {
    let known = built_with(package);
    assert!(known.len() > 1, "the lock file is read");
    let wrong: Vec<&&str> = others
        .iter()
        .filter(|other| known.contains(**other))
        .collect();
    assert!(wrong.is_empty(), "{package} is built with {wrong:?}");
}

#[test]
fn the_judge_knows_neither_the_kernel_nor_any_surface() {
    let outside = [
        "aya",
        "tokio",
        "axum",
        "hyper",
        "clap",
        "tracing",
        "ebpf-toolchain",
        "monitor-kernel",
        "monitor",
    ];
    knows_none_of("monitor-judge", &outside);
}

#[test]
fn the_kernel_side_concludes_nothing() {
    let conclusions = [
        "clap",
        "tokio",
        "axum",
        "monitor-model",
        "monitor-judge",
        "monitor",
    ];
    knows_none_of("monitor-kernel", &conclusions);
}

#[test]
fn the_model_stands_on_the_ground() {
    knows_none_of(
        "monitor-model",
        &[
            "aya",
            "tokio",
            "axum",
            "clap",
            "monitor-kernel",
            "monitor-judge",
            "monitor",
        ],
    );
}

/// What none of the crates that only work on what is told knows.
const OUTSIDE: [&str; 9] = [
    "aya",
    "tokio",
    "axum",
    "hyper",
    "clap",
    "tracing",
    "monitor-kernel",
    "monitor-judge",
    "monitor",
];

#[test]
fn what_works_on_what_is_told_knows_neither_kernel_nor_judge_nor_a_surface() {
    for name in [
        "monitor-store",
        "monitor-query",
        "monitor-lookback",
        "monitor-probe",
        "monitor-heal",
    ] {
        knows_none_of(name, &OUTSIDE);
    }
}

#[test]
fn what_shows_what_is_told_does_not_know_where_it_is_kept_either() {
    for name in ["monitor-sheet", "monitor-snapshot", "monitor-tui"] {
        knows_none_of(name, &OUTSIDE);
        knows_none_of(name, &["monitor-store"]);
    }
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("sources are there") {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_plans_a_probe_or_a_socket_s_timers_has_no_clock_and_no_socket() {
    let mut files = Vec::new();
    sources(&root().join("monitor/probe/src"), &mut files);
    sources(&root().join("monitor/heal/src"), &mut files);
    assert!(files.iter().any(|file| file.ends_with("planner.rs")));
    assert!(files.iter().any(|file| file.ends_with("plan.rs")));
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable source");
        for word in [
            "Instant",
            "SystemTime",
            "std::thread",
            "net::Tcp",
            "std::io",
        ] {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
}

#[test]
fn the_judge_has_no_clock_and_opens_nothing() {
    let mut files = Vec::new();
    sources(&root().join("monitor/judge/src"), &mut files);
    let forbidden = [
        // Each import names its module, so that nothing hides in a list of them.
        "std::{",
        "std::fs",
        "std::time",
        "std::process",
        "std::thread",
        "std::env",
        "std::os",
        "std::io::stdin",
        "std::net::Tcp",
        "std::net::Udp",
        "nix::{",
        "nix::fs",
        "nix::sys",
        "nix::time",
        "nix::unistd",
        "now_utc",
    ];
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable source");
        for word in forbidden {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
}
