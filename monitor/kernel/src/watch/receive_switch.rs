//! The switch of the receive hook, which is attached only while it may have something to tell.
//!
//! Nothing is told of a received segment but of a suspect's, or where it ends a silence
//! past its threshold. Sweeps see such a silence coming: where there is none, and no
//! suspect, the most frequent of all hooks need not run.

use crate::link::Attached;
use aya::Ebpf;
use aya::programs::ProgramError;

/// Sweeps without anything to tell after which the hook is detached.
const QUIET_SWEEPS: u32 = 2;

/// Attaches and detaches the receive hook.
#[derive(Debug)]
pub(crate) struct ReceiveSwitch {
    hook: Attached,
    need: Need,
}

impl ReceiveSwitch {
    /// Of a hook that is attached.
    pub(crate) fn new(hook: Attached) -> Self {
        Self {
            hook,
            need: Need::default(),
        }
    }

    /// A sweep is over that found so many sockets silent or soon to be, with so many suspects.
    pub(crate) fn swept(
        &mut self,
        ebpf: &mut Ebpf,
        silent: u64,
        suspects: u64,
    ) -> Result<(), ProgramError> {
        match (self.need.after(silent, suspects), self.is_on()) {
            (true, false) => self.hook.attach(ebpf),
            (false, true) => self.hook.detach(ebpf),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// Whether the hook is attached.
    pub(crate) fn is_on(&self) -> bool {
        self.hook.is_attached()
    }
}

/// Whether the hook is needed, as the last sweeps saw it.
#[derive(Debug, Default)]
struct Need {
    quiet_sweeps: u32,
}

impl Need {
    fn after(&mut self, silent: u64, suspects: u64) -> bool {
        self.quiet_sweeps = if silent > 0 || suspects > 0 {
            0
        } else {
            self.quiet_sweeps.saturating_add(1)
        };
        self.quiet_sweeps < QUIET_SWEEPS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hook_goes_after_two_sweeps_that_found_nothing() {
        let mut need = Need::default();
        assert!(need.after(0, 0));
        assert!(!need.after(0, 0));
        assert!(!need.after(0, 0));
    }

    #[test]
    fn one_silent_socket_or_one_suspect_brings_it_back_at_once() {
        for (silent, suspects) in [(1, 0), (0, 1)] {
            let mut need = Need { quiet_sweeps: 9 };
            assert!(need.after(silent, suspects));
            assert!(
                need.after(0, 0),
                "and a single quiet sweep takes nothing away"
            );
        }
    }
}
