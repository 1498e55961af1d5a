//! Findings on their way to watching clients.

use crate::surfaces::sink::Sink;
use monitor_model::finding::Finding;
use monitor_model::format::json_line;
use std::io;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Findings that a slow watcher may be behind.
const BEHIND: usize = 1024;

/// Findings on their way to watching clients: written once for all of them.
#[derive(Clone, Debug)]
pub struct Feed {
    sender: broadcast::Sender<Arc<str>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self::with_capacity(BEHIND)
    }
}

impl Feed {
    pub(super) fn with_capacity(findings: usize) -> Self {
        Self {
            sender: broadcast::Sender::new(findings),
        }
    }

    /// How many watch now.
    pub fn watchers(&self) -> usize {
        self.sender.receiver_count()
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<str>> {
        self.sender.subscribe()
    }
}

impl Sink for Feed {
    /// Hands it to everyone who watches now. Costs nothing when nobody does.
    fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
        if self.watchers() > 0 {
            let line = json_line(finding)?;
            // Refused only where the last watcher went meanwhile.
            let _ = self.sender.send(line.into());
        }
        Ok(())
    }
}
