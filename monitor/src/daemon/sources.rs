//! What the surfaces ask the daemon for.

use super::core::{Core, lock};
use super::listing::send_connections;
use crate::surfaces::http::HttpSource;
use crate::surfaces::inspect::{InspectSource, Listing, RowSender};
use monitor_kernel::Sweeper;
use std::sync::{Arc, Mutex};

pub(super) struct Sources {
    core: Arc<Mutex<Core>>,
    sweeper: Arc<Mutex<Sweeper>>,
}

impl Sources {
    pub(super) fn new(core: Arc<Mutex<Core>>, sweeper: Arc<Mutex<Sweeper>>) -> Self {
        Self { core, sweeper }
    }
}

impl HttpSource for Sources {
    fn metrics(&self) -> Result<String, String> {
        lock(&self.core).render_metrics()
    }

    fn ready(&self) -> Result<(), String> {
        lock(&self.core)
            .readiness()
            .map_err(|reason| reason.to_string())
    }
}

impl InspectSource for Sources {
    fn list(&self, listing: Listing, rows: RowSender) {
        match listing {
            Listing::Connections => {
                let lister = lock(&self.core).lister();
                let sweeper = Arc::clone(&self.sweeper);
                // A sweep blocks, and so may the client.
                tokio::task::spawn_blocking(move || send_connections(&sweeper, lister, rows));
            }
            Listing::Alerts => {
                let firing: Vec<_> = lock(&self.core).alerts().firing().collect();
                tokio::spawn(async move {
                    for alert in firing {
                        if rows.send(&alert).await.is_err() {
                            return;
                        }
                    }
                });
            }
        }
    }
}
