//! The walls between the surfaces, as `docs/architecture.md` says them: a surface sees neither the kernel nor another
//! surface.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What all surfaces stand on, beside them, and what declares them.
const FLOOR: [&str; 3] = ["sink", "prometheus_alert", "mod"];

fn sources(place: &Path, found: &mut Vec<PathBuf>) {
    if place.is_dir() {
        for entry in fs::read_dir(place).expect("sources are there") {
            sources(&entry.expect("a readable directory").path(), found);
        }
    } else {
        found.push(place.to_owned());
    }
}

/// Who serves whom: the two ways to the API, and this the page.
const SERVES: [[&str; 2]; 3] = [["http", "api"], ["inspect", "api"], ["api", "page"]];

#[test]
fn a_surface_sees_neither_the_kernel_nor_another_surface() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/surfaces");
    let mut surfaces: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("the surfaces are there") {
        let place = entry.expect("a readable directory").path();
        let name = place.file_stem().and_then(|stem| stem.to_str());
        let name = name.expect("a name of plain text").to_owned();
        sources(&place, surfaces.entry(name).or_default());
    }
    assert!(surfaces.contains_key("metrics"), "{surfaces:?}");
    for (name, files) in &surfaces {
        let others = surfaces.keys().filter(|other| *other != name);
        let others = others.filter(|other| {
            !FLOOR.contains(&other.as_str()) && !SERVES.contains(&[name.as_str(), other.as_str()])
        });
        let others =
            others.flat_map(|other| ["surfaces", "super"].map(|up| format!("{up}::{other}")));
        let outside = ["monitor_kernel", "crate::daemon"].map(str::to_owned);
        let forbidden: Vec<String> = others.chain(outside).collect();
        for file in files {
            let text = fs::read_to_string(file).expect("a readable source");
            for word in &forbidden {
                assert!(!text.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

/// Of aya's, what stands for a machine's registers, and makes another program for each machine.
const REGISTERS: [&str; 3] = ["ProbeContext", "RetProbeContext", "pt_regs"];

#[test]
fn the_kernel_side_reads_no_registers_so_that_one_object_serves_every_machine() {
    let mut files = Vec::new();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for place in ["monitor-ebpf/src", "monitor-common/src"] {
        sources(&workspace.join(place), &mut files);
    }
    assert!(files.iter().any(|file| file.ends_with("hooks/send.rs")));
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable source");
        for word in REGISTERS {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
}

/// Where text goes out, and may go out only through what makes it fit to be shown.
const DOORS: [(&str, &str); 4] = [
    ("serde_json::to_string", "monitor/model/src/format.rs"),
    ("eprint", "src/cli/remark.rs"),
    ("println!", "none: src/cli/output.rs writes"),
    ("io::stderr", "src/cli/run.rs"),
];

#[test]
fn text_from_outside_goes_out_by_one_door() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    for file in files {
        let name = file.display().to_string();
        if name.contains("/tests") || name.ends_with("hostile.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a readable source");
        let code = text.split("#[cfg(test)]\nmod tests {").next();
        for (word, door) in DOORS {
            let goes_out = code.is_some_and(|code| code.contains(word));
            assert!(
                !goes_out || name.ends_with(door),
                "{name} has {word}; the door is {door}"
            );
        }
    }
}

/// What reads the wall clock, or hands it on.
const WALL_CLOCK: [&str; 5] = [
    "SystemTime",
    "UNIX_EPOCH",
    "CLOCK_REALTIME",
    "Timestamp",
    "wall",
];

#[test]
fn a_probe_knows_no_wall_clock_so_that_one_which_steps_changes_no_silence() {
    let mut files = Vec::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    for place in ["src/prober", "probe/src"] {
        sources(&own.join(place), &mut files);
    }
    assert!(files.iter().any(|file| file.ends_with("prober/gap.rs")));
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable source");
        for word in WALL_CLOCK {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
}
