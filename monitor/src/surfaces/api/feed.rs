//! Findings on their way to watching clients.

use crate::surfaces::sink::Sink;
use monitor_model::finding::Finding;
use monitor_model::format::told_line;
use std::io;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Findings that a slow watcher may be behind.
const BEHIND: usize = 1024;

/// Findings on their way to watching clients: written once for all of them.
#[derive(Clone, Debug)]
pub struct Feed {
    sender: broadcast::Sender<Arc<str>>,
    behind: usize,
}

/// What one watcher hears next.
#[derive(Debug)]
pub(super) enum Heard {
    /// A finding, as a line without its end.
    Finding(Arc<str>),
    /// So many findings were missed.
    Missed(u64),
    /// Nothing more comes.
    End,
}

/// The findings of one watcher, from when it began to watch.
#[derive(Debug)]
pub(super) struct Findings {
    receiver: broadcast::Receiver<Arc<str>>,
    behind: usize,
}

impl Findings {
    /// The next one.
    pub(super) async fn next(&mut self) -> Heard {
        match self.receiver.recv().await {
            Ok(finding) => Heard::Finding(finding),
            Err(RecvError::Lagged(missed)) => Heard::Missed(missed),
            Err(RecvError::Closed) => Heard::End,
        }
    }

    /// How many it has missed for good since it was last asked for one, without asking for the next: a watcher that
    /// does not take what it has is told so later.
    pub(super) fn missed(&mut self) -> u64 {
        if self.receiver.len() <= self.behind {
            return 0;
        }
        match self.receiver.try_recv() {
            Err(TryRecvError::Lagged(missed)) => missed,
            // Beyond what is kept there is always something missed.
            Ok(_) => 1,
            Err(TryRecvError::Empty | TryRecvError::Closed) => 0,
        }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::with_capacity(BEHIND)
    }
}

impl Feed {
    pub(in crate::surfaces) fn with_capacity(findings: usize) -> Self {
        Self {
            sender: broadcast::Sender::new(findings),
            // The sender keeps so many.
            behind: findings.next_power_of_two(),
        }
    }

    /// How many watch now.
    pub fn watchers(&self) -> usize {
        self.sender.receiver_count()
    }

    pub(super) fn subscribe(&self) -> Findings {
        Findings {
            receiver: self.sender.subscribe(),
            behind: self.behind,
        }
    }
}

impl Sink for Feed {
    /// Hands it to everyone who watches now. Costs nothing when nobody does.
    fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
        if self.watchers() > 0 {
            let line = told_line(finding)?;
            // Refused only where the last watcher went meanwhile.
            let _ = self.sender.send(line.into());
        }
        Ok(())
    }
}
