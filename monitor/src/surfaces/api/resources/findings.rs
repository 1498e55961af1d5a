//! `/api/v1/findings`: findings as they come, until the reader goes or the daemon stops.

use crate::surfaces::api::asked::{Asked, Known, LINES, unknown};
use crate::surfaces::api::body::{Parts, lines};
use crate::surfaces::api::counters::ApiCounters;
use crate::surfaces::api::feed::{Findings, Heard};
use crate::surfaces::api::query::FindingQuery;
use crate::surfaces::api::resource::{
    Answer, Form, NOT_ASKED_SO, NOT_KNOWN, OverTcp, Resource, schema_of,
};
use crate::surfaces::api::served::Served;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use monitor_model::finding::{Finding, Lagged};
use monitor_model::format::told_line;
use monitor_model::told::Told;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often one looks what a watcher misses that takes nothing.
const LOOK: Duration = Duration::from_secs(1);

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/findings",
    summary: "Findings as they come, from now on, until the reader goes or the daemon stops",
    over_tcp: OverTcp::WhereAsked,
    lasts: true,
    handler: || get(findings),
    query: Some(schema_of::<FindingQuery>),
    body: None,
    answers: &[
        Answer {
            status: 200,
            means: "Each finding is a line; a line of the form tcplull.lagged/1 stands for those that the reader was too slow for",
            kind: LINES,
            form: Form::Told(&[Finding::SCHEMA, Lagged::SCHEMA]),
        },
        NOT_ASKED_SO,
        NOT_KNOWN,
    ],
};

async fn findings(
    State(served): State<Served>,
    known: Option<Extension<Known>>,
    Asked(FindingQuery {}): Asked<FindingQuery>,
) -> Response {
    if known.is_none() {
        return unknown();
    }
    let (parts, answer) = lines();
    let mut watcher = Watcher {
        // Before the answer begins: who has its head hears all that is found from then on.
        findings: served.api.feed.subscribe(),
        parts,
        counters: Arc::clone(&served.api.counters),
    };
    let mut ended = served.ended;
    tokio::spawn(async move {
        let gone = watcher.parts.clone();
        tokio::select! {
            () = gone.closed() => {}
            _ = ended.changed() => {}
            () = watcher.tell() => {}
        }
    });
    answer
}

/// Who hears findings as they come.
struct Watcher {
    findings: Findings,
    parts: Parts,
    counters: Arc<ApiCounters>,
}

impl Watcher {
    /// Tells findings until no more come.
    async fn tell(&mut self) {
        loop {
            let mut missed = match self.findings.next().await {
                Heard::Finding(finding) => self.deliver(format!("{finding}\n")).await,
                Heard::Missed(missed) => {
                    self.counters.lagged.fetch_add(missed, Ordering::Relaxed);
                    missed
                }
                Heard::End => return,
            };
            while missed > 0 {
                let line = told_line(&Lagged { lagged: missed }).unwrap_or_default();
                missed = self.deliver(line + "\n").await;
            }
        }
    }

    /// Hands a line over. As long as the watcher does not take it, what it misses is counted; answers how much that was.
    async fn deliver(&mut self, line: String) -> u64 {
        let mut place = pin!(self.parts.reserve());
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut missed = 0;
        loop {
            tokio::select! {
                biased;
                place = &mut place => {
                    // Who went is seen beside this.
                    if let Ok(place) = place {
                        place.send(Ok(Bytes::from(line)));
                    }
                    return missed;
                }
                _ = look.tick() => {
                    let now = self.findings.missed();
                    self.counters.lagged.fetch_add(now, Ordering::Relaxed);
                    missed += now;
                }
            }
        }
    }
}
