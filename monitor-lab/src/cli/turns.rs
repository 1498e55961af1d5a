//! Whose turn it is: the runs that wait, and the rule that heavy ones go alone.

use monitor_lab::scenarios::Scenario;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// One scenario's one run.
pub(super) type Turn = (&'static Scenario, u32);

struct Waiting {
    turns: VecDeque<Turn>,
    /// Whether a heavy one is running: it would make another's times its own.
    heavy: bool,
}

/// The runs that wait, for several threads that take them.
pub(super) struct Turns {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Turns {
    pub(super) fn of(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                turns: turns.into_iter().collect(),
                heavy: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// The next run, once there is one that may start; `None` when none is left or
    /// `stop` says so.
    pub(super) fn next(&self, stop: impl Fn() -> bool) -> Option<Turn> {
        let mut waiting = self.lock();
        loop {
            if stop() || waiting.turns.is_empty() {
                return None;
            }
            let heavy = waiting.heavy;
            let free = |(scenario, _): &Turn| !(scenario.heavy && heavy);
            if let Some(position) = waiting.turns.iter().position(free) {
                let turn = waiting.turns.remove(position)?;
                waiting.heavy |= turn.0.heavy;
                return Some(turn);
            }
            // Only heavy ones are left, and one is running: its end wakes this.
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// This run, taken before, has ended.
    pub(super) fn done(&self, turn: Turn) {
        if turn.0.heavy {
            self.lock().heavy = false;
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic elsewhere leaves a list that is whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_lab::scenarios;

    #[test]
    fn only_one_heavy_run_goes_at_a_time_and_lighter_ones_pass_it() {
        let of_weight = |heavy| scenarios::ALL.iter().find(move |one| one.heavy == heavy);
        let (heavy, light) = (of_weight(true).unwrap(), of_weight(false).unwrap());
        let turns = Turns::of([(heavy, 1), (heavy, 2), (light, 1)]);
        let first = turns.next(|| false).unwrap();
        let second = turns.next(|| false).unwrap();
        assert_eq!((first.0.name, first.1), (heavy.name, 1));
        assert_eq!(second.0.name, light.name);
        turns.done(first);
        let third = turns.next(|| false).unwrap();
        assert_eq!((third.0.name, third.1), (heavy.name, 2));
        turns.done(third);
        assert!(turns.next(|| false).is_none());
    }

    #[test]
    fn nothing_starts_once_the_user_wants_to_stop() {
        let turns = Turns::of([(&scenarios::ALL[0], 1)]);
        assert!(turns.next(|| true).is_none());
    }
}
