//! Why a row could not be measured; each message is one line.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A failure of the bench, as opposed to a figure that misses its goal.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Programs of the kernel can be loaded by root only.
    #[error("this needs root: run it again under sudo")]
    NotRoot,
    /// The bench's own programs could not be loaded.
    #[error("cannot load the bench's own programs: {0}; tp_btf/tcp_sendmsg_locked needs 6.16")]
    Load(#[source] Box<aya::EbpfError>),
    /// A program could not be put on its hook, or its statistics not read.
    #[error("program {name}: {source}")]
    Program {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: Box<aya::programs::ProgramError>,
    },
    /// The kernel does not count runs.
    #[error("the kernel does not count runs of programs: {0}; BPF_ENABLE_STATS came with 5.8")]
    Statistics(#[source] aya::sys::SyscallError),
    /// The product's own loader failed.
    #[error(transparent)]
    Kernel(#[from] monitor_kernel::KernelError),
    /// The laboratory's machinery failed.
    #[error(transparent)]
    Lab(#[from] monitor_lab::LabError),
    /// tcplull did not do what the row rests on.
    #[error("tcplull {0}")]
    Daemon(String),
    /// The load broke off.
    #[error("the {what} load broke off: {reason}")]
    LoadBroke {
        /// Which load.
        what: &'static str,
        /// What was seen.
        reason: String,
    },
    /// The machine cannot hold what a row needs.
    #[error(
        "{what} needs {needed_mib} MiB and {available_mib} MiB are available: end other programs first"
    )]
    NoRoom {
        /// The row.
        what: String,
        /// What it takes.
        needed_mib: u64,
        /// What there is.
        available_mib: u64,
    },
    /// Something did not happen in time.
    #[error("waited {}s in vain until {until}", bound.as_secs())]
    InVain {
        /// What was waited for.
        until: String,
        /// How long.
        bound: Duration,
    },
    /// A row that does not exist was asked for.
    #[error("there is no row named {name}: the rows are {known}")]
    NoSuchRow {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A file of results that this program did not write.
    #[error("{} does not hold results of this bench: {reason}; move it away", path.display())]
    Results {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// Any other input or output.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl BenchError {
    /// Gives an I/O error the words that say what was being done.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// The same for a system call that answers with its error's number.
    pub fn call(what: impl Into<String>) -> impl FnOnce(nix::Error) -> Self {
        let what = what.into();
        move |source| Self::Io {
            what,
            source: source.into(),
        }
    }
}
