//! The crates that the binary is made of, as cargo says: those of user space, and those of the object for the kernel that
//! it carries. What only builds or tests it is not among them.

use crate::architecture::Architecture;
use crate::error::Error;
use crate::{command, workspace};
use cargo_metadata::{Metadata, Package, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

/// The packages that end in the binary.
const BOTH_SIDES: [&str; 2] = ["monitor", "monitor-ebpf"];

/// The crates and who needs whom.
#[derive(Debug)]
pub struct Graph {
    /// By name and version.
    pub crates: BTreeMap<Key, Package>,
    /// What each needs of the others.
    pub needs: BTreeMap<Key, BTreeSet<Key>>,
}

/// Name and version.
pub type Key = (String, String);

impl Graph {
    /// Those of the binary for this machine.
    pub fn read(architecture: &Architecture) -> Result<Self, Error> {
        let wanted = linked(architecture.target)?;
        let metadata = metadata(architecture.target)?;
        let key = |package: &Package| (package.name.to_string(), package.version.to_string());
        let mut ids: BTreeMap<PackageId, Key> = BTreeMap::new();
        let mut crates = BTreeMap::new();
        for package in metadata.packages {
            let key = key(&package);
            if wanted.contains(&key) {
                ids.insert(package.id.clone(), key.clone());
                crates.insert(key, package);
            }
        }
        let nodes = metadata
            .resolve
            .map(|resolve| resolve.nodes)
            .unwrap_or_default();
        let known = |id: &PackageId| ids.get(id).cloned();
        let needs = nodes.into_iter().filter_map(|node| {
            let all = node.dependencies.iter().filter_map(known).collect();
            Some((known(&node.id)?, all))
        });
        let needs = needs.collect();
        Ok(Self { crates, needs })
    }
}

/// With the features that the binary has, which `cargo metadata` does not know of.
fn linked(target: &str) -> Result<BTreeSet<Key>, Error> {
    let mut found = BTreeSet::new();
    for package in BOTH_SIDES {
        let mut tree = workspace::cargo();
        tree.args(["tree", "--locked", "--package", package, "--target", target])
            .args(["--edges", "normal,no-proc-macro", "--prefix", "none"])
            .stderr(Stdio::inherit());
        let output = command::output(&mut tree)?;
        if !output.status.success() {
            return Err(Error::failed("cargo tree", output.status));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        found.extend(text.lines().filter_map(key_in));
    }
    Ok(found)
}

// "aya-obj v0.3.0", "monitor-query v0.1.0 (/checkout/monitor/query)", "log v0.4.29 (*)"
fn key_in(line: &str) -> Option<Key> {
    let mut words = line.split_whitespace();
    let (name, version) = (words.next()?, words.next()?);
    Some((name.to_owned(), version.strip_prefix('v')?.to_owned()))
}

fn metadata(target: &str) -> Result<Metadata, Error> {
    let mut command = workspace::cargo();
    command
        .args(["metadata", "--format-version=1", "--locked"])
        .args(["--filter-platform", target])
        .stderr(Stdio::inherit());
    let output = command::output(&mut command)?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| Error::failed("cargo metadata", output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_known_by_name_and_version_wherever_it_lies() {
        let log = Some(("log".to_owned(), "0.4.29".to_owned()));
        for line in [
            "log v0.4.29",
            "log v0.4.29 (/somewhere/log)",
            "log v0.4.29 (*)",
        ] {
            assert_eq!(key_in(line), log);
        }
        assert_eq!(key_in(""), None);
    }
}
