//! What a program costs the kernel's verifier.

use aya::programs::{ProgramError, ProgramInfo};
use serde::Serialize;
use std::time::Duration;

/// The cost of loading one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProgramCost {
    /// The program.
    pub program: &'static str,
    /// Instructions that the verifier processed, on all paths together; it takes a
    /// million (BPF_COMPLEXITY_LIMIT_INSNS, include/linux/bpf.h). `None` on a kernel that
    /// does not say (before 5.16).
    pub instructions: Option<u32>,
    /// How long loading took, in us: verifier and just-in-time compiler.
    pub load_us: u64,
}

impl ProgramCost {
    /// The cost of `program`, whose load `took` so long, with what the kernel says of it.
    pub(crate) fn new(
        program: &'static str,
        took: Duration,
        info: Result<ProgramInfo, ProgramError>,
    ) -> Self {
        Self {
            program,
            instructions: info.ok().and_then(|info| info.verified_instruction_count()),
            load_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        }
    }
}
