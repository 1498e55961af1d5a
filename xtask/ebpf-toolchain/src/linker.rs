//! bpf-linkers, and which LLVM they read.

use crate::environment::{clean_command, named_by, output_of, programs_named, set_path};
use crate::{Compiler, LlvmVersion, Rejected};
use std::path::{Path, PathBuf};

/// Environment variable that names the `bpf-linker` to use.
pub const LINKER_VARIABLE: &str = "TCPLULL_BPF_LINKER";

/// The bpf-linker that set-up builds where no fitting one is installed.
pub const CACHED_LINKER_VERSION: &str = "0.13.0";

const NAME: &str = "bpf-linker";

/// A bpf-linker that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linker {
    /// Absolute path of the program.
    pub path: PathBuf,
    /// The LLVM it reads bitcode with.
    pub llvm: LlvmVersion,
}

/// The first bpf-linker that reads what `compiler` writes: the one that [`LINKER_VARIABLE`] names and no other, else
/// the one that set-up built, else any on `PATH` or among cargo's installed programs.
///
/// # Errors
/// Every linker that was looked at, with the reason it does not fit; one entry where there is none at all.
pub fn linker_for(compiler: &Compiler) -> Result<Linker, Vec<Rejected>> {
    let candidates = match named_by(LINKER_VARIABLE) {
        Some(path) => vec![path],
        None => installed(compiler.llvm),
    };
    let mut rejected = Vec::new();
    for path in candidates {
        match Linker::at(&path).and_then(|linker| linker.fits(compiler)) {
            Ok(linker) => return Ok(linker),
            Err(reason) => rejected.push(reason),
        }
    }
    if rejected.is_empty() {
        let reason = format_args!("none is installed for LLVM {}", compiler.llvm.major);
        rejected.push(Rejected::new(NAME, reason));
    }
    Err(rejected)
}

fn installed(llvm: LlvmVersion) -> Vec<PathBuf> {
    cached_linker_root(llvm)
        .map(|root| root.join("bin").join(NAME))
        .filter(|path| path.is_file())
        .into_iter()
        .chain(programs_named(NAME))
        .collect()
}

/// The folder for what set-up builds or unpacks, shared by all clones of this user: `$XDG_CACHE_HOME/tcplull`, else
/// `$HOME/.cache/tcplull`. `None` where neither variable holds an absolute path.
pub fn cache_dir() -> Option<PathBuf> {
    let base = set_path("XDG_CACHE_HOME").or_else(|| Some(set_path("HOME")?.join(".cache")))?;
    Some(base.join("tcplull"))
}

/// The folder in [`cache_dir`] that set-up installs its bpf-linker into, one for each LLVM major.
pub fn cached_linker_root(llvm: LlvmVersion) -> Option<PathBuf> {
    let folder = format!("{NAME}-{CACHED_LINKER_VERSION}-llvm{}", llvm.major);
    Some(cache_dir()?.join(folder))
}

impl Linker {
    fn at(path: &Path) -> Result<Self, Rejected> {
        if !path.is_absolute() {
            return Err(Rejected::new(path.display(), "must be an absolute path"));
        }
        // `bpf-linker --version` states only its own version. Its LLVM answers for itself when it is handed the flag
        // that every LLVM tool knows, and it does so before any input is read.
        let mut command = clean_command(path);
        command.args(["--llvm-args=--version", "-o", "/dev/null", "/dev/null"]);
        let llvm = output_of(&mut command).and_then(|text| LlvmVersion::parse(&text));
        match llvm {
            Some(llvm) => Ok(Self {
                path: path.to_path_buf(),
                llvm,
            }),
            None => Err(Rejected::new(
                path.display(),
                "does not run, or does not state its LLVM",
            )),
        }
    }

    fn fits(self, compiler: &Compiler) -> Result<Self, Rejected> {
        if self.llvm.reads(compiler.llvm) {
            return Ok(self);
        }
        Err(Rejected::new(
            self.path.display(),
            format_args!(
                "reads LLVM {}, but {} writes LLVM {}",
                self.llvm,
                compiler.rustc.display(),
                compiler.llvm
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn llvm(major: u32, minor: u32) -> LlvmVersion {
        LlvmVersion { major, minor }
    }

    fn compiler(llvm: LlvmVersion) -> Compiler {
        Compiler {
            cargo: "/usr/bin/cargo".into(),
            rustc: "/usr/bin/rustc".into(),
            sysroot: "/usr".into(),
            name: "rustc 1.96.0".into(),
            llvm,
            needs_bootstrap: true,
        }
    }

    #[test]
    fn a_linker_of_another_llvm_major_is_not_taken() {
        let linker = Linker {
            path: "/opt/bpf-linker".into(),
            llvm: llvm(21, 1),
        };
        let rejected = linker.fits(&compiler(llvm(22, 1)));
        assert_eq!(
            rejected.map_err(|r| r.to_string()),
            Err("/opt/bpf-linker: reads LLVM 21.1, but /usr/bin/rustc writes LLVM 22.1".to_owned())
        );
    }

    #[test]
    fn a_program_that_is_no_linker_is_not_taken() {
        for path in [
            "/bin/true",
            "/bin/false",
            "/nonexistent/bpf-linker",
            "bpf-linker",
        ] {
            assert!(Linker::at(Path::new(path)).is_err(), "{path}");
        }
    }
}
