//! How much is watched: a way to watch, or less where the daemon is to cost less.

use crate::watch_mode::WatchMode;

/// How much is watched. From each level one step leads down, to what costs less and sees less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchLevel {
    /// By hooks, sweeps and what else belongs to this way.
    Way(WatchMode),
    /// By sweeps alone: who is silent, who does not move.
    Sweeps,
    /// By nothing: no program of ours is in the kernel.
    Detached,
}

impl WatchLevel {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Way(WatchMode::Global),
        Self::Way(WatchMode::PerSocket),
        Self::Way(WatchMode::Snapshots),
        Self::Sweeps,
        Self::Detached,
    ];

    /// In one word: a way as the command line has it, `sweeps` or `detached`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Way(mode) => mode.name(),
            Self::Sweeps => "sweeps",
            Self::Detached => "detached",
        }
    }

    /// The next one down. Per-socket does not step to snapshots: neither runs a program for healthy traffic, and both
    /// have the same hooks on what is not, so nothing would be saved.
    pub const fn below(self) -> Option<Self> {
        match self {
            Self::Way(WatchMode::Global) => Some(Self::Way(WatchMode::Snapshots)),
            Self::Way(WatchMode::Snapshots | WatchMode::PerSocket) => Some(Self::Sweeps),
            Self::Sweeps => Some(Self::Detached),
            Self::Detached => None,
        }
    }

    /// This one and all below it, in the order of the steps.
    pub fn ladder(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |level| level.below())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_leads_down_to_detached_and_no_step_leads_up() {
        for level in WatchLevel::ALL {
            let ladder: Vec<_> = level.ladder().collect();
            assert_eq!(ladder.last(), Some(&WatchLevel::Detached));
            assert!(ladder.len() <= 4, "{ladder:?}");
        }
        let names: Vec<_> = WatchLevel::Way(WatchMode::Global)
            .ladder()
            .map(WatchLevel::name)
            .collect();
        assert_eq!(names, ["global", "snapshots", "sweeps", "detached"]);
    }
}
