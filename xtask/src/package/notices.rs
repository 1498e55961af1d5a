//! The notices of all crates in the binary, which go wherever it goes: their licences ask for that.

use super::graph::Graph;
use crate::error::Error;
use crate::{files, workspace};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How files begin that hold a licence or a notice.
const NAMES: [&str; 5] = ["copying", "copyright", "licence", "license", "notice"];

/// What stands before them.
const HEAD: &str = "tcplull is under MIT or Apache-2.0, as you choose; the object for the kernel that it carries is under \
GPL-2.0-only.\nIt is linked with Rust's standard library (MIT or Apache-2.0), the GNU C Library (LGPL-2.1-or-later), and \
the crates below. The licence of the C library is in LICENSE-LGPL2.1 beside this; its sources, and those of tcplull, are \
to be had of whoever handed this on.\n";

/// One text: each file once, below the names of all crates that have it.
pub fn of(graph: &Graph) -> Result<String, Error> {
    let own = workspace::root();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for ((name, version), package) in &graph.crates {
        let Some(folder) = package.manifest_path.parent() else {
            continue;
        };
        if folder.starts_with(&own) {
            continue;
        }
        let title = format!(
            "{name} {version} ({})",
            package.license.as_deref().unwrap_or("see below")
        );
        let found = notices(folder.as_std_path())?;
        if found.is_empty() {
            without.push(title.clone());
        }
        for file in found {
            let text = String::from_utf8_lossy(&files::read(&file)?)
                .trim()
                .replace('\r', "");
            texts.entry(text).or_default().push(title.clone());
        }
    }
    let mut all = HEAD.to_owned();
    let mut ordered: Vec<(Vec<String>, String)> = texts
        .into_iter()
        .map(|(text, crates)| (crates, text))
        .collect();
    ordered.sort();
    for (crates, text) in ordered {
        all.push_str(&format!(
            "\n{}\n{}\n\n{text}\n",
            "=".repeat(76),
            crates.join(", ")
        ));
    }
    if !without.is_empty() {
        all.push_str(&format!(
            "\n{}\nWithout a file of their own: {}\n",
            "=".repeat(76),
            without.join(", ")
        ));
    }
    Ok(all)
}

fn notices(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = files::with_path("read", folder, fs::read_dir(folder))?;
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            NAMES.iter().any(|begin| name.starts_with(begin)) && !name.ends_with(".rs")
        })
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    found.sort_unstable();
    Ok(found)
}
