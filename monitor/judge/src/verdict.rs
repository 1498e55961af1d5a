//! What the judge says, and where that goes.

use crate::rules::Rules;
use monitor_model::finding::Finding;
use std::sync::Arc;

/// What the judge says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// From now on these rules of paths are in force: a time has come, or new paths have.
    Rules(Arc<Rules>),
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
    /// An owner holds so many connections that their peers have closed no more, or another of them is shown for them all:
    /// its alert resolves. Nothing is said of the connection itself, which may stall as it did.
    PileEnded {
        /// [`monitor_model::finding::Connection::id`] of the connection that was shown for them.
        connection_id: String,
    },
    /// What the application of a connection left behind when it closed ([`End::Left`]) is sent again: until now nobody
    /// has answered it.
    Unanswered {
        /// [`monitor_model::finding::Connection::id`] of the connection.
        connection_id: String,
    },
    /// What it left behind is answered after all.
    Answered {
        /// [`monitor_model::finding::Connection::id`] of the connection.
        connection_id: String,
    },
    /// A connection of which something bad was told, or that was told to be stuck, is over.
    Over {
        /// [`monitor_model::finding::Connection::id`] of the connection.
        connection_id: String,
        /// How.
        end: End,
    },
    /// The owner of a connection that ended badly moves again towards the same address, on another
    /// connection: it got its RST or its timeout, and has connected anew. Or anybody does, where the peer or the network
    /// was down.
    Reconnected {
        /// [`monitor_model::finding::Connection::id`] of the connection that ended.
        connection_id: String,
    },
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By kernel, peer or box, with data that nobody answered and nobody ever will.
    Badly,
    /// By its application, with data that nobody has answered yet: nobody hangs on it any more, and the kernel goes on
    /// sending what was left behind. What becomes of that is told: [`Verdict::Answered`], or another end.
    Left,
    /// With nothing lost.
    InPeace,
    /// At a server: by the RST of its client, whose host is there and whose application is not. Nobody waits any more.
    ByClient,
    /// By this host's operator (`ss -K`: ECONNABORTED).
    ByOperator,
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
