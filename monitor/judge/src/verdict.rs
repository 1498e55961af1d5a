//! What the judge says, and where that goes.

use monitor_model::finding::Finding;

/// What the judge says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// A conclusion.
    Finding(Box<Finding>),
    /// A silence of which something was told is over: alerts on it resolve. What
    /// comes of it, if anything, is told apart.
    SilenceEnded {
        /// [`monitor_model::finding::Connection::id`] of the connection.
        connection_id: String,
    },
    /// A stall of which something was told is over: alerts on it resolve.
    StallEnded {
        /// [`monitor_model::finding::Connection::id`] of the connection.
        connection_id: String,
    },
}

/// Where verdicts go, each as soon as it is reached.
pub trait Verdicts {
    /// Takes one more.
    fn push(&mut self, verdict: Verdict);
}

impl Verdicts for Vec<Verdict> {
    fn push(&mut self, verdict: Verdict) {
        Self::push(self, verdict);
    }
}
