//! Why no more, or no less, can be watched than before.

use crate::error::{KernelError, Refusal};
use aya::programs::ProgramError;

/// Why a step could not be made. The level is then the one before, or that of sweeps alone where a step up has let
/// go of its hooks: [`Watching::level`](crate::Watching::level) says it.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The way of watching does not work here.
    #[error("watching by {way} does not work here: {}", refusal.reason)]
    NotHere {
        /// The way.
        way: &'static str,
        /// What was tried, with the verifier's log.
        refusal: Refusal,
    },
    /// The kernel does not let go of a hook.
    #[error("a hook cannot be detached: {0}")]
    Detach(#[from] ProgramError),
    /// What the step needs could not be loaded, or what was left on sockets not be cleared.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}
