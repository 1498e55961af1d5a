//! Why a task could not be done; each message is one line and says what to do.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

/// A task that ended before it had a result of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Packages are missing, and only root may install them.
    #[error("{what} missing: run `sudo {command}`, then this again")]
    NotRoot {
        /// What is missing, with its verb ("promtool is").
        what: String,
        /// The command that installs it, without sudo.
        command: String,
    },
    /// Something is missing on a system without apt.
    #[error("{what} missing, and there is no apt-get here to install it: {remedy}")]
    NotDebian {
        /// What is missing, with its verb.
        what: String,
        /// What a person can do about it.
        remedy: String,
    },
    /// apt ran and failed.
    #[error("`{command}` failed: {reason}")]
    Apt {
        /// The command as a person would type it.
        command: String,
        /// The last error line that apt printed.
        reason: String,
    },
    /// No fitting bpf-linker, and none can be built.
    #[error("bpf-linker for LLVM {llvm} is missing and cannot be built here: {reason}")]
    NoLinker {
        /// LLVM's major version.
        llvm: u32,
        /// Why not, and what to do.
        reason: String,
    },
    /// No compiler on this machine can build the kernel side.
    #[error("no compiler here can build the kernel side ({0})")]
    NoCompiler(
        /// Each that was looked at, with what it lacks.
        String,
    ),
    /// rustup's nightly is not there, or cannot be given the sources of core.
    #[error(
        "rustup's nightly cannot be used: {0}; `rustup toolchain install nightly --component rust-src` would do"
    )]
    NoNightly(
        /// What it lacks.
        String,
    ),
    /// The toolchain that an environment variable asks for does not work, or set-up made one that does not.
    #[error(transparent)]
    Toolchain(#[from] ebpf_toolchain::Error),
    /// A component of the Rust toolchain is missing.
    #[error(
        "`cargo {0}` is missing: run `rustup component add {1}`, or install your distribution's {1}"
    )]
    NoComponent(
        /// The cargo subcommand.
        &'static str,
        /// The component that has it.
        &'static str,
    ),
    /// A program could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A step ran and failed, after saying why itself.
    #[error("{what} failed ({status}); see its own messages above")]
    Failed {
        /// The step.
        what: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A file or a stream could not be used.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Cargo built a package, but not the program that was expected of it.
    #[error("cargo built no program named {0}: check the package's [[bin]] section")]
    NoProgram(
        /// The program.
        &'static str,
    ),
    /// No mirror has a kernel of a series.
    #[error(
        "Debian's {suite} has no kernel of the series {series} (any more): look with `apt-cache` which suite has it, \
         and name it in xtask/src/vm/series.rs"
    )]
    NoKernel {
        /// The series.
        series: &'static str,
        /// The suite that it was looked for in.
        suite: &'static str,
    },
    /// A virtual machine did not do its work.
    #[error("the virtual machine failed: {failure}; its console ended with:\n{console}")]
    Machine {
        /// Why, in one line.
        failure: String,
        /// The last lines on its console.
        console: String,
    },
    /// A kernel can neither be fetched nor is it kept from before.
    #[error("there is no kernel {series} to boot: {reason}")]
    NoImage {
        /// The series.
        series: &'static str,
        /// Why none can be fetched, and what to do.
        reason: String,
    },
    /// A kernel's package is not what it used to be.
    #[error(
        "the package {package} lacks {lacks}: Debian packs its kernels in another way now, teach xtask/src/vm it"
    )]
    BrokenKernel {
        /// The package.
        package: String,
        /// What it lacks.
        lacks: String,
    },
    /// A program needs a shared library that cannot be found.
    #[error("{} needs {library}, which is in none of the usual places: install the program anew", program.display())]
    NoLibrary {
        /// The library.
        library: String,
        /// Who needs it.
        program: PathBuf,
    },
}

impl Error {
    /// A file could not be read, written or moved: `verb` says which.
    pub fn io(verb: &str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            what: format!("{verb} {}", path.display()),
            source,
        }
    }
}
