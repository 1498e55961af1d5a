//! The shared libraries that a program needs, read from the files themselves.

use crate::error::Error;
use crate::files;
use goblin::elf::Elf;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the loader looks, on Debian and elsewhere, in this order.
const PLACES: [&str; 6] = [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
];

/// The loader and every library that `programs` need, by the paths at which they are looked for. A static program
/// needs none.
pub fn of(programs: &[PathBuf]) -> Result<BTreeSet<PathBuf>, Error> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<PathBuf> = programs.to_vec();
    while let Some(file) = waiting.pop() {
        for needed in needs(&file)? {
            let path = locate(&needed).ok_or_else(|| Error::NoLibrary {
                library: needed.clone(),
                program: file.clone(),
            })?;
            if found.insert(path.clone()) {
                waiting.push(path);
            }
        }
    }
    Ok(found)
}

fn needs(file: &Path) -> Result<Vec<String>, Error> {
    let bytes = files::read(file)?;
    // A script needs its interpreter, which is a program to be named of its own.
    let Ok(elf) = Elf::parse(&bytes) else {
        return Ok(Vec::new());
    };
    let loader = elf.interpreter.into_iter();
    Ok(loader.chain(elf.libraries).map(str::to_owned).collect())
}

fn locate(library: &str) -> Option<PathBuf> {
    // The loader is named by its whole path.
    if library.starts_with('/') {
        return Some(library.into()).filter(|path: &PathBuf| path.is_file());
    }
    PLACES
        .iter()
        .map(|place| Path::new(place).join(library))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_program_needs_what_it_runs_with() {
        let own = std::env::current_exe().unwrap();
        let names: Vec<String> = of(&[own])
            .unwrap()
            .iter()
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect();
        assert!(names.iter().any(|name| name == "libc.so.6"), "{names:?}");
    }

    #[test]
    fn a_text_file_needs_nothing() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(of(&[file]).unwrap().is_empty());
    }
}
