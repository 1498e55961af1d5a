//! The page of one connection: the verdict first, and under it all that it rests on.

use crate::lines::timeline;
use crate::numbers::numbers;
use crate::page::{Kind, Line, Page};
use crate::words::{
    after_who, clock_time, evidence, keepalive, keepalive_helps, owner, path, shown, whole,
};
use monitor_model::detail::{ConnectionDetail, Followed, PathContrast, SiblingsNow};
use monitor_model::finding::{Certainty, Clock, Evidence, Finding, FindingKind, Role, Severity};
use monitor_model::format::{count, duration_of};
use monitor_model::listing::{ConnectionRow, IdleState, state_name};
use monitor_model::time::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Names of addresses, where somebody looked them up.
pub type Names = BTreeMap<IpAddr, String>;

/// All that is known of it, in lines of at most so many columns; commands alone are never broken.
pub fn connection(detail: &ConnectionDetail, names: &Names, width: usize) -> Vec<Line> {
    let mut page = Page::new(width);
    who(&mut page, detail, names);
    verdict_now(&mut page, detail);
    if let Some(found) = &detail.numbers {
        page.heading("Numbers, as ss has them");
        numbers(&mut page, found, detail.row.as_ref());
    }
    around(&mut page, detail);
    page.heading("Timeline (UTC)");
    if detail.timeline_left_out > 0 {
        let left_out = count(detail.timeline_left_out, "earlier moment");
        page.say(Kind::Faint, &format!("({left_out} not kept)"));
    }
    page.extend(timeline(&detail.timeline, detail.time, width));
    if !detail.commands.is_empty() {
        page.heading("Next");
    }
    for next in &detail.commands {
        page.say(Kind::Faint, &format!("# {}", shown(&next.about)));
        page.whole(Kind::Plain, shown(&next.command));
    }
    page.into_lines()
}

fn who(page: &mut Page, detail: &ConnectionDetail, names: &Names) {
    let connection = &detail.connection;
    let arrow = match connection.role {
        Role::Client => "→",
        Role::Server => "←",
    };
    let (local, remote) = (shown(&connection.local), shown(&connection.remote));
    page.heading(&format!("{local} {arrow} {remote}"));
    for (end, address) in [("local", &connection.local), ("remote", &connection.remote)] {
        let ip = address.parse::<SocketAddr>().map(|address| address.ip());
        if let Some(name) = ip.ok().and_then(|ip| names.get(&ip)) {
            page.named(end, &shown(name));
        }
    }
    page.named("owner", &owner(&detail.owner));
    match &detail.row {
        Some(row) => state(page, row),
        None => page.say(Kind::Bad, "It is gone. This is what is kept of it."),
    }
    page.named(
        "id",
        &format!("{}, netns {}", shown(&connection.id), connection.netns),
    );
}

/// State, path, silences and keepalive of a connection.
pub fn state(page: &mut Page, row: &ConnectionRow) {
    let silence = row.silence.name().replace('_', " ");
    page.named("state", &format!("{}, {silence}", state_name(row.state)));
    let timeout = match (row.timeout_seconds, row.left_seconds()) {
        (Some(_), Some(left)) if left < 0.0 => {
            format!("{}, crossed {} ago", path(row), whole(-left))
        }
        (Some(_), Some(left)) => format!("{}, {} left", path(row), whole(left)),
        _ => "none applies".to_owned(),
    };
    page.named("path", &timeout);
    let of = match row.clock {
        Some(Clock::Payload) => "data counts",
        Some(Clock::Packets) => "any segment counts",
        None => "no path, so neither counts",
    };
    let (data, packets) = (row.payload_idle_seconds, row.packet_idle_seconds);
    let silent = match row.clock {
        Some(_) => format!("{} ({of}); ", duration_of(row.idle_seconds())),
        None => String::new(),
    };
    page.named(
        "silent for",
        &format!(
            "{silent}no data for {}, no segment for {}",
            duration_of(data),
            duration_of(packets)
        ),
    );
    let helps = match (row.keepalive.enabled, keepalive_helps(row)) {
        (false, _) => "off: nothing keeps the path open",
        (true, true) => "",
        (true, false) if row.clock == Some(Clock::Payload) => {
            " does not help: on this path only data counts"
        }
        (true, false) => " does not help: the first probe comes after the timeout",
    };
    let setting = match row.keepalive.enabled {
        true => keepalive(row),
        false => String::new(),
    };
    page.named("keepalive", &format!("{setting}{helps}"));
}

/// What it comes to now: what was found last, unless that is over.
fn verdict_now(page: &mut Page, detail: &ConnectionDetail) {
    let silence = detail.row.as_ref().map(|row| row.silence);
    let Some(found) = detail.verdict() else {
        return match silence {
            None | Some(IdleState::Ok) => {
                page.heading("Verdict: ok");
                page.say(
                    Kind::Plain,
                    "Nothing is wrong with it, and nothing was found of it.",
                );
            }
            Some(silence) => {
                let name = silence.name().replace('_', " ");
                page.heading_as(Kind::Bad, &format!("Verdict: {name}"));
                page.say(
                    Kind::Plain,
                    "So its silence stands now; nothing was found of it yet.",
                );
            }
        };
    };
    let silent = matches!(found.kind, FindingKind::AtRisk | FindingKind::Crossed);
    if silent && silence == Some(IdleState::Ok) {
        page.heading("Verdict: ok");
        page.say(
            Kind::Plain,
            "That silence is over, and nothing is wrong with it now. What was found of it last:",
        );
    }
    verdict(page, found, &detail.meanings, Some(detail.time));
    if detail.findings_left_out > 0 {
        let left_out = count(detail.findings_left_out, "older finding");
        page.say(Kind::Faint, &format!("({left_out} of it left out)"));
    }
}

/// What a finding says, what it rests on, and what each piece of that means where `meanings` has it; how long ago it was
/// found, where it is known when it is looked at.
pub fn verdict(
    page: &mut Page,
    finding: &Finding,
    meanings: &BTreeMap<String, String>,
    now: Option<Timestamp>,
) {
    let name = finding.kind.name().replace('_', " ");
    let (heading, kind) = match finding.severity {
        Severity::None => (Kind::Heading, Kind::Plain),
        Severity::Ticket | Severity::Page => (Kind::Bad, Kind::Bad),
    };
    page.heading_as(heading, &format!("Verdict: {name}"));
    let summary = after_who(&finding.summary, &finding.connection.remote);
    page.say(kind, &shown(summary));
    if let Some(now) = now {
        let ago = now.unix_ns().saturating_sub(finding.time.unix_ns()).max(0) as f64 / 1e9;
        let at = clock_time(finding.time);
        page.named("found", &format!("at {at} UTC, {} ago", whole(ago)));
    }
    let sure = match finding.certainty {
        Certainty::Observed => "seen on this host",
        Certainty::Suspected => "concluded from signs",
    };
    let severity = match finding.severity {
        Severity::None => "wakes nobody",
        Severity::Ticket => "a ticket",
        Severity::Page => "a page",
    };
    page.named("how sure", &format!("{sure}; {severity}"));
    if let Some(advice) = &finding.advice {
        page.named("advice", &shown(advice));
    }
    if let Some(settings) = &finding.settings {
        page.named("settings", &shown(settings));
    }
    page.heading("Evidence");
    for piece in &finding.evidence {
        page.indented(Kind::Plain, &explained(piece, meanings), 4);
    }
}

/// A piece of evidence, and what it means.
fn explained(piece: &Evidence, meanings: &BTreeMap<String, String>) -> String {
    let said = evidence(&piece.fact, &piece.value);
    match meanings.get(piece.fact.as_ref()) {
        Some(means) => format!("{said}  ({})", shown(means)),
        None => said,
    }
}

/// What stands around it: what is followed on it, how others fare, and what its path stands for.
fn around(page: &mut Page, detail: &ConnectionDetail) {
    let (followed, siblings, contrast) = (&detail.followed, &detail.siblings, &detail.contrast);
    if followed.is_none() && siblings.is_none() && contrast.is_none() {
        return;
    }
    page.heading("Around it");
    if let Some(followed) = followed {
        page.named("followed", &follows(followed));
    }
    if let Some(siblings) = siblings {
        page.named("others", &others(siblings));
    }
    if let Some(contrast) = contrast {
        page.named("its path", &known(contrast));
    }
    let alerts = detail.row.as_ref().map(|row| row.alerts.join(", "));
    if let Some(alerts) = alerts.filter(|alerts| !alerts.is_empty()) {
        page.named("alerts", &shown(&alerts));
    }
}

fn follows(followed: &Followed) -> String {
    let mut parts = Vec::new();
    if let Some(since) = followed.silent_since {
        parts.push(format!("silent since {}", clock_time(since)));
    }
    if let Some(gap) = &followed.gap {
        let length = duration_of(gap.length_seconds);
        let outcome = gap
            .outcome
            .map_or("not known yet", |outcome| outcome.name());
        let ended_by = shown(&gap.ended_by);
        parts.push(format!(
            "a silence of {length}, ended by {ended_by} at {}: {outcome}",
            clock_time(gap.ended)
        ));
    }
    if let Some(since) = followed.stalled_since {
        let why = followed
            .cause
            .map_or(String::new(), |cause| format!(": {}", cause.name()));
        parts.push(format!("does not move since {}{why}", clock_time(since)));
    }
    match parts.is_empty() {
        true => "nothing is due on it, and no silence is too long".to_owned(),
        false => parts.join("; "),
    }
}

fn others(siblings: &SiblingsNow) -> String {
    let SiblingsNow {
        fine,
        newer,
        failing,
        connects_failing,
    } = siblings;
    let connects = match connects_failing {
        0 => String::new(),
        connects => format!(", {connects} that do not come about"),
    };
    format!(
        "to the same address {fine} are fine, {newer} newer; there or on the same path {failing} fail{connects}"
    )
}

fn known(contrast: &PathContrast) -> String {
    let stated = match contrast.stated {
        true => "stated",
        false => "a guess",
    };
    let silence = |seconds: Option<f64>| seconds.map_or("none known".to_owned(), duration_of);
    format!(
        "{} forgets after {} ({stated}); longest silence survived to there {}, shortest that failed {}",
        shown(&contrast.path),
        duration_of(contrast.timeout_seconds),
        silence(contrast.longest_survived_gap_seconds),
        silence(contrast.shortest_failed_gap_seconds)
    )
}
