//! The walls between the surfaces, as `docs/architecture.md` says them: a surface sees neither the kernel nor another
//! surface.

use std::fs;
use std::path::{Path, PathBuf};

/// What all surfaces stand on, beside them.
const FLOOR: &str = "sink";

fn sources(place: &Path, found: &mut Vec<PathBuf>) {
    if place.is_dir() {
        for entry in fs::read_dir(place).expect("sources are there") {
            sources(&entry.expect("a readable directory").path(), found);
        }
    } else {
        found.push(place.to_owned());
    }
}

#[test]
fn a_surface_sees_neither_the_kernel_nor_another_surface() {
    let surfaces = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/surfaces");
    let entries = fs::read_dir(&surfaces).expect("the surfaces are there");
    let places: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a place").path())
        .collect();
    let name = |place: &Path| {
        let stem = place.file_stem().and_then(|stem| stem.to_str());
        stem.expect("a name of plain text").to_owned()
    };
    let names: Vec<String> = places.iter().map(|place| name(place)).collect();
    assert!(names.iter().any(|name| name == "metrics"), "{names:?}");
    for place in places.iter().filter(|place| name(place) != "mod") {
        let others = names
            .iter()
            .filter(|other| **other != name(place) && *other != FLOOR);
        let mut forbidden = vec!["monitor_kernel".to_owned(), "crate::daemon".to_owned()];
        for other in others {
            forbidden.push(format!("surfaces::{other}"));
            // From the surface's own top, where `super` is the folder of all.
            forbidden.push(format!("super::{other}"));
        }
        let mut files = Vec::new();
        sources(place, &mut files);
        for file in files {
            let top = file.parent() == Some(&surfaces) || file.ends_with("mod.rs");
            let text = fs::read_to_string(&file).expect("a readable source");
            for word in forbidden
                .iter()
                .filter(|word| top || !word.starts_with("super"))
            {
                assert!(!text.contains(word), "{} names {word}", file.display());
            }
        }
    }
}
