//! A probe as it runs: opens what the planner wants, at a bounded rate, and tells it what was seen.

use super::error::ProbeError;
use super::gap::live;
use super::hops::hops;
use super::talk::Talk;
use super::target::Target;
use super::trouble::Trouble;
use crate::config::TlsFiles;
use monitor_model::probe::{ClosedPort, ProbeReport};
use monitor_probe::wire::Purpose;
use monitor_probe::{Facts, Options, Order, Planner, Seen, conclude};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// How long a step waits for an answer: the fifth attempt to send a segment comes then, where round trips are short.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often a progress is told at least.
const TICK: Duration = Duration::from_secs(1);

/// A probe takes no longer than so many times its longest silence, and a while.
const MOST_TIMES: u32 = 10;
/// That while.
const A_WHILE: Duration = Duration::from_secs(120);

/// Probes one target.
pub struct Prober {
    talk: Arc<Talk>,
    routers: Vec<Option<IpAddr>>,
    closed_port: Option<ClosedPort>,
}

/// How far a probe is.
pub struct Progress<'a> {
    /// What is known.
    pub planner: &'a Planner,
    /// How long it has run.
    pub passed: Duration,
    /// How long it may still take.
    pub left: Duration,
}

type Lives = JoinSet<(Order, Result<Seen, Trouble>)>;

impl Prober {
    /// Finds the target, and sees whether it answers as it should, and allows silences so long.
    ///
    /// # Errors
    /// It does not.
    pub async fn new(target: Target, tls: &TlsFiles, up_to: Duration) -> Result<Self, ProbeError> {
        let talk = Arc::new(Talk::new(target, tls, PATIENCE).await?);
        let opened = match talk.number() {
            Ok(number) => talk.open(number, Purpose::Echo(up_to)).await,
            Err(trouble) => Err(trouble),
        };
        match opened {
            Ok(_) => Ok(Self {
                closed_port: talk.closed_port().await,
                talk,
                routers: Vec::new(),
            }),
            Err(trouble) => Err(ProbeError::NoAnswer {
                target: talk.target.to_string(),
                address: talk.address,
                reason: trouble.told(),
            }),
        }
    }

    /// Where the target is.
    pub fn address(&self) -> SocketAddr {
        self.talk.address
    }

    /// Looks which routers lie on the way, and how many: of them the one is to be found that forgets.
    ///
    /// # Errors
    /// The kernel does not do it, or the target is too far away.
    pub async fn locate(&mut self) -> Result<u8, ProbeError> {
        let found = hops(self.talk.address, &self.talk.counts).await;
        let found = found.map_err(|source| ProbeError::Io {
            what: "cannot look which routers lie on the way",
            source,
        })?;
        let count = found
            .as_ref()
            .and_then(|found| u8::try_from(found.len()).ok());
        let (Some(found), Some(count)) = (found, count) else {
            return Err(ProbeError::NoAnswer {
                target: self.talk.target.to_string(),
                address: self.talk.address,
                reason: "it is more than 30 hops away, or does not answer whoever asks so"
                    .to_owned(),
            });
        };
        self.routers = found;
        Ok(count)
    }

    /// Probes it to the end.
    pub async fn run(&self, options: Options, mut tell: impl FnMut(&Progress<'_>)) -> ProbeReport {
        let mut planner = Planner::new(options);
        let began = Instant::now();
        let bound = options.up_to.saturating_mul(MOST_TIMES) + A_WHILE;
        let mut lives = Lives::new();
        let mut open = HashMap::<u32, (AbortHandle, Instant)>::new();
        while !planner.is_over() && began.elapsed() < bound {
            while let Some(spare) = planner.spare() {
                if let Some((life, _)) = open.remove(&spare.number) {
                    life.abort();
                }
            }
            while let Some(order) = planner.next_order() {
                let talk = Arc::clone(&self.talk);
                let life = lives.spawn(async move { (order, live(&talk, order, PATIENCE).await) });
                open.insert(order.number, (life, Instant::now()));
            }
            let joined = tokio::select! {
                joined = lives.join_next(), if !lives.is_empty() => joined,
                () = sleep(TICK) => None,
            };
            // One that was aborted has nothing to say.
            if let Some(Ok((order, seen))) = joined
                && open.remove(&order.number).is_some()
            {
                match seen {
                    Ok(seen) => planner.tell(order, &seen),
                    Err(trouble) => {
                        planner.refused(order, trouble.told());
                        if lives.is_empty() {
                            sleep(TICK).await;
                        }
                    }
                }
            }
            tell(&Progress {
                planner: &planner,
                passed: began.elapsed(),
                left: planner.left(|number| {
                    let since = open.get(&number).map(|(_, since)| since.elapsed());
                    since.unwrap_or_default()
                }),
            });
        }
        let counts = &self.talk.counts;
        let facts = Facts {
            target: self.talk.target.to_string(),
            address: self.talk.address,
            asked_as: self.talk.target.asked_as(),
            connections: counts.connections.load(Ordering::Relaxed),
            sent_bytes: counts.sent_bytes.load(Ordering::Relaxed),
            took: began.elapsed(),
            routers: self.routers.clone(),
            closed_port: self.closed_port,
        };
        conclude(&planner, &facts)
    }
}
