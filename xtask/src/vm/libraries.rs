//! The shared libraries that a program needs, read from the files themselves.

use crate::architecture::{Architecture, X86_64};
use crate::error::Error;
use crate::files;
use goblin::elf::Elf;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the loader looks, on Debian and elsewhere, in this order, and below the folders of a machine's triple first.
const PLACES: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
const BY_TRIPLE: [&str; 2] = ["/lib", "/usr/lib"];

/// Where libraries are found.
#[derive(Debug)]
pub struct System {
    /// The root of the system that the programs are of.
    root: PathBuf,
    places: Vec<PathBuf>,
}

impl System {
    /// A system of this machine at `root`.
    pub fn at(root: &Path, architecture: &Architecture) -> Self {
        let by_triple = BY_TRIPLE.map(|place| Path::new(place).join(architecture.triple));
        let places = by_triple.into_iter().chain(PLACES.map(PathBuf::from));
        Self {
            root: root.to_path_buf(),
            places: places.collect(),
        }
    }

    /// The one that this runs on.
    pub fn own() -> Self {
        Self::at(Path::new("/"), &X86_64)
    }

    /// The file that lies at `place`, an absolute path.
    fn file(&self, place: &Path) -> PathBuf {
        self.root.join(place.strip_prefix("/").unwrap_or(place))
    }

    /// The place of a library, and the file that belongs there.
    fn locate(&self, library: &str, beside: &[PathBuf]) -> Option<(PathBuf, PathBuf)> {
        // The loader is named by its whole path.
        if library.starts_with('/') {
            let place = PathBuf::from(library);
            let file = Some(self.file(&place)).filter(|file| file.is_file())?;
            return Some((place, file));
        }
        let mut own = beside.iter().map(|folder| folder.join(library));
        if let Some(own) = own.find(|path| path.is_file()) {
            return Some((self.places.first()?.join(library), own));
        }
        let mut places = self.places.iter().map(|place| place.join(library));
        let place = places.find(|place| self.file(place).is_file())?;
        let file = self.file(&place);
        Some((place, file))
    }
}

/// The loader and every library that `program` needs, by the places at which they are looked for, each with the file that
/// belongs there: those in `beside` before the system's. A static program needs none.
pub fn of(
    program: &Path,
    beside: &[PathBuf],
    system: &System,
) -> Result<BTreeMap<PathBuf, PathBuf>, Error> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![program.to_path_buf()];
    while let Some(file) = waiting.pop() {
        for needed in needs(&file)? {
            let (place, library) =
                system
                    .locate(&needed, beside)
                    .ok_or_else(|| Error::NoLibrary {
                        library: needed.clone(),
                        program: file.clone(),
                    })?;
            if found.insert(place, library.clone()).is_none() {
                waiting.push(library);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_program_needs_what_it_runs_with() {
        let own = std::env::current_exe().unwrap();
        let libraries = of(&own, &[], &System::own()).unwrap();
        let libc = libraries
            .iter()
            .find(|(place, _)| place.ends_with("libc.so.6"));
        let (place, file) = libc.expect("it has a C library");
        assert_eq!(place, file);
    }

    #[test]
    fn what_lies_beside_a_program_goes_where_the_loader_looks() {
        let own = std::env::current_exe().unwrap();
        let beside = std::env::temp_dir().join(format!("tcplull-libraries-{}", std::process::id()));
        std::fs::create_dir_all(&beside).unwrap();
        std::fs::write(beside.join("libc.so.6"), "").unwrap();
        let system = System::own();
        let libraries = of(&own, std::slice::from_ref(&beside), &system);
        std::fs::remove_dir_all(&beside).unwrap();
        let place = system.places[0].join("libc.so.6");
        assert_eq!(libraries.unwrap()[&place], beside.join("libc.so.6"));
    }

    #[test]
    fn a_text_file_needs_nothing() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(of(&file, &[], &System::own()).unwrap().is_empty());
    }
}
