//! What was sent, and what was not, shared between who sends and who shows it.

use super::error::Failure;
use crate::pushed::Pushed;
use std::sync::{Arc, Mutex, PoisonError};

/// Why an alert was given up: it was refused alone.
pub(super) const REFUSED: &str = "refused";

/// The same: there is no room to keep it until its end is told.
pub(super) const NO_ROOM: &str = "no_room";

/// The numbers. All clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Counters(Arc<Mutex<Pushed>>);

impl Counters {
    /// With a series for each reason from the start.
    pub(super) fn new(name: &str) -> Self {
        let zero = |reason| (reason, 0);
        Self(Arc::new(Mutex::new(Pushed {
            name: name.to_owned(),
            errors: Failure::REASONS.into_iter().map(zero).collect(),
            dropped: [REFUSED, NO_ROOM].map(zero).into(),
            ..Pushed::default()
        })))
    }

    /// As they are now.
    pub(super) fn now(&self) -> Pushed {
        let numbers = self.0.lock();
        numbers.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Pushed)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
