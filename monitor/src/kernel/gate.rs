//! The gate of the receive hook: it is attached only while it may have something to tell.
//!
//! Nothing is told of a received segment but of a suspect's, or where it ends a silence
//! past its threshold. Sweeps see such a silence coming: where there is none, and no
//! suspect, the most frequent of all hooks need not run.

use super::link::Attached;
use aya::Ebpf;
use aya::programs::ProgramError;

/// Sweeps without anything to tell after which the hook is detached.
const QUIET_SWEEPS: u32 = 2;

/// Attaches and detaches the receive hook.
#[derive(Debug)]
pub(super) struct Gate {
    hook: Attached,
    quiet_sweeps: u32,
}

impl Gate {
    /// Of a hook that is attached.
    pub(super) fn new(hook: Attached) -> Self {
        Self {
            hook,
            quiet_sweeps: 0,
        }
    }

    /// A sweep is over that found so many sockets silent or soon to be, with so many
    /// suspects.
    pub(super) fn swept(
        &mut self,
        ebpf: &mut Ebpf,
        silent: u64,
        suspects: u64,
    ) -> Result<(), ProgramError> {
        if silent > 0 || suspects > 0 {
            self.quiet_sweeps = 0;
            if !self.is_open() {
                return self.hook.attach(ebpf);
            }
        } else {
            self.quiet_sweeps = self.quiet_sweeps.saturating_add(1);
            if self.quiet_sweeps >= QUIET_SWEEPS && self.is_open() {
                return self.hook.detach(ebpf);
            }
        }
        Ok(())
    }

    /// Whether the hook is attached.
    pub(super) fn is_open(&self) -> bool {
        self.hook.is_attached()
    }
}
