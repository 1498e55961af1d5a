//! What comes to the loop, and why it ends by a fault.

use crate::event::Event;
use std::io;
use thiserror::Error;

/// Why there is nothing on the screen, or not any more.
#[derive(Debug, Error)]
pub enum RunError {
    /// Standard output is a file or a pipe.
    #[error(
        "top draws on a terminal, and standard output is none: use `tcplull ls` or `tcplull watch` there"
    )]
    NoTerminal,
    /// The terminal does not do what it is told.
    #[error("the terminal is gone, or takes no commands: {0}")]
    Terminal(#[from] io::Error),
    /// A thread is not to be had, or ended.
    #[error("a thread of it ended for a fault of its own; please report it")]
    Died,
}

/// What comes to the loop.
pub(super) enum Message {
    Told(Event),
    Signal(i32),
    Died,
}
