//! Gives sockets back what they had, and forgets those that are gone.

use super::socket::{Ours, Retries};
use super::{Healer, NAMED};
use monitor_common::{timer_task, timers_done};
use monitor_heal::OnStop;
use monitor_kernel::{ActError, Timers as Act, Watching};
use monitor_model::agent::AgentChange;
use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often it is asked which sockets are still there.
const LOOK: Duration = Duration::from_secs(60);

/// Looks in a row at which a network namespace was not to be found, until its sockets count as gone with it.
const NOT_FOUND: u8 = 3;

/// Why sockets are given back what they had.
#[derive(Clone, Copy)]
pub(in crate::daemon) enum Undo {
    /// Somebody says so.
    Asked,
    /// Their path is healed no more.
    Reloaded,
    /// The daemon stops; those that are to keep it do.
    Ends,
}

impl Healer {
    /// Forgets sockets that are gone.
    pub(super) fn look(&mut self, watching: &Mutex<Watching>) {
        let rests = self.looked.is_some_and(|at| at.elapsed() < LOOK);
        if self.ours.is_empty() || rests {
            return;
        }
        self.looked = Some(Instant::now());
        self.retries = Retries::default();
        let mut acts: Vec<Act> = self
            .ours
            .iter()
            .map(|(cookie, ours)| ours.order(*cookie, timer_task::LOOK))
            .collect();
        let Some(failed) = self.act(watching, &mut acts) else {
            return;
        };
        let known = self.ours.len();
        for act in acts.iter().filter(|act| act.order.done == 0) {
            let gone = match (failed.get(&act.netns), self.ours.get_mut(&act.cookie)) {
                (None, _) => true,
                // That of a container that ended; or a /proc that could not be read this once.
                (Some(ActError::NamespaceNotFound { .. }), Some(ours)) => {
                    ours.not_found = ours.not_found.saturating_add(1);
                    ours.not_found >= NOT_FOUND
                }
                (Some(_), _) => false,
            };
            if gone {
                self.ours.remove(&act.cookie);
            }
        }
        if self.ours.len() < known {
            self.note(&[]);
        }
    }

    /// Gives sockets back what they had; answers what is to be told.
    pub(in crate::daemon) fn undo(
        &mut self,
        watching: &Mutex<Watching>,
        why: Undo,
    ) -> Option<AgentChange> {
        // A sweep that is still under way when the daemon ends is to set nothing anew.
        if matches!(why, Undo::Asked | Undo::Ends) {
            self.stopped = true;
        }
        let healed: HashSet<&str> = self.paths.values().map(|path| &*path.name).collect();
        let goes = |ours: &Ours| match why {
            Undo::Asked => true,
            Undo::Reloaded => !healed.contains(&*ours.path),
            Undo::Ends => ours.on_stop == OnStop::Undo,
        };
        let ours = self.ours.iter().filter(|(_, ours)| goes(ours));
        let mut acts: Vec<Act> = ours
            .map(|(cookie, ours)| ours.order(*cookie, timer_task::AGAIN))
            .collect();
        // Those that are out of reach are not asked for at each sweep.
        let tried = self.undone.is_some_and(|at| at.elapsed() < LOOK);
        let rests = matches!(why, Undo::Reloaded) && self.left > 0 && tried;
        if acts.is_empty() || rests {
            self.renumber();
            let nothing = AgentChange::HealUndone {
                uid: None,
                login_uid: None,
                back: 0,
                left: 0,
                sockets: Vec::new(),
            };
            return matches!(why, Undo::Asked).then_some(nothing);
        }
        let failed = self.act(watching, &mut acts);
        let (mut back, mut left, mut sockets) = (0, 0, Vec::new());
        for act in &acts {
            let reached = failed
                .as_ref()
                .is_some_and(|out| !out.contains_key(&act.netns));
            let done = act.order.done;
            if !reached || done & timers_done::REFUSED != 0 {
                left += 1;
                continue;
            }
            let Some(ours) = self.ours.remove(&act.cookie) else {
                continue;
            };
            // What is gone has nothing to be set back, and what its application has set since is its own.
            if done & (timers_done::KEEPALIVE | timers_done::USER_TIMEOUT) == 0 {
                continue;
            }
            back += 1;
            self.count(&ours.path, "undone");
            tracing::info!(
                target: crate::rate::ALWAYS,
                "heal: {} (path {}) is set back: {}",
                ours.id,
                ours.path,
                ours.now.change_to(&ours.before)
            );
            if sockets.len() < NAMED {
                sockets.push(ours.told(&ours.now, &ours.before));
            }
        }
        self.note(&[]);
        self.renumber();
        self.undone = Some(Instant::now());
        let said = std::mem::replace(&mut self.left, left);
        if matches!(why, Undo::Reloaded) && back == 0 && left == said {
            return None;
        }
        if left > 0 {
            tracing::warn!("heal: {left} sockets cannot be reached, and keep what was set");
        }
        Some(AgentChange::HealUndone {
            uid: None,
            login_uid: None,
            back,
            left,
            sockets,
        })
    }
}
