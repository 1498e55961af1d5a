//! What all silences of a probe come to.

use crate::advice::{advice, path_block};
use crate::bracket::Bracket;
use crate::order::{Kind, Told};
use crate::planner::Planner;
use crate::reading::Reading;
use monitor_model::finding::Clock;
use monitor_model::format::duration_of;
use monitor_model::probe::{
    AskedAs, ClosedPort, Expiry, GapBecame, KeepaliveFound, Located, ProbeReport, ProbeResult,
    ProbedGap, ProbedRouter, ProbedSide, SpokeFirst,
};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What only whoever opened the connections knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The target, as it was given.
    pub target: String,
    /// What it stood for.
    pub address: SocketAddr,
    /// As what it was asked.
    pub asked_as: AskedAs,
    /// Connections that were opened.
    pub connections: u64,
    /// Bytes of payload that were sent.
    pub sent_bytes: u64,
    /// How long it took.
    pub took: Duration,
    /// The routers on the way, each with its address where it is known; none where they were not asked after.
    pub routers: Vec<Option<IpAddr>>,
    /// What became of a connection to a port that is closed; `None` where none was tried.
    pub closed_port: Option<ClosedPort>,
}

/// What it comes to.
pub fn conclude(planner: &Planner, facts: &Facts) -> ProbeReport {
    let told = planner.told();
    let options = planner.options();
    let inside = side(planner.inside(), Kind::Inside, told);
    let outside = options
        .outside
        .then(|| side(planner.outside(), Kind::Outside, told));
    let keepalive = planner.keepalive();
    let mut report = ProbeReport {
        target: facts.target.clone(),
        address: facts.address.to_string(),
        asked_as: facts.asked_as,
        up_to_seconds: seconds(options.up_to),
        result: planner.result(),
        inside,
        outside,
        keepalive,
        clock: clock(keepalive, facts.asked_as),
        located: located(planner, facts),
        closed_port: facts.closed_port,
        gaps: told.iter().map(gap).collect(),
        connections: facts.connections,
        sent_bytes: facts.sent_bytes,
        took_seconds: seconds(facts.took),
        path_block: None,
        advice: Vec::new(),
        summary: String::new(),
    };
    if report.result == ProbeResult::Forgets {
        report.path_block = path_block(&report, facts.address);
        report.advice = advice(&report);
    }
    report.summary = summary(&report, planner);
    report
}

/// What ends a silence there. Where probes are all that is sent, what outlived the path knows no other.
fn clock(keepalive: Option<KeepaliveFound>, asked_as: AskedAs) -> Option<Clock> {
    match keepalive {
        Some(KeepaliveFound::Counts) => Some(Clock::Packets),
        // Where nothing but probes was said, payload was not tried.
        Some(KeepaliveFound::InVain) if asked_as != AskedAs::Keepalive => Some(Clock::Payload),
        Some(KeepaliveFound::InVain) | None => None,
    }
}

fn side(bracket: &Bracket, kind: Kind, told: &[Told]) -> ProbedSide {
    let mut forms = BTreeMap::<Expiry, usize>::new();
    for (_, expiry) in bracket.fitting() {
        *forms.entry(*expiry).or_default() += 1;
    }
    // A word that is said in the moment of the timeout meets what comes at once.
    for (at_once, on_word) in [
        (Expiry::ResetAtOnce, Expiry::ResetOnNextPacket),
        (Expiry::FinAtOnce, Expiry::FinOnNextPacket),
    ] {
        if forms.contains_key(&at_once)
            && let Some(count) = forms.remove(&on_word)
        {
            *forms.entry(at_once).or_default() += count;
        }
    }
    let most = forms.into_iter().max_by_key(|(_, count)| *count);
    let mut expired = told
        .iter()
        .filter(|told| told.order.kind == kind && matches!(told.reading, Reading::Expired(_)));
    ProbedSide {
        at_least_seconds: bracket.at_least().map(seconds),
        at_most_seconds: bracket.at_most().map(seconds),
        survived: bracket.survivals() as u64,
        expired: bracket.fitting().count() as u64,
        do_not_fit: bracket.do_not_fit() as u64,
        expiry: most.map(|(expiry, _)| expiry),
        seen_from_both_ends: expired.any(|told| told.both_ends),
    }
}

/// Which hop holds the state: from it on probes keep a connection, before it they do not.
fn located(planner: &Planner, facts: &Facts) -> Option<Located> {
    let hops = (1..).zip(&facts.routers);
    let routers = hops.map(|(hop, address)| ProbedRouter {
        hop,
        address: address.map(|address| address.to_string()),
        keeps: planner.keeps(hop),
    });
    let routers: Vec<ProbedRouter> = routers.collect();
    let keeps: Vec<bool> = routers.iter().filter_map(|router| router.keeps).collect();
    let tried = !routers.is_empty() && planner.keepalive() == Some(KeepaliveFound::Counts);
    let clear = keeps.len() == routers.len() && keeps.is_sorted();
    let before = keeps.iter().filter(|keeps| !**keeps).count();
    tried.then(|| Located {
        hop: u8::try_from(before + 1).ok().filter(|_| clear),
        routers,
    })
}

fn gap(told: &Told) -> ProbedGap {
    let (became, expiry, why) = match &told.reading {
        Reading::Survived => (GapBecame::Survived, None, None),
        Reading::Expired(expiry) => (GapBecame::Expired, Some(*expiry), None),
        Reading::Dead(why) => (GapBecame::Dead, None, Some(why.clone())),
        Reading::Unusable(why) => (GapBecame::Unusable, None, Some(why.clone())),
    };
    ProbedGap {
        wanted_seconds: seconds(told.order.gap),
        lasted_seconds: seconds(told.lasted),
        first_word: match told.order.kind {
            Kind::Inside | Kind::Kept { .. } | Kind::Near { .. } => SpokeFirst::Inside,
            Kind::Outside => SpokeFirst::Outside,
        },
        keepalive_seconds: match told.order.kind {
            Kind::Kept { every } | Kind::Near { every, .. } => Some(seconds(every)),
            Kind::Inside | Kind::Outside => None,
        },
        keepalive_hops: match told.order.kind {
            Kind::Near { hops, .. } => Some(hops),
            Kind::Kept { .. } | Kind::Inside | Kind::Outside => None,
        },
        became,
        expiry,
        why,
    }
}

fn summary(report: &ProbeReport, planner: &Planner) -> String {
    let target = &report.target;
    match report.result {
        ProbeResult::Survives => format!(
            "{target}: every silence up to {} was survived",
            duration_of(report.up_to_seconds)
        ),
        ProbeResult::Forgets => format!("{target}: {}", forgets(report)),
        ProbeResult::Dead => {
            let longest = report.inside.at_least_seconds;
            let known = longest.map_or_else(
                || "no silence was survived before".to_owned(),
                |longest| format!("{} of silence were survived before", duration_of(longest)),
            );
            format!(
                "{target}: the path or its host is dead, which is no timeout: {}; {known}",
                planner.dead().unwrap_or("new connections are not answered")
            )
        }
        ProbeResult::Unknown => {
            let why = planner
                .told()
                .iter()
                .rev()
                .find_map(|told| match &told.reading {
                    Reading::Unusable(why) => Some(why.as_str()),
                    _ => None,
                });
            format!(
                "{target}: what was seen says nothing of the path: {}",
                why.unwrap_or("it took too long")
            )
        }
    }
}

/// "forgets after 3.8s to 4s of silence: what is sent then vanishes, and nobody is told"
fn forgets(report: &ProbeReport) -> String {
    // Where only the other side's silences are not survived, theirs is what there is to say.
    let (side, whose) = match (&report.outside, report.inside.at_most_seconds) {
        (Some(outside), None) => (outside, ", where the other side speaks first"),
        _ => (&report.inside, ""),
    };
    let looks = side.expiry.map_or("", looks);
    format!("forgets {}{whose}: {looks}", between(side))
}

/// "after 3.8s to 4s of silence"
pub(crate) fn between(side: &ProbedSide) -> String {
    match (side.at_least_seconds, side.at_most_seconds) {
        (Some(least), Some(most)) => {
            let (least, most) = (fine(least), fine(most));
            format!("after {least} to {most} of silence")
        }
        (None, Some(most)) => format!("before {} of silence are over", fine(most)),
        (Some(least), None) => format!("not within {} of silence", fine(least)),
        (None, None) => "not known".to_owned(),
    }
}

/// Seconds as people write them, with what tells both ends of a bracket apart.
pub(crate) fn fine(seconds: f64) -> String {
    match seconds {
        ..10.0 => format!("{seconds:.2}s"),
        10.0..60.0 => format!("{seconds:.1}s"),
        _ => duration_of(seconds),
    }
}

/// What an end looks like, in words.
const fn looks(expiry: Expiry) -> &'static str {
    match expiry {
        Expiry::Drop => "what is sent then vanishes, and nobody is told (drop)",
        Expiry::ResetAtOnce => "a RST comes at once, during the silence",
        Expiry::ResetOnNextPacket => "a RST answers the next packet",
        Expiry::FinAtOnce => "a FIN comes at once, during the silence",
        Expiry::FinOnNextPacket => "a FIN answers the next packet",
        Expiry::ForgedAck => "what is sent then is acknowledged and does not arrive (forged ACK)",
        Expiry::Unreachable => "ICMP answers the next packet: unreachable",
        Expiry::AnswerLost => "what is sent then arrives, and its answer does not",
    }
}

pub(crate) fn seconds(length: Duration) -> f64 {
    monitor_model::format::seconds(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}
