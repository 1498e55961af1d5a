//! The table at the widths of terminals, as it is kept in `table.txt`. Where a change is meant,
//! `TCPLULL_GOLDEN=write cargo test -p monitor --lib text::connections` keeps the new text.

use super::*;
use crate::text::tests::row;
use monitor_common::TcpState;
use monitor_model::format::{is_unseen, told_line};
use monitor_model::text::Text;
use proptest::prelude::*;
use std::path::Path;

/// Rows as hosts have them: all verdicts, each kind of owner, long names and addresses.
fn rows() -> Vec<ConnectionRow> {
    let plain = ConnectionRow {
        timeout_seconds: Some(240.0),
        packet_idle_seconds: 42.0,
        packet_idle_at_most_seconds: 42.0,
        payload_idle_seconds: 61.0,
        ..row()
    };
    let mut crossed = plain.clone();
    crossed.silence = IdleState::Crossed;
    crossed.packet_idle_seconds = 270.0;
    crossed.packet_idle_at_most_seconds = 270.0;
    crossed.payload_idle_seconds = 97_200.0;
    crossed.keepalive.time_seconds = Some(7_200.0);
    crossed.keepalive.interval_seconds = Some(75.0);
    crossed.connection.local = "192.168.100.104:51234".to_owned();
    crossed.connection.remote = "203.100.113.217:50051".to_owned();
    crossed.owner.comm = Some("checkout-worker".to_owned());
    crossed.owner.pid = Some(4_194_304);
    crossed.owner.unit = Some("checkout-worker@blue-7.service".to_owned());
    let mut at_risk = plain.clone();
    at_risk.silence = IdleState::AtRisk;
    at_risk.packet_idle_seconds = 0.015;
    at_risk.packet_idle_at_most_seconds = 28.0;
    at_risk.keepalive.enabled = false;
    at_risk.connection.local = "[2001:db8:85a3:8d3:1319:8a2e:370:7348]:51234".to_owned();
    at_risk.connection.remote = "[2001:db8::3]:443".to_owned();
    at_risk.owner.unit = None;
    at_risk.owner.container = Some("0123456789abcdef".repeat(4));
    at_risk.path = Some("a-path-with-a-long-name".to_owned());
    at_risk.clock = Some(Clock::Payload);
    let mut stalled = plain.clone();
    stalled.silence = IdleState::Stalled;
    stalled.unacked_bytes = Some(3_600_000);
    stalled.unread_bytes = None;
    stalled.state = Some(TcpState::FinWait1);
    stalled.owner = Owner::default();
    stalled.path = None;
    stalled.timeout_seconds = None;
    stalled.clock = None;
    vec![plain, crossed, at_risk, stalled]
}

fn table(table: &ConnectionTable) -> String {
    let rows = rows();
    let rows = rows.iter().map(|row| table.line(row));
    let lines = [table.header()].into_iter().chain(rows);
    lines.map(|line| line + "\n").collect()
}

#[test]
fn tables_are_as_they_were_kept() {
    let mut text = String::new();
    for width in [10, 20, 50, 80, 120, 200] {
        let shown = table(&ConnectionTable::fitting(width, false));
        for line in shown.lines() {
            assert!(super::width(line) <= width, "{width}: {line}");
        }
        text.push_str(&format!("{width} columns\n{shown}\n"));
    }
    text.push_str(&format!(
        "a pipe, or --wide\n{}\n",
        table(&ConnectionTable::whole(false))
    ));
    let coloured = table(&ConnectionTable::fitting(80, true)).replace('\u{1b}', "\\e");
    text.push_str(&format!("80 columns in colour\n{coloured}"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/text/connections/table.txt");
    if std::env::var_os("TCPLULL_GOLDEN").is_some_and(|wish| wish == "write") {
        std::fs::write(&file, &text).expect("it is written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "the table is not as it was kept:\n{text}");
}

#[test]
fn cells_stand_below_their_headings() {
    let table = ConnectionTable::whole(false);
    let (header, line) = (table.header(), table.line(&row()));
    for (heading, cell) in [
        ("REMOTE", "20.1.2.3:443"),
        ("STATE", "established"),
        ("VERDICT", "ok"),
        ("PATH", "nat 4s"),
        ("KEEPALIVE", "1s/1s"),
        ("OWNER", "api (1234) in api.service"),
    ] {
        let column = header.find(heading).expect("a heading");
        assert!(
            line[column..].starts_with(cell),
            "{heading}\n{header}\n{line}"
        );
    }
    // Numbers end where their headings end.
    let end = header.find("DATA-IDLE").expect("a heading") + "DATA-IDLE".len();
    assert!(line[..end].ends_with("6.2s"), "{header}\n{line}");
}

#[test]
fn a_packet_clock_that_a_read_moved_shows_its_bounds() {
    let packets = |least, most, wide| {
        let row = ConnectionRow {
            packet_idle_seconds: least,
            packet_idle_at_most_seconds: most,
            ..row()
        };
        packet_idle(&row, wide)
    };
    assert_eq!(packets(0.015, 28.0, true), "15ms-28s");
    assert_eq!(packets(0.015, 28.0, false), "≥15ms");
    assert_eq!(packets(28.0, 28.004, true), "28s");
}

#[test]
fn a_keepalive_that_does_not_help_is_marked() {
    let with = |time: f64, clock| {
        let mut row = row();
        row.keepalive.time_seconds = Some(time);
        row.clock = Some(clock);
        keepalive(&row).to_string()
    };
    assert_eq!(with(3.0, Clock::Packets), "3s/1s");
    assert_eq!(
        with(4.0, Clock::Packets),
        "4s/1s!",
        "as late as the timeout"
    );
    assert_eq!(with(1.0, Clock::Payload), "1s/1s!", "no data");
}

#[test]
fn sizes_have_five_letters_at_most() {
    for (bytes, words) in [
        (0, "0"),
        (1_023, "1023"),
        (1_024, "1K"),
        (70_000, "68K"),
        (3_600_000, "3.4M"),
        (1_073_741_823, "1023M"),
        (u32::MAX, "3.9G"),
    ] {
        assert_eq!(size(bytes), words);
    }
}

proptest! {
    #[test]
    fn whatever_names_say_a_row_is_one_line_that_fits(text in "\\PC{0,60}|[\\x00-\\x1f\\u{202e}a]{0,20}", terminal in 0_usize..250, colour: bool) {
        let mut row = row();
        row.owner.comm = Some(text.clone());
        row.owner.unit = Some(text.clone());
        row.path = Some(text.clone());
        row.connection.remote = text;
        let plain = ConnectionTable::fitting(terminal, false).line(&row);
        prop_assert!(width(&plain) <= terminal, "{}: {plain:?}", width(&plain));
        prop_assert!(!plain.contains(is_unseen), "{plain:?}");
        let coloured = ConnectionTable::fitting(terminal, colour).line(&row);
        prop_assert!(colour || coloured == plain);
        let told = told_line(&row).unwrap();
        let borrowed: ConnectionRow<Text<'_>> = serde_json::from_str(&told).unwrap();
        for table in [ConnectionTable::fitting(terminal, colour), ConnectionTable::whole(colour)] {
            prop_assert_eq!(table.line(&borrowed), table.line(&row));
        }
    }
}
