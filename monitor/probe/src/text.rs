//! What a probe found, as people read it.

use crate::bracket::Bracket;
use crate::conclude::{between, fine, seconds};
use crate::planner::Planner;
use monitor_model::format::{count, duration_of, printable};
use monitor_model::probe::{
    AskedAs, ClosedPort, Expiry, GapBecame, KeepaliveFound, Located, ProbeReport, ProbeResult,
    ProbedGap, ProbedSide,
};
use std::fmt::Write;

/// It, in lines.
pub fn text(report: &ProbeReport) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, report);
    out
}

/// What is known so far: "inside 2.90s survived, 4.13s not; outside 2.90s survived".
pub fn progress(planner: &Planner) -> String {
    let known = |bracket: &Bracket| {
        let least = bracket.at_least().map(|gap| fine(seconds(gap)));
        let most = bracket.at_most().map(|gap| fine(seconds(gap)));
        match (least, most) {
            (Some(least), Some(most)) => format!("{least} survived, {most} not"),
            (Some(least), None) => format!("{least} survived"),
            (None, Some(most)) => format!("{most} not survived"),
            (None, None) => "nothing yet".to_owned(),
        }
    };
    let inside = known(planner.inside());
    match planner.options().outside {
        true => format!("inside {inside}; outside {}", known(planner.outside())),
        false => inside,
    }
}

fn write(out: &mut String, report: &ProbeReport) -> std::fmt::Result {
    writeln!(out, "{}", printable(&report.summary))?;
    if report.result == ProbeResult::Forgets {
        writeln!(
            out,
            "  inside     this host speaks first: {}",
            side(&report.inside)
        )?;
        if let Some(outside) = &report.outside {
            writeln!(
                out,
                "  outside    the other side speaks first: {}",
                side(outside)
            )?;
        }
        writeln!(out, "  keepalive  {}", keepalive(report))?;
    }
    if let Some(located) = &report.located {
        writeln!(out, "  hop        {}", hop(located))?;
    }
    if let Some(closed_port) = report.closed_port {
        writeln!(out, "  closed     {}", closed(closed_port))?;
    }
    writeln!(out, "  rests on   {}", rests_on(report))?;
    if let Some(block) = &report.path_block {
        writeln!(
            out,
            "\nTo state that for this address (widen it to what lies behind the same box):\n\n{block}"
        )?;
    }
    for advice in &report.advice {
        writeln!(out, "advice: {}", printable(advice))?;
    }
    Ok(())
}

fn side(side: &ProbedSide) -> String {
    match side.expiry {
        Some(expiry) => format!("{}; {}", between(side), name(expiry)),
        None => between(side),
    }
}

const fn name(expiry: Expiry) -> &'static str {
    match expiry {
        Expiry::Drop => "drop",
        Expiry::ResetAtOnce => "RST at once",
        Expiry::ResetOnNextPacket => "RST on the next packet",
        Expiry::FinAtOnce => "FIN at once",
        Expiry::FinOnNextPacket => "FIN on the next packet",
        Expiry::ForgedAck => "forged ACK",
        Expiry::Unreachable => "unreachable, by ICMP",
        Expiry::AnswerLost => "the answer is lost",
    }
}

fn keepalive(report: &ProbeReport) -> String {
    let kept = |gap: &&ProbedGap| gap.keepalive_seconds.is_some();
    let became = match report.keepalive {
        Some(KeepaliveFound::Counts) => GapBecame::Survived,
        _ => GapBecame::Expired,
    };
    let shown = report
        .gaps
        .iter()
        .filter(kept)
        .find(|gap| gap.became == became);
    let lengths = shown.map(|gap| {
        let every = duration_of(gap.keepalive_seconds.unwrap_or_default());
        format!(
            "{} without data, with probes every {every}",
            duration_of(gap.lasted_seconds)
        )
    });
    match (report.keepalive, lengths) {
        (Some(KeepaliveFound::Counts), Some(lengths)) => {
            format!("counts: {lengths}, were survived (packet clock)")
        }
        (Some(KeepaliveFound::InVain), Some(lengths)) => {
            format!("is in vain: {lengths}, were not survived (payload clock)")
        }
        _ if report.asked_as == AskedAs::Keepalive => {
            "not tried against data: the target is asked by probes alone".to_owned()
        }
        _ => "not tried: the kernel's probes are a second apart at least".to_owned(),
    }
}

const fn closed(port: ClosedPort) -> &'static str {
    match port {
        ClosedPort::Refused => "a port that nobody has there refuses, by a RST",
        ClosedPort::Accepted => {
            "a port that nobody has there accepts: a box answers in its place, so that a connection opens proves nothing"
        }
        ClosedPort::Unanswered => {
            "a port that nobody has there does not answer: whoever connects to a service that is gone hangs"
        }
        ClosedPort::Unreachable => "a port that nobody has there is unreachable, by ICMP",
    }
}

fn hop(located: &Located) -> String {
    let count = located.routers.len();
    let Some(hop) = located.hop else {
        return format!("not clear: probes that lived for 1 to {count} hops contradict each other");
    };
    let router = located.routers.iter().find(|router| router.hop == hop);
    let Some(router) = router else {
        return format!(
            "none of the {count} routers on the way: the target itself holds the state"
        );
    };
    let who = router.address.as_deref().map(printable);
    let who = who.unwrap_or_else(|| "which does not say its address".to_owned());
    format!(
        "{hop} of {count} on the way holds the state: {who}; probes that live until there keep a connection, none that end before it"
    )
}

fn rests_on(report: &ProbeReport) -> String {
    let sides = [Some(&report.inside), report.outside.as_ref()];
    let sum = |of: fn(&ProbedSide) -> u64| sides.into_iter().flatten().map(of).sum::<u64>();
    let (survived, expired) = (sum(|side| side.survived), sum(|side| side.expired));
    let odd = sum(|side| side.do_not_fit);
    let unusable = report
        .gaps
        .iter()
        .filter(|gap| gap.became == GapBecame::Unusable);
    let mut text = format!("{} survived", count(survived, "silence"));
    if expired > 0 {
        text.push_str(&format!(
            ", {expired} not; beside each of these a new connection was answered"
        ));
    }
    if odd > 0 {
        text.push_str(&format!(
            "; {odd} more were not survived although longer ones were, which no timeout explains"
        ));
    }
    match unusable.count() {
        0 => {}
        unusable => text.push_str(&format!("; {unusable} said nothing")),
    }
    text.push_str(&format!(
        "; {}, {} of payload sent, in {}",
        count(report.connections, "connection"),
        count(report.sent_bytes, "byte"),
        duration_of(report.took_seconds)
    ));
    text
}
