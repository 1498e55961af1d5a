//! The list of what the binary is made of, as CycloneDX 1.5 has it (cyclonedx.org), which scanners for known faults read.

use super::about::VERSION;
use super::epoch::Epoch;
use super::graph::{Graph, Key};
use crate::architecture::Architecture;
use crate::error::Error;
use crate::{command, files, setup, workspace};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;

/// Cargo.lock, as far as it is asked.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The list for the binary of this machine.
pub fn of(graph: &Graph, architecture: &Architecture, epoch: Epoch) -> Result<String, Error> {
    let lock = files::read(&workspace::root().join("Cargo.lock"))?;
    let lock: Lock = toml::from_slice(&lock).map_err(|error| Error::Package {
        what: "the list of crates",
        reason: format!("Cargo.lock: {error}"),
    })?;
    let sums: BTreeMap<Key, String> = lock
        .package
        .into_iter()
        .filter_map(|locked| Some(((locked.name, locked.version), locked.checksum?)))
        .collect();
    let mut components = vec![standard_library()?, c_library(architecture)?];
    components.extend(graph.crates.iter().map(|(key, package)| {
        let (name, version) = key;
        let mut component = json!({
            "type": "library", "bom-ref": reference(key), "name": name, "version": version, "purl": reference(key),
        });
        if let Some(licence) = &package.license {
            // Some crates have a slash where SPDX has OR.
            let expression = licence.replace('/', " OR ").replace("  ", " ");
            component["licenses"] = json!([{ "expression": expression }]);
        }
        if let Some(sum) = sums.get(key) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        component
    }));
    let dependencies: Vec<Value> = graph
        .needs
        .iter()
        .map(|(key, needs)| {
            let needs: Vec<String> = needs.iter().map(reference).collect();
            json!({ "ref": reference(key), "dependsOn": needs })
        })
        .collect();
    let time = epoch.rfc3339()?;
    let bom = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": time,
            "component": {
                "type": "application", "bom-ref": "tcplull", "name": "tcplull", "version": VERSION,
                "description": format!("for {}", architecture.target),
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(format!("{bom:#}\n"))
}

fn reference((name, version): &Key) -> String {
    format!("pkg:cargo/{name}@{version}")
}

fn standard_library() -> Result<Value, Error> {
    let output = command::output(Command::new("rustc").arg("--version"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().nth(1).unwrap_or_default();
    Ok(json!({
        "type": "library", "bom-ref": "rust-std", "name": "rust-std", "version": version,
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    }))
}

// Of the compiler that links it: there is no other in a static program.
fn c_library(architecture: &Architecture) -> Result<Value, Error> {
    let compiler = match architecture.is_own() {
        true => "cc".to_owned(),
        false => architecture.tool("gcc"),
    };
    let mut cc = Command::new(setup::find(&compiler).unwrap_or_else(|| compiler.into()));
    cc.args("-E -dM -include features.h -x c /dev/null".split(' '));
    let output = command::output(&mut cc)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let defined = |name: &str| {
        let mut values = text.lines().filter_map(|line| {
            let value = line.strip_prefix("#define ")?.strip_prefix(name)?;
            value.strip_prefix(' ')
        });
        values.next().unwrap_or_default().to_owned()
    };
    let version = format!("{}.{}", defined("__GLIBC__"), defined("__GLIBC_MINOR__"));
    Ok(json!({
        "type": "library", "bom-ref": "glibc", "name": "glibc", "version": version,
        "licenses": [{ "expression": "LGPL-2.1-or-later" }],
    }))
}
