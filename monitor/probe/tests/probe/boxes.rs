//! Boxes that were made up, and time that passes as they are probed.

use monitor_model::probe::{AskedAs, Expiry, ProbeReport};
use monitor_probe::{
    End, Facts, Fresh, Kind, Options, Order, PeerEnd, PeerSaw, Planner, Seen, conclude,
};
use std::collections::HashMap;
use std::time::Duration;

/// A box between both sides.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// When it forgets silences that this host ends; `None` for never.
    pub inside: Option<Duration>,
    /// The same of the other side's.
    pub outside: Option<Duration>,
    /// What that looks like.
    pub expiry: Expiry,
    /// Whether keepalive probes count.
    pub probes_count: bool,
    /// Whether the other side is ours, and tells what it saw.
    pub ours: bool,
    /// How many hops away it is.
    pub hop: u8,
    /// The path dies for good at this time.
    pub dies_at: Option<Duration>,
    /// The number of the one connection that it evicts although it was not silent for long.
    pub evicts: Option<u32>,
    /// The target takes no more than so many at once.
    pub takes: usize,
    /// The target keeps so many that rest, and closes the one that rests longest where another comes.
    pub keeps: usize,
    /// How long it takes at most to open a connection.
    pub opens_in: Duration,
    /// How much later than it should be the first word is said.
    pub late: Duration,
    /// It forgets up to so much later than it should, as a part of its timeout, one connection more than another.
    pub uneven: f64,
}

/// One that forgets after so long and drops.
pub fn forgets_after(timeout: Duration) -> Gateway {
    Gateway {
        inside: Some(timeout),
        outside: Some(timeout),
        expiry: Expiry::Drop,
        probes_count: true,
        ours: true,
        hop: 1,
        dies_at: None,
        evicts: None,
        takes: usize::MAX,
        keeps: usize::MAX,
        opens_in: Duration::ZERO,
        late: Duration::from_millis(1),
        uneven: 0.0,
    }
}

/// What is asked for by default.
pub fn options(from: Duration, up_to: Duration) -> Options {
    Options {
        from,
        up_to,
        at_once: 64,
        outside: true,
        keepalive: true,
        routers: 0,
    }
}

/// How long a word waits for its answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a probe came to.
pub struct Probed {
    pub report: ProbeReport,
    pub took: Duration,
    pub most_at_once: usize,
    pub opened: u32,
    /// At which times how much was said to be left at most.
    pub said: Vec<(Duration, Duration)>,
}

/// One that is silent: what was to be done, when it began, when it is told, what is seen then.
type Silent = (Order, Duration, Seen);

/// Probes it to the end.
pub fn probe(options: Options, it: &Gateway) -> Probed {
    let mut planner = Planner::new(options);
    let mut silent: Vec<Silent> = Vec::new();
    let mut since = HashMap::new();
    let mut said = Vec::new();
    let (mut now, mut most_at_once, mut opened) = (Duration::ZERO, 0, 0);
    while !planner.is_over() {
        while let Some(spare) = planner.spare() {
            silent.retain(|(order, ..)| order.number != spare.number);
        }
        while let Some(order) = planner.next_order() {
            if silent.len() >= it.takes {
                planner.refused(order, "it takes no more".to_owned());
                break;
            }
            opened += 1;
            now += it.opens(order);
            since.insert(order.number, now);
            let (told_at, seen) = it.lives(order, now);
            silent.push((order, told_at, seen));
            let mut beside = 0;
            while let Some(oldest) = it.closes(&mut silent, beside, now) {
                // A new connection shows that it is this one alone, and wants room itself.
                (now, beside) = (now + it.opens(oldest), 1);
                planner.tell(oldest, &closed(now - since[&oldest.number]));
            }
            most_at_once = most_at_once.max(silent.len());
        }
        let next = silent.iter().enumerate().min_by_key(|(_, (_, at, _))| *at);
        let Some(place) = next.map(|(place, _)| place) else {
            // Nothing is silent: what was refused is tried again.
            assert!(opened == 0 || planner.is_over(), "{planner:?}");
            continue;
        };
        let (order, at, seen) = silent.remove(place);
        now = now.max(at);
        planner.tell(order, &seen);
        while seen.fresh == Fresh::Answered
            && let Some(oldest) = it.closes(&mut silent, 1, now)
        {
            planner.tell(oldest, &closed(now - since[&oldest.number]));
        }
        let left = planner.left(|number| now - since[&number]);
        if !planner.is_over() {
            said.push((now, left));
        }
    }
    let facts = Facts {
        target: "box".to_owned(),
        address: ([198, 18, 0, 1], 7777).into(),
        asked_as: if it.ours {
            AskedAs::Tcplull
        } else {
            AskedAs::Redis
        },
        connections: opened.into(),
        sent_bytes: 0,
        took: now,
        routers: vec![None; options.routers.into()],
        closed_port: None,
    };
    Probed {
        report: conclude(&planner, &facts),
        took: now,
        most_at_once,
        opened,
        said,
    }
}

/// A number between 0 and 1 that does not go up and down with those of the connections.
fn unlike(order: Order) -> f64 {
    f64::from(order.number.wrapping_mul(0x9e37_79b9)) / f64::from(u32::MAX)
}

/// One that was closed after so long.
const fn closed(lasted: Duration) -> Seen {
    Seen {
        lasted,
        end: End::ClosedInSilence,
        fresh: Fresh::Answered,
        peer: None,
    }
}

impl Gateway {
    /// The one that it closes, with so many beside those that are silent: it has too many, and none rests longer.
    fn closes(&self, silent: &mut Vec<Silent>, beside: usize, now: Duration) -> Option<Order> {
        // Those whose word is due are no longer at rest.
        let at_rest = |(_, at, _): &Silent| *at > now;
        let too_many = silent.iter().filter(|one| at_rest(one)).count() + beside > self.keeps;
        let oldest = silent.iter().position(at_rest).filter(|_| too_many)?;
        Some(silent.remove(oldest).0)
    }

    /// How long it takes to open that connection.
    fn opens(&self, order: Order) -> Duration {
        self.opens_in.mul_f64(unlike(order))
    }

    /// What becomes of a connection that is opened now: when that is known, and what is seen.
    fn lives(&self, order: Order, now: Duration) -> (Duration, Seen) {
        let timeout = match order.kind {
            Kind::Inside => self.inside,
            Kind::Outside => self.outside,
            Kind::Kept { every } if self.probes_count && self.inside > Some(every) => None,
            Kind::Near { every, hops }
                if self.probes_count && hops >= self.hop && self.inside > Some(every) =>
            {
                None
            }
            Kind::Kept { .. } | Kind::Near { .. } => self.inside,
        };
        let timeout = timeout.map(|timeout| timeout.mul_f64(1.0 + self.uneven * unlike(order)));
        let lasted = order.gap + self.late;
        let word_at = now + lasted;
        let evicted = self.evicts == Some(order.number);
        let forgotten = timeout.is_some_and(|timeout| lasted >= timeout);
        let dead = self.dies_at.is_some_and(|at| word_at >= at);
        let mut seen = Seen {
            lasted,
            end: End::Answered,
            fresh: Fresh::NotTried,
            peer: None,
        };
        if dead {
            seen.end = End::Unanswered {
                acknowledged: false,
            };
            seen.fresh = Fresh::Failed("no answer within 3s".to_owned());
            return (word_at + PATIENCE * 2, seen);
        }
        if !forgotten && !evicted {
            return (word_at, seen);
        }
        seen.fresh = Fresh::Answered;
        let mut peer_end = PeerEnd::None;
        let mut told_at = word_at;
        seen.end = match self.expiry {
            Expiry::FinAtOnce | Expiry::ResetAtOnce => {
                seen.lasted = timeout.unwrap_or(order.gap).min(lasted);
                told_at = now + seen.lasted;
                match self.expiry {
                    Expiry::FinAtOnce => End::ClosedInSilence,
                    _ => End::ResetInSilence,
                }
            }
            Expiry::ResetOnNextPacket => {
                peer_end = PeerEnd::Reset;
                End::ResetOnWord
            }
            Expiry::FinOnNextPacket => {
                peer_end = PeerEnd::Closed;
                End::ClosedOnWord
            }
            Expiry::Unreachable => {
                peer_end = PeerEnd::Unreachable;
                End::Unreachable
            }
            expiry => {
                told_at += PATIENCE;
                let acknowledged = expiry == Expiry::ForgedAck;
                End::Unanswered { acknowledged }
            }
        };
        seen.peer = self.ours.then_some(PeerSaw::Known {
            heard: self.expiry == Expiry::AnswerLost,
            acknowledged: self.expiry == Expiry::ForgedAck,
            end: peer_end,
        });
        (told_at, seen)
    }
}
