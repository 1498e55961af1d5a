//! What is served, and on which way.

use super::counters::ApiCounters;
use super::feed::Feed;
use super::source::ApiSource;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::watch;

/// In every answer: the daemon's version, by which a command knows that it asks a tcplull, and which.
pub const VERSION_HEADER: &str = "tcplull-version";

/// What the API is made of, the same for every way to it.
#[derive(Clone)]
pub struct Api {
    pub(super) source: Arc<dyn ApiSource>,
    pub(super) feed: Feed,
    pub(super) counters: Arc<ApiCounters>,
}

/// Over the inspection socket everything is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverTcp {
    /// In any case.
    Always,
    /// Where `web.api` says so.
    WhereAsked,
    /// Never: who asks must be on this host.
    Never,
}

/// What is served on one way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Where the metrics are; `/` takes the place of the landing page.
    pub telemetry_path: String,
    /// Whether all resources are served, or only those that always are.
    pub whole: bool,
    /// Whether all who come may be told addresses.
    pub known: bool,
}

/// What every handler has.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) api: Api,
    pub(super) offer: Arc<Offer>,
    /// Makes the document of the API.
    pub(super) document: fn() -> Value,
    /// Closed when the server ends.
    pub(super) ended: watch::Receiver<()>,
}

impl Offer {
    /// Whether what is served so over TCP is served on this way.
    pub(super) fn has(&self, over_tcp: OverTcp) -> bool {
        match over_tcp {
            OverTcp::Always => true,
            OverTcp::WhereAsked => self.whole,
            // All are known on the inspection socket alone.
            OverTcp::Never => self.known,
        }
    }
}

impl Api {
    /// Of this daemon.
    pub fn new(source: Arc<dyn ApiSource>, feed: Feed, counters: Arc<ApiCounters>) -> Self {
        Self {
            source,
            feed,
            counters,
        }
    }

    /// What it counts.
    pub fn counters(&self) -> &Arc<ApiCounters> {
        &self.counters
    }
}
