//! Why a task could not be done; each message is one line and says what to do.

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

/// A task that ended before it had a result of its own. What a field holds shows in the message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Packages are missing, and only root may install them.
    #[error("{what} missing: run `sudo {command}`, then this again")]
    NotRoot { what: String, command: String },
    /// Something is missing on a system without apt.
    #[error("{what} missing, and there is no apt-get here to install it: {remedy}")]
    NotDebian { what: String, remedy: String },
    /// apt ran and failed.
    #[error("`{command}` failed: {reason}")]
    Apt { command: String, reason: String },
    /// No fitting bpf-linker, and none can be built.
    #[error("bpf-linker for LLVM {llvm} is missing and cannot be built here: {reason}")]
    NoLinker { llvm: u32, reason: String },
    /// No compiler on this machine can build the kernel side.
    #[error("no compiler here can build the kernel side ({0})")]
    NoCompiler(String),
    /// rustup's nightly is not there, or cannot be given the sources of core.
    #[error(
        "rustup's nightly cannot be used: {0}; `rustup toolchain install nightly --component rust-src` would do"
    )]
    NoNightly(String),
    /// The toolchain that an environment variable asks for does not work, or set-up made one that does not.
    #[error(transparent)]
    Toolchain(#[from] ebpf_toolchain::Error),
    /// A component of the Rust toolchain is missing.
    #[error(
        "`cargo {0}` is missing: run `rustup component add {1}`, or install your distribution's {1}"
    )]
    NoComponent(&'static str, &'static str),
    /// The compiler has no standard library for another machine.
    #[error(
        "the Rust compiler here has no standard library for {0}: run `rustup target add {0}`, or install your distribution's"
    )]
    NoTarget(&'static str),
    /// Packages carry the time of what they were made of.
    #[error(
        "the time of these sources is not known: this is no checkout of git, so set SOURCE_DATE_EPOCH to it, in seconds since 1970"
    )]
    NoEpoch,
    /// A package could not be written.
    #[error("cannot write {what}: {reason}")]
    Package { what: &'static str, reason: String },
    /// A program could not be started.
    #[error("cannot start {program}: {source}")]
    Start { program: String, source: io::Error },
    /// A step ran and failed, after saying why itself.
    #[error("{what} failed ({status}); see its own messages above")]
    Failed { what: String, status: ExitStatus },
    /// A file or a stream could not be used.
    #[error("cannot {what}: {source}")]
    Io { what: String, source: io::Error },
    /// The disk is too full to begin.
    #[error(
        "building and testing here takes {} GB, and {} GB are free: make room, or set CARGO_TARGET_DIR to a larger disk",
        needed.div_ceil(1_000_000_000), free / 1_000_000_000
    )]
    NoRoom { needed: u64, free: u64 },
    /// Cargo built a package, but not the program that was expected of it.
    #[error("cargo built no program named {0}: check the package's [[bin]] section")]
    NoProgram(&'static str),
    /// No mirror has a kernel of a series.
    #[error(
        "Debian's {suite} has no kernel of the series {series} (any more): look with `apt-cache` which suite has it, \
         and name it in xtask/src/vm/series.rs"
    )]
    NoKernel {
        series: &'static str,
        suite: &'static str,
    },
    /// A virtual machine did not do its work.
    #[error("the virtual machine failed: {failure}; its console ended with:\n{console}")]
    Machine { failure: String, console: String },
    /// Programs for guests of another machine cannot be fetched.
    #[error("there are no programs of Debian's for guests of {architecture}: {reason}")]
    NoPrograms {
        architecture: &'static str,
        reason: String,
    },
    /// A series that is not tried on a machine.
    #[error("no kernel {name} is tried on {architecture}; there are: {there}")]
    NoSeries {
        name: &'static str,
        architecture: &'static str,
        there: String,
    },
    /// A kernel can neither be fetched nor is it kept from before.
    #[error("there is no kernel {series} to boot: {reason}")]
    NoImage {
        series: &'static str,
        reason: String,
    },
    /// A kernel's package is not what it used to be.
    #[error(
        "the package {package} lacks {lacks}: Debian packs its kernels in another way now, teach xtask/src/vm it"
    )]
    BrokenKernel { package: String, lacks: String },
    /// A program needs a shared library that cannot be found.
    #[error("{} needs {library}, which is in none of the usual places: install the program anew", program.display())]
    NoLibrary { library: String, program: PathBuf },
}

impl Error {
    /// A file or a stream could not be used; `what` was tried.
    pub fn io(what: impl Into<String>, source: io::Error) -> Self {
        let what = what.into();
        Self::Io { what, source }
    }

    /// The command could not be started.
    pub fn start(command: &Command, source: io::Error) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        Self::Start { program, source }
    }

    /// A step ended like this, after saying why itself.
    pub fn failed(what: impl Into<String>, status: ExitStatus) -> Self {
        let what = what.into();
        Self::Failed { what, status }
    }

    /// Something is missing, with its verb ("promtool is"), on a system without apt; and what a person can do about it.
    pub fn not_debian(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (what, remedy) = (what.into(), remedy.into());
        Self::NotDebian { what, remedy }
    }
}
