//! Why something could not be measured.

use monitor_lab::LabError;
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
    /// The laboratory's machinery failed, or the tcplull that it runs, or anything was waited for in vain; input and
    /// output, too.
    #[error(transparent)]
    Lab(LabError),
    /// The load broke off.
    #[error("the {what} load broke off: {reason}")]
    LoadBroke {
        /// Which load.
        what: &'static str,
        /// What was seen.
        reason: String,
    },
    /// The machine cannot hold what a benchmark needs.
    #[error(
        "{what} needs {needed_mib} MiB and {available_mib} MiB are available: end other programs first"
    )]
    NoRoom {
        /// What for.
        what: String,
        /// What it takes.
        needed_mib: u64,
        /// What there is.
        available_mib: u64,
    },
    /// A benchmark that does not exist was asked for.
    #[error("there is no benchmark named {name}: the benchmarks are {known}")]
    NoSuchBenchmark {
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
}

impl BenchError {
    /// Gives an I/O error the words that say what was being done.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let failed = LabError::io(what);
        move |source| Self::Lab(failed(source))
    }

    /// Nothing of what was waited for happened in time.
    pub fn in_vain(until: impl Into<String>, bound: Duration) -> Self {
        let until = until.into();
        Self::Lab(LabError::InVain { until, bound })
    }
}

impl From<LabError> for BenchError {
    fn from(error: LabError) -> Self {
        match error {
            LabError::Interrupted => Self::Interrupted,
            error => Self::Lab(error),
        }
    }
}
