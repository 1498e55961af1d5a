//! What is watched, and steps to more or less of it while the daemon runs.
//!
//! A step down works on what is loaded: hooks that the lower level does without are let go of, by the table of hooks, and
//! suspects stay suspects. A step up loads the kernel side anew, as a start does: while hooks are missing, sockets end
//! that nobody counts, so what is kept of them cannot be taken up again.

use crate::act::{ActError, Timers};
use crate::attach::HookStatus;
use crate::error::KernelError;
use crate::load::{HookOptions, Kernel, Options};
use crate::ring::FactRing;
use crate::signs::SignStatus;
use crate::step_error::StepError;
use crate::sweep::{SweepReport, Sweeper};
use crate::tables::Tables;
use crate::watch::Revisited;
use crate::watch_level::WatchLevel;
use crate::watch_mode::WatchStatus;
use monitor_common::{Fact, SweepMode};
use std::collections::BTreeMap;
use std::time::Duration;

/// What came of a step.
pub struct Stepped {
    /// What serves each hook from now on.
    pub hooks: Vec<HookStatus>,
    /// Where the kernel side was loaded anew: what takes the place of the ring and the tables before.
    pub anew: Option<(FactRing, Tables)>,
}

/// What is watched. As long as it lives, its hooks are attached.
pub struct Watching {
    options: Options,
    level: WatchLevel,
    /// None while nothing is attached.
    sweeper: Option<Sweeper>,
    hooks: Vec<HookStatus>,
    signs: Vec<SignStatus>,
    watch: Option<WatchStatus>,
}

impl Watching {
    /// Loads and attaches the kernel side; answers besides its facts, its tables, and how connections are watched.
    ///
    /// # Errors
    ///
    /// As [`Kernel::load`].
    pub fn start(
        options: Options,
    ) -> Result<(Self, FactRing, Tables, Option<WatchStatus>), KernelError> {
        let Kernel {
            ring,
            sweeper,
            tables,
            hooks,
            signs,
            watch,
        } = Kernel::load(&options)?;
        let level = watch
            .as_ref()
            .map_or(WatchLevel::Sweeps, |watch| WatchLevel::Way(watch.mode));
        let watching = Self {
            options,
            level,
            sweeper: Some(sweeper),
            hooks,
            signs,
            watch: watch.clone(),
        };
        Ok((watching, ring, tables, watch))
    }

    /// How much is watched now.
    pub fn level(&self) -> WatchLevel {
        self.level
    }

    /// What serves each hook.
    pub fn hooks(&self) -> &[HookStatus] {
        &self.hooks
    }

    /// The signs of a forged ACK, and which of them can be read here.
    pub fn signs(&self) -> &[SignStatus] {
        &self.signs
    }

    /// How connections are watched; `None` where less is watched.
    pub fn watch(&self) -> Option<&WatchStatus> {
        let is_so = matches!(self.level, WatchLevel::Way(_));
        self.watch.as_ref().filter(|_| is_so)
    }

    /// Watches as much as `to` says from now on, down or up. Down to [`WatchLevel::Detached`] always succeeds; the ring
    /// and the tables that the caller has are to be dropped then, for they keep maps and programs in the kernel.
    ///
    /// # Errors
    ///
    /// [`StepError`]; nothing that is attached stays unknown.
    pub fn step(&mut self, to: WatchLevel) -> Result<Stepped, StepError> {
        let down = self.level.ladder().any(|level| level == to);
        if to == self.level {
            Ok(self.stepped(None))
        } else if down {
            self.lower(to)?;
            Ok(self.stepped(None))
        } else {
            let anew = self.raise(to)?;
            Ok(self.stepped(Some(anew)))
        }
    }

    fn stepped(&self, anew: Option<(FactRing, Tables)>) -> Stepped {
        Stepped {
            hooks: self.hooks.clone(),
            anew,
        }
    }

    fn lower(&mut self, to: WatchLevel) -> Result<(), StepError> {
        if let Some(sweeper) = &mut self.sweeper {
            if to == WatchLevel::Detached {
                // What stays on sockets the next start clears; everything else goes with the object.
                if let Err(error) = sweeper.unwatch() {
                    tracing::warn!("{error}; `tcplull check --repair` clears what is left");
                }
                self.sweeper = None;
                self.hooks.clear();
            } else {
                sweeper.lower(to, &self.options.btf, &mut self.hooks)?;
            }
        }
        self.level = to;
        Ok(())
    }

    fn raise(&mut self, to: WatchLevel) -> Result<(FactRing, Tables), StepError> {
        // Two that are attached at once would tell everything twice.
        if self.sweeper.is_some() && self.level != WatchLevel::Sweeps {
            self.lower(WatchLevel::Sweeps)?;
        }
        let hooks = match (to, &self.options.hooks) {
            (WatchLevel::Way(mode), Some(hooks)) => Some(HookOptions {
                watch: Some(mode),
                ..hooks.clone()
            }),
            _ => None,
        };
        let loaded = Kernel::load(&Options {
            hooks,
            ..self.options.clone()
        })?;
        self.sweeper = Some(loaded.sweeper);
        self.hooks = loaded.hooks;
        self.signs = loaded.signs;
        self.watch = loaded.watch;
        self.level = to;
        Ok((loaded.ring, loaded.tables))
    }

    /// As [`Sweeper::sweep`].
    ///
    /// # Errors
    ///
    /// As there, and [`KernelError::Detached`].
    pub fn sweep(
        &mut self,
        mode: SweepMode,
        until_next: Duration,
    ) -> Result<SweepReport, KernelError> {
        let sweeper = self.sweeper.as_mut().ok_or(KernelError::Detached)?;
        sweeper.sweep(mode, until_next)
    }

    /// As [`Sweeper::list`].
    ///
    /// # Errors
    ///
    /// As there, and [`KernelError::Detached`].
    pub fn list(
        &mut self,
        until_next: Duration,
        each: impl FnMut(&Fact),
    ) -> Result<SweepReport, KernelError> {
        let sweeper = self.sweeper.as_mut().ok_or(KernelError::Detached)?;
        sweeper.list(until_next, each)
    }

    /// As [`Sweeper::revisit`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn revisit(&mut self) -> Option<Result<Revisited, KernelError>> {
        self.sweeper.as_mut()?.revisit()
    }

    /// Sets timers of sockets, and writes what came of each into its `done`; answers why some could not be tried, by their
    /// network namespaces. While nothing is attached, the kernel side is loaded for this alone.
    ///
    /// # Errors
    ///
    /// [`ActError::Timers`] where this kernel does not let it, or the program cannot be loaded.
    pub fn set_timers(
        &mut self,
        timers: &mut [Timers],
    ) -> Result<BTreeMap<u32, ActError>, ActError> {
        let btf = &self.options.btf;
        if let Some(sweeper) = &mut self.sweeper {
            return sweeper.set_timers(btf, timers);
        }
        let alone = Options {
            hooks: None,
            ..self.options.clone()
        };
        let loaded = Kernel::load(&alone).map_err(|error| ActError::Timers {
            reason: error.to_string(),
        });
        loaded?.sweeper.set_timers(btf, timers)
    }

    /// As [`Sweeper::unwatch`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn unwatch(&mut self) -> Result<(), KernelError> {
        self.sweeper.as_mut().map_or(Ok(()), Sweeper::unwatch)
    }
}
