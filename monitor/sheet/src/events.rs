//! The timeline of a connection: what was noted, what was found, and where the kernel's own clocks of it stand, in order.
//! Of a healthy connection nothing is noted: its clocks are all there is, and they suffice.

use crate::note::Note;
use crate::words::{after_who, whole};
use monitor_model::detail::{ConnectionDetail, EventKind, SocketNumbers, TimelineEvent};
use monitor_model::finding::{Finding, FindingKind, Severity};
use monitor_model::format::{bytes, duration_of};
use monitor_model::listing::{ConnectionRow, IdleState, state_name};
use monitor_model::time::Timestamp;

/// Within so much two clocks mean the same moment, in ns: jiffies of 10 ms, and the look's own time.
const SAME_NS: i64 = 25_000_000;

/// What is shorter is no silence worth a line, in seconds.
const LEAST_SILENCE: f64 = 1.0;

/// The timeline of the connection, from what was noted of it and what `detail` has: the earliest first, and last what is to
/// come.
pub fn events(detail: &ConnectionDetail, notes: &[Note]) -> Vec<TimelineEvent> {
    let mut events: Vec<TimelineEvent> = notes.iter().flat_map(Note::events).collect();
    let waits_since = waits_since(detail, &events);
    if let Some(numbers) = &detail.numbers {
        clocks(detail, numbers, waits_since, &mut events);
    }
    for finding in &detail.findings {
        let name = finding.kind.name().replace('_', " ");
        let summary = after_who(&finding.summary, &finding.connection.remote);
        events.push(TimelineEvent {
            time: finding.time,
            what: EventKind::Finding,
            seconds: None,
            wrong: is_wrong(finding),
            text: format!("{name}: {summary}"),
        });
    }
    if let Some(row) = &detail.row {
        silent(detail, row, waits_since, &mut events);
        events.push(now(detail.time, row));
        next(detail, row, &mut events);
    }
    behind_what_began_them(&mut events);
    events.sort_by_key(|event| (event.time.unix_ns(), rank(event.what)));
    events
}

/// Puts each silence behind what went before it: the clocks of that count in jiffies, and may stand a little later.
fn behind_what_began_them(events: &mut [TimelineEvent]) {
    let others = events
        .iter()
        .filter(|event| event.what != EventKind::Silence);
    let others: Vec<Timestamp> = others.map(|event| event.time).collect();
    for silence in events
        .iter_mut()
        .filter(|one| one.what == EventKind::Silence)
    {
        let began = silence.time.unix_ns();
        let same = others
            .iter()
            .filter(|other| (0..=SAME_NS).contains(&other.unix_ns().saturating_sub(began)));
        silence.time = same
            .max_by_key(|other| other.unix_ns())
            .copied()
            .unwrap_or(silence.time);
    }
}

/// Whether somebody is to be told of it, or a silence is too long.
fn is_wrong(finding: &Finding) -> bool {
    let silent = matches!(finding.kind, FindingKind::AtRisk | FindingKind::Crossed);
    silent || finding.severity != Severity::None
}

/// Of what has one time, what comes first.
const fn rank(what: EventKind) -> u8 {
    match what {
        EventKind::Received | EventKind::Acknowledged | EventKind::ResetReceived => 0,
        EventKind::Sent | EventKind::SentAgain | EventKind::ResetSent => 1,
        EventKind::State => 2,
        EventKind::Finding => 3,
        EventKind::Silence => 4,
        EventKind::Now => 5,
        EventKind::Next => 6,
    }
}

/// So many seconds before the look, or behind it where they are below 0.
fn before(time: Timestamp, seconds: f64) -> Timestamp {
    // The cast saturates, and what cannot be a number is 0.
    Timestamp::of(time.unix_ns().saturating_sub((seconds * 1e9) as i64))
}

/// Where the kernel's clocks stand, unless what was noted says it.
fn clocks(
    detail: &ConnectionDetail,
    numbers: &SocketNumbers,
    waits_since: Option<Timestamp>,
    events: &mut Vec<TimelineEvent>,
) {
    use EventKind::{Acknowledged, Received, Sent, SentAgain};
    let at = |seconds| before(detail.time, seconds);
    let resends = numbers.timeouts > 0 || numbers.retrans_out > 0;
    if let Some(since) = waits_since.filter(|_| numbers.packets_out > 0) {
        let waits = detail.row.as_ref().and_then(|row| row.unacked_bytes);
        let waits = waits.map_or(String::new(), |waits| {
            format!(", {} in all by now", bytes(waits.into()))
        });
        let text = format!("sends what nobody has acknowledged{waits}");
        put(events, &[Sent], since, text);
    }
    if let Some(seconds) = numbers.recovering_seconds {
        let text = "sends it again, for the first time".to_owned();
        put(events, &[SentAgain], at(seconds), text);
    }
    if numbers.data_segs_out > 0 {
        let (what, text) = match (resends, numbers.timeouts) {
            (false, _) => (Sent, "sent data last".to_owned()),
            (true, 0) => (SentAgain, "sent again last".to_owned()),
            (true, timeouts) => (SentAgain, format!("sent again last, attempt {timeouts}")),
        };
        // What was sent may have been sent again at once.
        let same: &[EventKind] = if resends { &[SentAgain] } else { &[Sent] };
        put_as(events, same, what, at(numbers.lastsnd_seconds), text);
    }
    if numbers.data_segs_in > 0 {
        let text = "received data last".to_owned();
        put(events, &[Received], at(numbers.lastrcv_seconds), text);
    }
    let text = "received an ACK last".to_owned();
    let same = [Acknowledged, Received];
    put(events, &same, at(numbers.lastack_seconds), text);
}

/// When what nobody has acknowledged was first sent, at the earliest; `None` where that was noted when it happened.
fn waits_since(detail: &ConnectionDetail, events: &[TimelineEvent]) -> Option<Timestamp> {
    let since = detail.followed.as_ref()?.waits_since?;
    let noted = events.iter().any(|event| {
        event.what == EventKind::Sent
            && event.time.unix_ns() > since.unix_ns().saturating_sub(SAME_NS)
    });
    (!noted).then_some(since)
}

/// As the first of these kinds, unless one of them is there at that time.
fn put(events: &mut Vec<TimelineEvent>, kinds: &[EventKind], time: Timestamp, text: String) {
    if let Some(what) = kinds.first() {
        put_as(events, kinds, *what, time, text);
    }
}

fn put_as(
    events: &mut Vec<TimelineEvent>,
    same: &[EventKind],
    what: EventKind,
    time: Timestamp,
    text: String,
) {
    let known = events.iter().any(|event| {
        same.contains(&event.what)
            && event
                .time
                .unix_ns()
                .saturating_sub(time.unix_ns())
                .saturating_abs()
                <= SAME_NS
    });
    if !known {
        events.push(TimelineEvent {
            time,
            what,
            seconds: None,
            wrong: false,
            text,
        });
    }
}

/// The silence that lasts, and the one in which nothing came before what waits was sent.
fn silent(
    detail: &ConnectionDetail,
    row: &ConnectionRow,
    waits_since: Option<Timestamp>,
    events: &mut Vec<TimelineEvent>,
) {
    let idle = row.idle_seconds();
    let mut put = |from: Timestamp, seconds: f64, text: String| {
        if seconds >= LEAST_SILENCE {
            events.push(TimelineEvent {
                time: from,
                what: EventKind::Silence,
                seconds: Some(seconds),
                wrong: false,
                text,
            });
        }
    };
    let left = match (row.left_seconds(), &row.path, row.timeout_seconds) {
        (Some(left), Some(path), Some(timeout)) => {
            let timeout = duration_of(timeout);
            match left {
                0.0.. => format!(", {} left of {path}'s {timeout}", duration_of(left)),
                _ => format!(", {} more than {path}'s {timeout}", duration_of(-left)),
            }
        }
        _ => String::new(),
    };
    let text = format!("silence: {} so far{left}", duration_of(idle));
    put(before(detail.time, idle), idle, text);
    let Some((since, numbers)) = waits_since.zip(detail.numbers.as_ref()) else {
        return;
    };
    let heard = before(
        detail.time,
        numbers.lastack_seconds.min(numbers.lastrcv_seconds),
    );
    let seconds = since.unix_ns().saturating_sub(heard.unix_ns()) as f64 / 1e9;
    put(
        heard,
        seconds,
        format!("nothing from the peer for {}", duration_of(seconds)),
    );
}

fn now(time: Timestamp, row: &ConnectionRow) -> TimelineEvent {
    let state = state_name(row.state);
    let verdict = match row.silence {
        IdleState::Ok => "ok",
        IdleState::AtRisk => "at risk",
        IdleState::Crossed => "crossed",
        IdleState::Stalled => "stalled",
    };
    TimelineEvent {
        time,
        what: EventKind::Now,
        seconds: None,
        wrong: row.silence != IdleState::Ok,
        text: format!("now: {state}, {verdict}"),
    }
}

/// What comes next, if nothing is sent before.
fn next(detail: &ConnectionDetail, row: &ConnectionRow, events: &mut Vec<TimelineEvent>) {
    let mut put = |seconds: f64, text: String| {
        if seconds > 0.0 {
            events.push(TimelineEvent {
                time: before(detail.time, -seconds),
                what: EventKind::Next,
                seconds: None,
                wrong: false,
                text: format!("in {}: {text}", whole(seconds)),
            });
        }
    };
    if row.silence == IdleState::Stalled {
        let numbers = detail.numbers.as_ref();
        if let Some(numbers) = numbers.filter(|numbers| numbers.packets_out > 0) {
            let after = numbers.rto_ms / 1e3 - numbers.lastsnd_seconds;
            put(after, "the next attempt to send it again".to_owned());
        }
        return;
    }
    if let (Some(left), Some(path)) = (row.left_seconds(), &row.path) {
        put(left, format!("{path} may forget it"));
    }
    let probes = row.keepalive;
    if let Some(time) = probes.time_seconds.filter(|_| probes.enabled) {
        // Probes leave on the segments' clock, whatever the path counts.
        put(
            time - row.packet_idle_seconds,
            "its first keepalive probe".to_owned(),
        );
    }
}
