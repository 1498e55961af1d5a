//! Which capabilities a daemon keeps, and what needs each. The documentation, the unit and the tests are held to
//! [`KEPT`]: it is the only list.

use caps::{CapSet, Capability, CapsHashSet};

/// One capability that a daemon may keep.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Its name, as in capabilities(7).
    pub name: &'static str,
    capability: Capability,
    /// Whether watching globally or by snapshots takes it. The others are for `--watch per-socket`, and for what findings
    /// say besides.
    pub global: bool,
}

/// All that a daemon keeps, of what it was given; docs/operating.md says what needs each. BPF and PERFMON stay for the
/// whole life: each step up of the safety valve loads and attaches anew.
pub const KEPT: [Kept; 6] = [
    Kept::global("CAP_BPF", Capability::CAP_BPF),
    Kept::global("CAP_PERFMON", Capability::CAP_PERFMON),
    Kept::further("CAP_NET_ADMIN", Capability::CAP_NET_ADMIN),
    Kept::further("CAP_SYS_ADMIN", Capability::CAP_SYS_ADMIN),
    Kept::further("CAP_SYS_PTRACE", Capability::CAP_SYS_PTRACE),
    Kept::further("CAP_DAC_READ_SEARCH", Capability::CAP_DAC_READ_SEARCH),
];

impl Kept {
    const fn global(name: &'static str, capability: Capability) -> Self {
        Self {
            name,
            capability,
            global: true,
        }
    }

    const fn further(name: &'static str, capability: Capability) -> Self {
        Self {
            global: false,
            ..Self::global(name, capability)
        }
    }
}

/// What a process has of [`KEPT`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Keep(CapsHashSet);

impl Keep {
    /// Of what this thread has: all of [`KEPT`], or those for watching globally alone.
    pub(super) fn of_this_thread(only_global: bool) -> Result<Self, String> {
        let has = caps::read(None, CapSet::Effective).map_err(|error| error.to_string())?;
        Ok(Self::of(&has, only_global))
    }

    fn of(has: &CapsHashSet, only_global: bool) -> Self {
        let has_all_global = KEPT
            .iter()
            .all(|kept| !kept.global || has.contains(&kept.capability));
        let is_kept = |kept: &&Kept| {
            has.contains(&kept.capability)
                && (!only_global
                    || kept.global
                    // To the kernel it stands for both, and a runtime that does not know these gives it in their place.
                    || (kept.capability == Capability::CAP_SYS_ADMIN && !has_all_global))
        };
        Self(
            KEPT.iter()
                .filter(is_kept)
                .map(|kept| kept.capability)
                .collect(),
        )
    }

    /// Whether it may enter network namespaces of others.
    pub(super) fn enters_namespaces(&self) -> bool {
        self.0.contains(&Capability::CAP_SYS_ADMIN)
    }

    /// Gives up all others, in each set of this thread, and of those that it starts.
    pub(super) fn give_up_others(&self) -> Result<(), String> {
        let failed = |error: caps::errors::CapsError| error.to_string();
        // Who may not take from the bounding set is kept from new ones by no_new_privs alone.
        if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).map_err(failed)? {
            // What this kernel does not know is not to be dropped.
            let bounding = caps::read(None, CapSet::Bounding).map_err(failed)?;
            for one in bounding.difference(&self.0) {
                caps::drop(None, CapSet::Bounding, *one).map_err(failed)?;
            }
        }
        // Kernels before 4.3 have none; tcplull does not run there.
        caps::clear(None, CapSet::Ambient).map_err(failed)?;
        caps::clear(None, CapSet::Inheritable).map_err(failed)?;
        caps::set(None, CapSet::Effective, &self.0).map_err(failed)?;
        caps::set(None, CapSet::Permitted, &self.0).map_err(failed)
    }
}

/// The names of [`KEPT`] in this mask, as `/proc/PID/status` has it, and how many others are in it.
pub fn names(mask: u64) -> (Vec<&'static str>, u32) {
    let kept = KEPT
        .iter()
        .filter(|kept| mask & kept.capability.bitmask() != 0);
    let names: Vec<&str> = kept.map(|kept| kept.name).collect();
    let others = mask.count_ones().saturating_sub(names.len() as u32);
    (names, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(has: &[Capability], only_global: bool) -> Vec<&'static str> {
        let keep = Keep::of(&has.iter().copied().collect(), only_global);
        let mask = keep.0.iter().fold(0, |mask, one| mask | one.bitmask());
        names(mask).0
    }

    #[test]
    fn root_keeps_what_the_list_has_and_nothing_else() {
        let all: Vec<Capability> = caps::all().into_iter().collect();
        assert_eq!(kept(&all, false), KEPT.map(|kept| kept.name));
        assert_eq!(kept(&all, true), ["CAP_BPF", "CAP_PERFMON"]);
    }

    #[test]
    fn what_was_not_given_is_not_taken() {
        let given = [Capability::CAP_BPF, Capability::CAP_CHOWN];
        assert_eq!(kept(&given, false), ["CAP_BPF"]);
    }

    #[test]
    fn where_a_runtime_knows_no_cap_bpf_its_stand_in_stays() {
        let given = [Capability::CAP_SYS_ADMIN, Capability::CAP_NET_ADMIN];
        assert_eq!(kept(&given, true), ["CAP_SYS_ADMIN"]);
    }

    #[test]
    fn a_mask_is_read_with_what_it_has_besides() {
        assert_eq!(
            names(1 << 39 | 1 << 38 | 1),
            (vec!["CAP_BPF", "CAP_PERFMON"], 1)
        );
    }
}
