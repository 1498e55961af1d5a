//! Connections, findings and alerts as a daemon tells them, and pictures of what they look like.

use monitor_common::TcpState;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::detail::{
    ConnectionDetail, EventKind, NextCommand, PathContrast, SiblingsNow, TimelineEvent,
};
use monitor_model::finding::{
    Cause, Certainty, Clock, Connection, Evidence, Family, Finding, FindingKind, Outcome, Role,
    Severity,
};
use monitor_model::gaps::{GapLength, GapSummary};
use monitor_model::listing::{ConnectionRow, IdleState, Keepalive};
use monitor_model::owner::Owner;
use monitor_model::time::Timestamp;
use monitor_tui::App;
use monitor_tui::draw::{Theme, draw};
use monitor_tui::event::{Answer, Batch, Counts, Event, Looked, Now};
use monitor_tui::filter::Filter;
use monitor_tui::past::Past;
use monitor_tui::source::Watched;
use monitor_tui::source::{AgentSheet, PathSheet};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::Duration;

/// A moment, in seconds since the start.
pub fn now(seconds: u64) -> Now {
    Now {
        up: Duration::from_secs(seconds),
        wall: Timestamp::of(1_769_860_800_000_000_000).later_by(seconds * 1_000_000_000),
    }
}

pub fn connection(number: u64) -> Connection {
    Connection {
        id: format!("{number:x}-f{number:07x}"),
        flow_id: format!("f{number:07x}"),
        family: Family::Ipv4,
        local: format!("10.0.0.7:{}", 40_000 + number % 20_000),
        remote: format!(
            "198.51.100.{}:{}",
            number % 200 + 1,
            if number.is_multiple_of(3) { 443 } else { 5432 }
        ),
        netns: 4_026_531_840,
        role: Role::Client,
    }
}

fn owner(number: u64) -> Owner {
    Owner {
        pid: Some(1_000 + u32::try_from(number % 30_000).unwrap()),
        comm: Some(["psql", "api", "worker"][usize::try_from(number % 3).unwrap()].to_owned()),
        unit: number.is_multiple_of(2).then(|| "shop.service".to_owned()),
        ..Owner::default()
    }
}

pub fn row(number: u64, silence: IdleState) -> ConnectionRow {
    let idle = match silence {
        IdleState::Ok => (number % 200) as f64,
        IdleState::AtRisk => 280.0 + (number % 40) as f64,
        IdleState::Crossed | IdleState::Stalled => 400.0 + number as f64,
    };
    ConnectionRow {
        connection: connection(number),
        owner: owner(number),
        state: Some(TcpState::Established),
        payload_idle_seconds: idle,
        packet_idle_seconds: idle,
        packet_idle_at_most_seconds: idle,
        path: Some("nat".to_owned()),
        timeout_seconds: Some(350.0),
        clock: Some(Clock::Packets),
        keepalive: Keepalive {
            enabled: number.is_multiple_of(2),
            time_seconds: Some(7_200.0),
            interval_seconds: Some(75.0),
            probes: Some(9),
        },
        silence,
        unacked_bytes: Some(0),
        unread_bytes: Some(0),
        alerts: Vec::new(),
    }
}

/// So many connections, suspects first.
pub fn batch(many: u64) -> Batch {
    let mut counts = Counts::default();
    let rows = (0..many).map(|number| {
        let silence = match number {
            0..2 => IdleState::Stalled,
            2..5 => IdleState::Crossed,
            5..9 => IdleState::AtRisk,
            _ => IdleState::Ok,
        };
        counts.add(silence);
        row(number, silence)
    });
    Batch {
        rows: rows.collect(),
        counts,
        all: many,
        ..Batch::default()
    }
}

pub fn finding(number: u64, seconds: u64) -> Finding {
    let (kind, summary) = if number.is_multiple_of(2) {
        let cause = Cause::AwaitingReply;
        (
            FindingKind::Stall { cause },
            "psql waits for 20s for an answer that does not come",
        )
    } else {
        let outcome = Outcome::Blackholed;
        (
            FindingKind::Outcome { outcome },
            "after 6m40s of silence nothing comes back: 3 timeouts, and the peer is not heard",
        )
    };
    let evidence = [
        ("timeouts", 3.into()),
        ("waited_ms", 6_200.into()),
        ("unacked_bytes", 129.into()),
        ("peer_heard", false.into()),
    ];
    Finding {
        time: now(seconds).wall,
        kind,
        certainty: Certainty::Suspected,
        severity: Severity::Page,
        severity_before_rules: None,
        scope: None,
        gap_seconds: 401.0,
        timeout_seconds: Some(350.0),
        path: Some("nat".to_owned()),
        clock: Clock::Packets,
        connection: connection(number),
        owner: owner(number),
        evidence: evidence
            .map(|(fact, value)| Evidence {
                fact: fact.to_owned().into(),
                value,
            })
            .into(),
        advice: Some("let keepalive begin before 5m50s of silence".to_owned()),
        settings: Some("docs/settings.md#postgresql".to_owned()),
        summary: summary.to_owned(),
        given_up: false,
        still_waits: false,
    }
}

fn alert(number: u64) -> Alert {
    let state = [AlertState::Over, AlertState::Pending, AlertState::Firing]
        [usize::try_from(number % 3).unwrap()];
    let severity = [Severity::Ticket, Severity::Page][usize::try_from(number % 2).unwrap()];
    Alert {
        name: ["blackholed", "awaiting_reply", "crossed"][usize::try_from(number % 3).unwrap()]
            .to_owned(),
        severity,
        state,
        path: "nat".to_owned(),
        owner: "shop.service".to_owned(),
        path_owner: None,
        lost: None,
        reason: None,
        connections: number % 4,
        count: number % 4 + number,
        since: now(number).wall,
        fired: (state != AlertState::Pending).then(|| now(number + 30).wall),
        ended: (state == AlertState::Over).then(|| now(number + 60).wall),
        summary: "3 connections of shop.service on nat: nothing comes back".to_owned(),
        example: connection(1).id,
    }
}

fn paths() -> Vec<PathSheet> {
    let lengths = [(60.0, 900), (120.0, 320), (300.0, 41), (600.0, 12)];
    let gaps = GapSummary {
        time: now(90).wall,
        since: now(0).wall,
        path: "nat".to_owned(),
        count: 1_275,
        seconds: 90_000.0,
        lengths: lengths
            .map(|(up_to, count)| GapLength {
                up_to: Some(up_to),
                count,
            })
            .into_iter()
            .chain([GapLength {
                up_to: None,
                count: 2,
            }])
            .collect(),
    };
    let sheet = |name: &str, gaps| PathSheet {
        name: name.to_owned(),
        timeout_seconds: Some(350.0),
        clock: Some(Clock::Packets),
        gaps,
    };
    vec![sheet("gateway", None), sheet("nat", Some(gaps))]
}

fn agent() -> AgentSheet {
    let lines = |lines: &[(&str, &str)]| {
        let lines = lines.iter();
        lines
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    AgentSheet {
        ready: Some(Ok("ready".to_owned())),
        sections: vec![
            (
                "Daemon".to_owned(),
                lines(&[
                    ("version", "0.1.0"),
                    ("kernel", "6.18.0"),
                    ("watching", "snapshots"),
                ]),
            ),
            (
                "Hooks".to_owned(),
                lines(&[
                    ("send", "fentry"),
                    ("retransmit", "tracepoint"),
                    ("state", "none: not seen"),
                ]),
            ),
            (
                "Sweeps".to_owned(),
                lines(&[("every", "5s"), ("took", "3ms"), ("sockets", "30")]),
            ),
        ],
    }
}

/// Before anything was told.
pub fn app() -> App {
    let mut app = App::new("host".to_owned(), Filter::default(), now(0), (80, 24));
    app.handle(Event::Tick(now(1)));
    app
}

/// With 30 connections and what belongs to them.
pub fn full() -> App {
    let mut app = app();
    app.handle(Event::Tick(now(100)));
    for (number, at) in [(1, 40), (0, 60), (1, 95)] {
        app.handle(Event::Watched(Watched::Finding(Box::new(finding(
            number, at,
        )))));
    }
    app.handle(Event::Answer(Box::new(answer(30))));
    app.handle(Event::Tick(now(101)));
    app
}

pub fn answer(many: u64) -> Answer {
    Answer {
        connections: Some(batch(many)),
        alerts: (0..6).map(alert).collect(),
        paths: Some(paths()),
        agent: Some(agent()),
        opened: None,
        took: Duration::from_millis(3),
    }
}

/// All that a daemon knows of a connection, with `text` wherever others may have put it.
pub fn detail(number: u64, text: &str) -> ConnectionDetail {
    let row = row(number, IdleState::Stalled);
    let found = vec![finding(number, 40), finding(number, 95)];
    let told = ConnectionDetail::found(now(101).wall, Some(row), found);
    let event = |seconds, what, text: &str| TimelineEvent {
        time: now(seconds).wall,
        what,
        seconds: (what == EventKind::Silence).then_some(30.0),
        wrong: what == EventKind::Finding,
        text: text.to_owned(),
    };
    let next = |about: &str, command: &str| NextCommand {
        about: about.to_owned(),
        command: command.to_owned(),
    };
    ConnectionDetail {
        siblings: Some(SiblingsNow {
            fine: 12,
            newer: 1,
            failing: 2,
            connects_failing: 0,
        }),
        contrast: Some(PathContrast {
            path: text.to_owned(),
            timeout_seconds: 350.0,
            stated: true,
            longest_survived_gap_seconds: Some(340.0),
            shortest_failed_gap_seconds: Some(400.0),
        }),
        timeline: vec![
            event(5, EventKind::Sent, "129 bytes were sent"),
            event(6, EventKind::Silence, "nothing went either way"),
            event(40, EventKind::Finding, text),
            event(101, EventKind::Now, "now"),
        ],
        commands: vec![
            next(
                "its numbers, and how they go on",
                "ss -tinoe state all sport = :40001",
            ),
            next(text, text),
        ],
        ..told.unwrap()
    }
}

/// An answer in which the connection that is open was looked at.
pub fn looked(id: &str, told: Result<ConnectionDetail, String>) -> Answer {
    Answer {
        opened: Some(Looked {
            id: id.to_owned(),
            told: told.map(Box::new),
        }),
        ..answer(30)
    }
}

/// Names that command terminals, turn text around, are wide, or long.
pub fn names() -> Vec<String> {
    vec![
        "\u{1b}[2J\u{1b}]0;owned\u{7}evil\r\n\u{9b}31m".to_owned(),
        "\u{202e}gnp.exe\u{2066}\u{200f}".to_owned(),
        "👩‍👩‍👧‍👦🦀日本語テキスト".to_owned(),
        "e\u{301}\u{301}\u{301}\u{301}".to_owned(),
        "x".repeat(300),
        "אבג دهو".to_owned(),
        String::new(),
    ]
}

/// The same, with such names wherever a name stands.
pub fn hostile() -> App {
    let mut app = app();
    app.handle(Event::Tick(now(100)));
    let names = names();
    let name = |at: usize| names[at % names.len()].clone();
    let mut answer = answer(7);
    for (at, row) in answer
        .connections
        .as_mut()
        .unwrap()
        .rows
        .iter_mut()
        .enumerate()
    {
        row.connection.remote = name(at);
        row.connection.local = name(at + 1);
        row.owner.comm = Some(name(at));
        row.owner.unit = Some(name(at + 2));
        row.path = Some(name(at));
    }
    for (at, alert) in answer.alerts.iter_mut().enumerate() {
        alert.name = name(at);
        alert.path = name(at + 1);
        alert.owner = name(at + 2);
        alert.summary = name(at + 3);
        alert.example = name(at);
    }
    for (at, path) in answer.paths.as_mut().unwrap().iter_mut().enumerate() {
        path.name = name(at);
    }
    let agent = answer.agent.as_mut().unwrap();
    agent.ready = Some(Err(name(0)));
    for (at, (heading, lines)) in agent.sections.iter_mut().enumerate() {
        *heading = name(at);
        for (at, (of, value)) in lines.iter_mut().enumerate() {
            *of = name(at);
            *value = name(at + 1);
        }
    }
    let mut found = finding(0, 90);
    found.summary = name(0);
    found.advice = Some(name(1));
    found.evidence[0].fact = name(0).into();
    found.evidence[1].value = name(1).into();
    app.handle(Event::Watched(Watched::Finding(Box::new(found))));
    app.handle(Event::Answer(Box::new(answer)));
    app
}

/// Ten minutes ago, as the history has it.
pub fn past() -> Past {
    Past {
        at: now(100).wall,
        said: "2026-01-31 13:01:40 +01:00".to_owned(),
        since: now(0).wall,
        notes: Vec::new(),
        alerts: (0..6).map(alert).collect(),
        findings: [(1, 40), (0, 60), (2, 70), (1, 95)]
            .map(|(number, at)| finding(number, at))
            .into(),
        paths: paths(),
        agent: AgentSheet {
            ready: None,
            ..agent()
        },
    }
}

/// That moment, on the screen.
pub fn then(past: Past) -> App {
    App::at(
        "host".to_owned(),
        Filter::default(),
        now(700),
        (80, 24),
        past,
    )
}

/// What is on the screen.
pub fn picture(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal
        .draw(|frame| draw(app, frame, Theme { colour: true }))
        .unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..app.size.1 {
        let mut line = String::new();
        let mut covered = 0;
        for x in 0..app.size.0 {
            let symbol = buffer[(x, y)].symbol();
            if covered > 0 {
                covered -= 1;
                continue;
            }
            covered = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
