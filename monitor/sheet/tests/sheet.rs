//! The timeline and the page of connections as somebody may look at them.

use monitor_common::{FactKind, TcpState};
use monitor_model::detail::{ConnectionDetail, EventKind, Followed, SocketNumbers};
use monitor_model::finding::{Clock, Connection, Family, Role};
use monitor_model::listing::{ConnectionRow, IdleState, Keepalive};
use monitor_model::owner::Owner;
use monitor_model::time::Timestamp;
use monitor_sheet::{Names, Note, connection, events, timeline};
use unicode_width::UnicodeWidthStr;

/// 2026-01-31T12:00:00Z, in ns since 1970.
const NOON: i64 = 1_769_860_800_000_000_000;

/// So many seconds after noon.
fn at(seconds: f64) -> Timestamp {
    Timestamp::of(NOON + (seconds * 1e9) as i64)
}

/// Silent for 100 s at noon, on a path of 240 s; keepalive begins after 75 s more.
fn silent() -> ConnectionDetail {
    let of = Connection {
        id: "1f-49428553-e8336855".to_owned(),
        flow_id: "49428553-e8336855".to_owned(),
        family: Family::Ipv4,
        local: "10.0.0.4:51234".to_owned(),
        remote: "20.1.2.3:443".to_owned(),
        netns: 1,
        role: Role::Client,
    };
    let row = ConnectionRow {
        connection: of.clone(),
        owner: Owner::default(),
        state: Some(TcpState::Established),
        payload_idle_seconds: 100.0,
        packet_idle_seconds: 100.0,
        packet_idle_at_most_seconds: 100.0,
        path: Some("nat".to_owned()),
        timeout_seconds: Some(240.0),
        clock: Some(Clock::Packets),
        keepalive: Keepalive {
            enabled: true,
            time_seconds: Some(175.0),
            interval_seconds: Some(75.0),
            probes: Some(9),
        },
        silence: IdleState::Ok,
        unacked_bytes: Some(0),
        unread_bytes: Some(0),
        alerts: Vec::new(),
    };
    ConnectionDetail {
        time: at(0.0),
        connection: of,
        owner: Owner::default(),
        row: Some(row),
        numbers: Some(numbers()),
        followed: Some(Followed::default()),
        siblings: None,
        contrast: None,
        findings: Vec::new(),
        findings_left_out: 0,
        meanings: [].into(),
        timeline: Vec::new(),
        timeline_left_out: 0,
        commands: Vec::new(),
    }
}

fn numbers() -> SocketNumbers {
    SocketNumbers {
        rtt_ms: Some(1.0),
        rtt_min_ms: None,
        rto_ms: 204.0,
        mss: 1_448,
        rcv_mss: 536,
        snd_wnd: 65_536,
        rcv_wnd: 65_536,
        packets_out: 0,
        sacked_out: 0,
        retrans_out: 0,
        total_retrans: 0,
        timeouts: 0,
        probes_out: 0,
        notsent_bytes: 0,
        bytes_sent: 5,
        bytes_retrans: 0,
        bytes_acked: 6,
        bytes_received: 7,
        segs_out: 4,
        segs_in: 4,
        data_segs_out: 1,
        data_segs_in: 1,
        rcv_ooopack: 0,
        lastsnd_seconds: 101.0,
        lastrcv_seconds: 100.0,
        lastack_seconds: 100.0,
        recovering_seconds: None,
        pacing_bytes_per_second: None,
        user_timeout_ms: 0,
        error: 0,
        orphan: false,
    }
}

/// What happened, and when in seconds after noon.
fn told(detail: &ConnectionDetail, notes: &[Note]) -> Vec<(EventKind, f64)> {
    let all = events(detail, notes);
    let seconds = |time: Timestamp| (time.unix_ns() - NOON) as f64 / 1e9;
    all.iter()
        .map(|one| (one.what, seconds(one.time)))
        .collect()
}

#[test]
fn of_a_healthy_connection_the_clocks_tell_what_was_and_what_comes() {
    let detail = silent();
    assert_eq!(
        told(&detail, &[]),
        [
            (EventKind::Sent, -101.0),
            (EventKind::Received, -100.0),
            (EventKind::Silence, -100.0),
            (EventKind::Now, 0.0),
            (EventKind::Next, 75.0),
            (EventKind::Next, 140.0),
        ]
    );
    let lines = timeline(&events(&detail, &[]), detail.time, 80);
    let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        lines,
        [
            "11:58:19.000  →  sent data last",
            "11:58:20.000  ←  received data last",
            "11:58:20.000     (silence: 1m40s so far, 2m20s left of nat's 4m)",
            "12:00:00.000  ·  now: established, ok",
            "12:01:15.000     in 1m15s: its first keepalive probe",
            "12:02:20.000     in 2m20s: nat may forget it",
        ]
    );
}

/// Since 4 s nobody answers: what the kernel counts shows it where nothing was noted, and what was noted is not told twice.
#[test]
fn what_waits_is_told_once_however_it_is_known() {
    let mut detail = silent();
    detail.numbers = Some(SocketNumbers {
        packets_out: 1,
        retrans_out: 1,
        timeouts: 3,
        rto_ms: 1_632.0,
        lastsnd_seconds: 0.5,
        lastrcv_seconds: 20.0,
        lastack_seconds: 20.0,
        recovering_seconds: Some(3.5),
        ..numbers()
    });
    detail.followed = Some(Followed {
        waits_since: Some(at(-4.0)),
        ..Followed::default()
    });
    if let Some(row) = &mut detail.row {
        row.silence = IdleState::Stalled;
        row.packet_idle_seconds = 0.5;
    }
    assert_eq!(
        told(&detail, &[]),
        [
            (EventKind::Received, -20.0),
            (EventKind::Silence, -20.0),
            (EventKind::Sent, -4.0),
            (EventKind::SentAgain, -3.5),
            (EventKind::SentAgain, -0.5),
            (EventKind::Now, 0.0),
            (EventKind::Next, 1.132),
        ]
    );
    let note = |seconds, kind, timeouts, silence_ns| Note {
        time: at(seconds),
        kind,
        payload: 0,
        timeouts,
        silence_ns,
        state: None,
    };
    let notes = [
        note(-3.9, FactKind::GapEndedBySend, 0, 16_100_000_000),
        note(-3.501, FactKind::Retransmitted, 0, 0),
        note(-2.0, FactKind::Retransmitted, 1, 0),
        note(-0.502, FactKind::Retransmitted, 2, 0),
    ];
    assert_eq!(
        told(&detail, &notes),
        [
            (EventKind::Received, -20.0),
            (EventKind::Silence, -20.0),
            (EventKind::Sent, -3.9),
            (EventKind::SentAgain, -3.501),
            (EventKind::SentAgain, -2.0),
            (EventKind::SentAgain, -0.502),
            (EventKind::Now, 0.0),
            (EventKind::Next, 1.132),
        ]
    );
}

#[test]
fn another_day_is_named() {
    let mut detail = silent();
    if let Some(row) = &mut detail.row {
        row.packet_idle_seconds = 90_000.0;
    }
    let lines = timeline(&events(&detail, &[]), detail.time, 80);
    let days: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(days.first(), Some(&"2026-01-30"), "{days:?}");
    assert_eq!(days.iter().filter(|line| **line == "2026-01-31").count(), 1);
}

#[test]
fn a_page_is_as_wide_as_its_place() {
    let mut detail = silent();
    detail.timeline = events(&detail, &[]);
    for width in 1..140 {
        for line in connection(&detail, &Names::new(), width) {
            assert!(line.text.width() <= width, "{width}: {:?}", line.text);
        }
    }
    // Endless, nothing is broken.
    let whole = connection(&detail, &Names::new(), usize::MAX);
    assert!(whole.len() < 40, "{whole:?}");
}

#[test]
fn names_stand_beside_the_addresses_where_they_are_known() {
    let detail = silent();
    let name = "api.example.com\u{1b}[2J".to_owned();
    let names = Names::from([("20.1.2.3".parse().unwrap(), name)]);
    let page = connection(&detail, &names, 80);
    let named = page.iter().find(|line| line.text.starts_with("remote"));
    let text = &named.expect("a name").text;
    assert_eq!(text, "remote      api.example.com\u{fffd}[2J");
}
