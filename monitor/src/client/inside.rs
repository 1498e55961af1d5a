//! The API in this process: asked as that of any other, over a stream that is nothing but memory.

use crate::surfaces::api::{Api, ApiCounters, Ending, Offer, serve};
use axum::Router;
use hyper_util::service::TowerToHyperService;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::watch;

/// Bytes of an answer that wait to be read, as many as a pipe holds.
const WAITING: usize = 64 << 10;

/// An API in this process. Whoever has it may ask for all.
#[derive(Clone)]
pub struct Inside {
    name: Arc<str>,
    routes: Router,
    counters: Arc<ApiCounters>,
}

impl Inside {
    /// This API, by the name that errors call it. Its streams end once the sender of `ended` is gone: at once where that
    /// is so already, as for what has nothing to come.
    pub fn new(name: impl Into<Arc<str>>, api: &Api, ended: watch::Receiver<()>) -> Self {
        let offer = Offer {
            telemetry_path: "/metrics".to_owned(),
            whole: true,
            known: true,
        };
        Self {
            name: name.into(),
            routes: api.routes(offer, ended),
            counters: Arc::clone(api.counters()),
        }
    }

    /// A connection to it, served for as long as it is used by a task of this runtime.
    pub(super) fn connect(&self) -> DuplexStream {
        let (ours, theirs) = duplex(WAITING);
        let service = TowerToHyperService::new(self.routes.clone());
        let counters = Arc::clone(&self.counters);
        tokio::spawn(async move {
            if serve(theirs, service, None).await == Ending::Slow {
                counters.cut.fetch_add(1, Ordering::Relaxed);
            }
        });
        ours
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inside").field(&self.name).finish()
    }
}
