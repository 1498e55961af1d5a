//! The premises of a story: what must be so on the hosts whatever `tcplull` says. A story
//! whose premises do not hold proves nothing, and fails with [`LabError::Premise`].

use super::Story;
use crate::LabError;
use crate::ends::End;
use std::time::{Duration, Instant};

/// How long bulk must stand still to be believed, in seconds.
const STILL: f64 = 2.0;

impl Story<'_> {
    /// Premise: bulk that is still under way to `end` does not move.
    pub fn bulk_stands_still(&mut self, end: End) -> Result<(), LabError> {
        let moved = || self.bulk(end);
        let before = moved();
        let until = Instant::now() + Duration::from_secs_f64(STILL);
        self.timeline.pass_until(until)?;
        let (after, took) = (moved(), self.applications.app(end.other()));
        if after == before && !took.took(&self.timeline.entries()) {
            return Ok(());
        }
        Err(LabError::Premise(format!(
            "nothing was to move to the {}, but {before} bytes became {after}, or all had been \
             taken",
            end.word()
        )))
    }

    /// Premise: of so many bytes of bulk some have arrived at `end`,
    /// and not all.
    pub fn bulk_is_under_way(&mut self, end: End, bytes: u64) -> Result<(), LabError> {
        let entries = self.timeline.entries();
        let moved = self.applications.app(end).moved(&entries);
        if moved > 0 && moved < bytes {
            return Ok(());
        }
        Err(LabError::Premise(format!(
            "{bytes} bytes were to be on their way to the {}, of which {moved} have arrived",
            end.word()
        )))
    }

    /// Premise: the server has received the exchanges and nothing else.
    pub fn server_received_no_more(&self) -> Result<(), LabError> {
        self.applications.received_no_more(End::Server)?;
        self.step("server-app has received nothing since, and has not been told");
        Ok(())
    }

    /// Premise: the client has received the exchanges and nothing else.
    pub fn client_received_no_more(&self) -> Result<(), LabError> {
        self.applications.received_no_more(End::Client)
    }

    /// Premise: the client's connection is reset.
    pub fn client_is_reset(&self) -> Result<(), LabError> {
        self.is_reset(End::Client)
    }

    /// Premise: `end`'s connection is reset.
    pub fn is_reset(&self, end: End) -> Result<(), LabError> {
        let why = self.applications.app(end).await_broken(0)?;
        if why.contains("reset") {
            return Ok(());
        }
        let end = end.word();
        Err(LabError::Premise(format!(
            "the {end} was to be reset, but: {why}"
        )))
    }

    /// Premise: the other end of `end`'s connection has closed in peace.
    pub fn hears_goodbye(&self, end: End) -> Result<(), LabError> {
        self.applications.app(end).await_peer_closed(0)
    }

    /// Premise: the kernel at `end` has given its connection up (ETIMEDOUT).
    pub fn is_given_up(&self, end: End) -> Result<(), LabError> {
        let why = self.applications.app(end).await_broken(0)?;
        if why.contains("timed out") {
            return Ok(());
        }
        let end = end.word();
        Err(LabError::Premise(format!(
            "the {end}'s kernel was to give up, but: {why}"
        )))
    }

    /// Premise: no bulk has ever arrived at `end`.
    pub fn no_bulk_arrived(&self, end: End) -> Result<(), LabError> {
        let moved = self.bulk(end);
        if moved == 0 {
            return Ok(());
        }
        let end = end.word();
        Err(LabError::Premise(format!(
            "no bulk was to arrive at the {end}, but {moved} bytes did"
        )))
    }

    /// Premise: bulk goes on arriving at `end`. It takes up to ten seconds to see.
    pub fn bulk_keeps_coming(&self, end: End) -> Result<(), LabError> {
        let before = self.bulk(end);
        self.applications.app(end).await_moved(before + 1)
    }

    /// How much bulk has arrived at `end` so far, in bytes.
    fn bulk(&self, end: End) -> u64 {
        self.applications.app(end).moved(&self.timeline.entries())
    }
}
