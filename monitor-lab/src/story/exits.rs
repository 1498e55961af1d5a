//! How applications leave, and how connections end.

use super::Story;
use crate::LabError;
use crate::app::Order;
use crate::ends::End;

impl Story<'_> {
    /// `end` sends `text` and closes at once.
    pub fn sends_and_closes(&mut self, end: End, text: &str) -> Result<(), LabError> {
        self.order(end, &Order::SendAndClose(text.to_owned()))
    }

    /// `end` says that it will send nothing more, and goes on reading. The other end
    /// hears of it.
    pub fn half_closes(&mut self, end: End) -> Result<(), LabError> {
        let words = format!("{} will send nothing more", end.app());
        self.turn(end, &Order::HalfClose, words)?;
        let other = self.applications.app(end.other());
        other.await_peer_closed(0)
    }

    /// `end` closes as a program does that is done.
    pub fn ends(&mut self, end: End) -> Result<(), LabError> {
        let words = format!("{} closes", end.app());
        self.turn(end, &Order::Close, words)
    }

    /// Both ends close, the client first.
    pub fn closes(&mut self) -> Result<(), LabError> {
        self.ends(End::Client)?;
        self.ends(End::Server)
    }

    /// `end` resets its connection (`SO_LINGER` of 0 s), and the other end meets the reset.
    pub fn aborts(&mut self, end: End) -> Result<(), LabError> {
        let words = format!("{} resets its connection", end.app());
        self.turn(end, &Order::Abort, words)?;
        self.is_reset(end.other())
    }

    /// `end` closes connection `on` as a program does that is done with it.
    pub fn ends_on(&mut self, end: End, on: usize) -> Result<(), LabError> {
        self.note_turn(format!("{} closes connection {on}", end.app()));
        self.applications.order(end, on, &Order::Close)
    }

    /// `end` resets connection `on`.
    pub fn aborts_on(&mut self, end: End, on: usize) -> Result<(), LabError> {
        self.note_turn(format!("{} resets connection {on}", end.app()));
        self.applications.order(end, on, &Order::Abort)
    }

    /// `end` says that it will send nothing more, and goes on reading. Whether the other
    /// end hears of it is what the story is about.
    pub fn falls_mute(&mut self, end: End) -> Result<(), LabError> {
        let words = format!("{} will send nothing more", end.app());
        self.turn(end, &Order::HalfClose, words)
    }

    /// `end`'s process is killed (SIGKILL): its kernel closes what it held.
    pub fn is_killed(&mut self, end: End) -> Result<(), LabError> {
        self.applications.app(end).kill()?;
        self.note_turn(format!("{} is killed", end.app()));
        Ok(())
    }
}
