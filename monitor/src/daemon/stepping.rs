//! The safety valve in the loop: it measures part after part, and takes the steps, while nothing else is under way.

use super::below::{Below, percent, unseen};
use super::core::Core;
use super::cpu_use::{CpuMeter, Sampled, sample};
use super::error::DaemonError;
use super::lock::lock;
use super::valve::{Turn, Valve, ValveTimes};
use crate::config::CpuBudget;
use crate::memory;
use monitor_kernel::{FactRing, StepError, Stepped, WatchLevel, Watching};
use monitor_model::format::duration_of;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::io::unix::AsyncFd;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// The ring as the loop waits for it; none while nothing is attached.
pub(super) type Ring = Option<AsyncFd<FactRing>>;

/// A step that was tried: where it led, and what came of it.
pub(super) type Tried = (WatchLevel, Result<Stepped, StepError>);

/// What the loop does for the valve.
pub(super) struct Stepping {
    valve: Valve,
    meter: CpuMeter,
    /// The level of the start, and those below it.
    ladder: Vec<WatchLevel>,
    level: WatchLevel,
    times: ValveTimes,
    next: tokio::time::Instant,
    /// A look at the programs.
    pub(super) measuring: Option<JoinHandle<Sampled>>,
    wanted: Option<Turn>,
    /// A step.
    pub(super) under_way: Option<JoinHandle<Tried>>,
}

impl Stepping {
    /// At the level of the start.
    pub(super) fn new(
        budget: CpuBudget,
        times: ValveTimes,
        level: WatchLevel,
        core: &Mutex<Core>,
    ) -> Result<Self, DaemonError> {
        let ladder: Vec<WatchLevel> = level.ladder().collect();
        let stepping = Self {
            valve: Valve::new(budget, times, ladder.len().saturating_sub(1)),
            meter: CpuMeter::new()?,
            ladder,
            level,
            times,
            next: tokio::time::Instant::now() + times.part,
            measuring: None,
            wanted: None,
            under_way: None,
        };
        stepping.tell_core(core);
        Ok(stepping)
    }

    /// When the part that runs is over.
    pub(super) fn next(&self) -> tokio::time::Instant {
        self.next
    }

    /// Nothing is under way here.
    pub(super) fn rests(&self) -> bool {
        self.measuring.is_none() && self.lets_others()
    }

    /// A step waits until others have ended.
    pub(super) fn wants(&self) -> bool {
        self.wanted.is_some() && self.under_way.is_none()
    }

    /// No step waits or is under way.
    fn lets_others(&self) -> bool {
        self.wanted.is_none() && self.under_way.is_none()
    }

    /// Sweeps may begin, and looks at silent sockets.
    pub(super) fn lets_sweep(&self) -> bool {
        self.lets_others() && self.level != WatchLevel::Detached
    }

    /// Goes by another budget from now on.
    pub(super) fn configure(&mut self, core: &Mutex<Core>, budget: CpuBudget) {
        self.valve.configure(budget);
        self.tell_core(core);
    }

    /// A part is over, but for a look at the programs.
    pub(super) fn measure(&mut self, core: &Mutex<Core>) {
        let near = self.valve.is_near(self.meter.last().share());
        let asks = self.valve.budget().is_some() && self.meter.wants_sample(near);
        let programs = asks.then(|| lock(core).program_times()).flatten();
        self.measuring = Some(spawn_blocking(move || {
            programs.map(|programs| sample(&programs))
        }));
    }

    /// A part is over: what it took is known, and maybe a step is due.
    pub(super) fn measured(
        &mut self,
        core: &Mutex<Core>,
        done: Result<Sampled, JoinError>,
    ) -> Result<(), DaemonError> {
        self.measuring = None;
        self.next = tokio::time::Instant::now() + self.times.part;
        let sampled = done.unwrap_or_else(|error| Some(Err(std::io::Error::other(error))));
        let cpu = self.meter.part(sampled)?;
        let turn = self.valve.part(Instant::now(), cpu.share());
        self.wanted = (turn != Turn::Stay).then_some(turn);
        self.tell_core(core);
        Ok(())
    }

    /// Begins the step that is due.
    pub(super) fn begin(&mut self, watching: &Arc<Mutex<Watching>>) {
        let Some(turn) = self.wanted.take() else {
            return;
        };
        let levels = levels(turn, &self.ladder, self.depth());
        if levels.is_empty() {
            return;
        }
        let watching = Arc::clone(watching);
        self.under_way = Some(spawn_blocking(move || step(&watching, &levels)));
    }

    /// A step is over; the loop goes on with what it led to.
    pub(super) fn done(
        &mut self,
        core: &Mutex<Core>,
        watching: &Mutex<Watching>,
        ring: &mut Ring,
        done: Result<Tried, JoinError>,
    ) -> Result<(), DaemonError> {
        self.under_way = None;
        let before = self.depth();
        let (level, result) = match done {
            Ok(tried) => tried,
            Err(error) => {
                tracing::error!("a step to another level broke off: {error}");
                let watching = lock(watching);
                let hooks = watching.hooks().to_vec();
                (watching.level(), Ok(Stepped { hooks, anew: None }))
            }
        };
        self.level = level;
        let now = Instant::now();
        self.valve.reached(now, self.depth());
        let stepped = match result {
            Ok(stepped) => stepped,
            Err(error) => {
                self.valve.failed(now);
                tracing::warn!(
                    "more cannot be watched again: {error}; it is tried again in {}",
                    duration_of(self.valve.waits(now).as_secs_f64())
                );
                let hooks = lock(watching).hooks().to_vec();
                Stepped { hooks, anew: None }
            }
        };
        let mut core_now = lock(core);
        // What the ring holds happened before.
        if let Some(ring) = ring
            .as_mut()
            .filter(|_| stepped.anew.is_some() || self.is_detached())
        {
            core_now.drain_held(ring.get_mut());
        }
        let (fresh, tables) = stepped.anew.unzip();
        if self.is_detached() {
            *ring = None;
        }
        if let Some(fresh) = fresh {
            *ring = Some(register(fresh)?);
        }
        core_now.stepped(level, &stepped.hooks, tables, self.depth().cmp(&before));
        drop(core_now);
        self.tell_core(core);
        // Types of a whole kernel may have been read.
        memory::settle();
        self.say(before);
        self.meter.begin_anew()?;
        self.next = tokio::time::Instant::now() + self.times.part;
        Ok(())
    }

    fn depth(&self) -> usize {
        let place = self.ladder.iter().position(|level| *level == self.level);
        place.unwrap_or(self.ladder.len().saturating_sub(1))
    }

    fn is_detached(&self) -> bool {
        self.level == WatchLevel::Detached
    }

    fn tell_core(&self, core: &Mutex<Core>) {
        let now = Instant::now();
        let below = self.valve.why().map(|over| Below {
            share: over.share,
            budget: over.budget,
            again: now.checked_add(self.valve.waits(now)).unwrap_or(now),
        });
        let mut core = lock(core);
        core.measured(self.meter.last(), self.valve.budget());
        core.below(below);
    }

    fn say(&self, before: usize) {
        let level = self.level.name();
        let now = Instant::now();
        match (self.depth().cmp(&before), self.valve.why()) {
            (std::cmp::Ordering::Greater, Some(over)) => tracing::warn!(
                "stepped down to {level}: tcplull took {} of a core for {}, more than cpu_budget ({}); {}; more is tried \
                 again in {}",
                percent(over.share),
                duration_of((self.times.part * 3).as_secs_f64()),
                percent(over.budget),
                unseen(self.level),
                duration_of(self.valve.waits(now).as_secs_f64()),
            ),
            (std::cmp::Ordering::Less, Some(_)) => tracing::info!(
                "stepped up to {level}; {}; more is tried again in {}",
                unseen(self.level),
                duration_of(self.valve.waits(now).as_secs_f64()),
            ),
            (std::cmp::Ordering::Less, None) => {
                tracing::info!("stepped up to {level}: as much is watched as at the start");
            }
            _ => {}
        }
    }
}

/// The levels of the ladder to be tried from the one at `depth` on, one after the other: the next one, and where a kernel does not
/// let that be had, the one beyond.
fn levels(turn: Turn, ladder: &[WatchLevel], depth: usize) -> Vec<WatchLevel> {
    match turn {
        Turn::Stay => Vec::new(),
        Turn::Up => ladder.iter().take(depth).rev().copied().collect(),
        Turn::Down => ladder.iter().skip(depth + 1).copied().collect(),
    }
}

/// Tries these levels one after the other, until one is reached.
fn step(watching: &Mutex<Watching>, levels: &[WatchLevel]) -> Tried {
    let mut watching = lock(watching);
    let mut last = None;
    for level in levels {
        match watching.step(*level) {
            Ok(stepped) => return (watching.level(), Ok(stepped)),
            Err(error) => {
                if levels.len() > 1 {
                    tracing::warn!("{} cannot be stepped to: {error}", level.name());
                }
                last = Some(error);
            }
        }
    }
    let hooks = watching.hooks().to_vec();
    let stayed = Ok(Stepped { hooks, anew: None });
    (watching.level(), last.map_or(stayed, Err))
}

/// Makes the loop wait for this ring.
pub(super) fn register(ring: FactRing) -> Result<AsyncFd<FactRing>, DaemonError> {
    // SAFETY: the ring owns its descriptor, answers the same one each time, and
    // closes it only when the `AsyncFd` around it is dropped.
    unsafe { AsyncFd::register(ring) }.map_err(|error| DaemonError::System {
        what: "cannot wait for facts",
        source: error.into_parts().1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_kernel::WatchMode;

    #[test]
    fn a_level_that_cannot_be_had_is_stepped_over_either_way() {
        let ladder: Vec<WatchLevel> = WatchLevel::Way(WatchMode::Global).ladder().collect();
        let [global, snapshots, sweeps, detached] = ladder[..] else {
            panic!("{ladder:?}");
        };
        assert_eq!(
            levels(Turn::Down, &ladder, 0),
            [snapshots, sweeps, detached]
        );
        assert_eq!(levels(Turn::Up, &ladder, 3), [sweeps, snapshots, global]);
        assert_eq!(levels(Turn::Up, &ladder, 2), [snapshots, global]);
        assert_eq!(levels(Turn::Down, &ladder, 3), []);
        assert_eq!(levels(Turn::Up, &ladder, 0), []);
        assert_eq!(levels(Turn::Stay, &ladder, 1), []);
    }
}
