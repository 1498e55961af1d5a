//! Whatever text comes from outside, each outlet writes as many lines as it means to, and nothing in them that is unseen.

use super::connections::ConnectionTable;
use super::tests::{blackholed, firing, row};
use super::*;
use crate::surfaces::alert_lines::AlertLines;
use crate::surfaces::log::{Log, LogFormat};
use crate::surfaces::messages::Messages;
use crate::surfaces::metrics::{ByWorkload, Metrics, PathNumbers};
use crate::surfaces::sink::Sink;
use monitor_model::alert::AlertChange;
use monitor_model::detail::{
    ConnectionDetail, EventKind, NextCommand, PathContrast, TimelineEvent,
};
use monitor_model::finding::Evidence;
use monitor_model::format::{is_unseen, json_line, json_shown, printable_lines};
use monitor_model::listing::ConnectionRow;
use monitor_model::owner::Owner;
use monitor_sheet::Names;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

/// Text as others choose it: what is dangerous more often than chance would have it.
fn hostile() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        Just("\n2026-01-01T00:00:00Z  INFO all is well".to_owned()),
        Just("\r\u{1b}[2J".to_owned()),
        Just("\u{202e}\u{2066}\u{200f}\u{61c}".to_owned()),
        Just("\u{7f}\u{85}\u{9b}31m".to_owned()),
        Just("\u{2028}\u{2029}\u{0}".to_owned()),
        Just("\"}\\\n{\"kind\":\"".to_owned()),
        any::<String>(),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(one, 0..6).prop_map(|parts| parts.concat())
}

fn finding(text: &str) -> Finding {
    let mut finding = blackholed();
    finding.path = Some(text.to_owned());
    finding.advice = Some(text.to_owned());
    finding.settings = Some(text.to_owned());
    finding.summary = text.to_owned();
    finding.owner = owner_named(text);
    finding.connection.local = text.to_owned();
    finding.connection.remote = text.to_owned();
    finding.evidence.push(Evidence {
        fact: text.to_owned().into(),
        value: text.into(),
    });
    finding
}

/// `/metrics` of one path, once this finding was told.
fn measured(path: &str, finding: &Finding) -> String {
    let path = PathNumbers {
        name: path,
        timeout: Duration::from_secs(240),
    };
    let mut metrics = Metrics::new([path]);
    metrics.count_by_workload(ByWorkload {
        kinds: vec![finding.kind.class()],
        most: 1,
    });
    let told = Finding {
        path: Some(path.name.to_owned()),
        ..finding.clone()
    };
    metrics.on_finding(&told).expect("it is counted");
    metrics.render()
}

fn owner_named(text: &str) -> Owner {
    let name = || Some(text.to_owned());
    Owner {
        comm: name(),
        unit: name(),
        container: name(),
        pod: name(),
        workload: name(),
        container_name: name(),
        pod_name: name(),
        namespace: name(),
        cgroup: name(),
        unknown: name(),
        ..row().owner
    }
}

fn connection(text: &str) -> ConnectionRow {
    let mut connection = row();
    connection.owner = owner_named(text);
    connection.path = Some(text.to_owned());
    connection.connection.local = text.to_owned();
    connection.connection.remote = text.to_owned();
    connection
}

/// All of a connection, with this text wherever others may have put it.
fn detail(text: &str) -> ConnectionDetail {
    let (finding, row) = (finding(text), connection(text));
    let event = |what| TimelineEvent {
        time: finding.time,
        what,
        seconds: None,
        wrong: false,
        text: text.to_owned(),
    };
    ConnectionDetail {
        time: finding.time,
        connection: row.connection.clone(),
        owner: row.owner.clone(),
        row: Some(ConnectionRow {
            alerts: vec![text.to_owned()],
            ..row
        }),
        numbers: None,
        followed: None,
        siblings: None,
        contrast: Some(PathContrast {
            path: text.to_owned(),
            timeout_seconds: 1.0,
            stated: true,
            longest_survived_gap_seconds: None,
            shortest_failed_gap_seconds: Some(2.0),
        }),
        meanings: [(text.to_owned(), text.to_owned())].into(),
        timeline: vec![event(EventKind::Finding), event(EventKind::Silence)],
        timeline_left_out: 1,
        commands: vec![NextCommand {
            about: text.to_owned(),
            command: text.to_owned(),
        }],
        findings: vec![finding],
        findings_left_out: 1,
    }
}

fn alert(text: &str) -> Alert {
    Alert {
        name: text.to_owned(),
        path: text.to_owned(),
        owner: text.to_owned(),
        summary: text.to_owned(),
        example: text.to_owned(),
        path_owner: Some(text.to_owned()),
        lost: Some(text.to_owned()),
        reason: Some(text.to_owned()),
        ..firing()
    }
}

/// Holds text to its number of lines.
fn shown(text: &str, lines: usize) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let unseen = text.chars().filter(|c| is_unseen(*c) && *c != '\n').count();
    assert_eq!(
        (text.matches('\n').count() + 1, unseen),
        (lines, 0),
        "{text:?}"
    );
}

/// Holds what scripts read to one line that says the same.
fn says_the_same<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let line = json_line(value).unwrap();
    shown(&line, 1);
    assert_eq!(&serde_json::from_str::<T>(&line).unwrap(), value);
    let others = serde_json::to_string(value).unwrap();
    assert_eq!(json_shown(others), line);
}

/// Takes each line that is written.
struct Lines(Sender<String>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0.send(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the log and the daemon's own messages hold of this.
fn logged(format: LogFormat, text: &str) -> Vec<String> {
    let (sender, lines) = channel();
    Log(format, Lines(sender.clone()))
        .on_finding(&finding(text))
        .unwrap();
    let messages = Messages::start(Lines(sender)).unwrap();
    let subscriber = tracing_subscriber::fmt().with_writer(messages.clone());
    let change = AlertChange::Firing(alert(text));
    let tell = || AlertLines.on_alert(&change).unwrap();
    match format {
        LogFormat::Human => {
            tracing::subscriber::with_default(subscriber.with_ansi(false).finish(), tell)
        }
        LogFormat::Json => tracing::subscriber::with_default(subscriber.json().finish(), tell),
    }
    messages.end(Instant::now() + Duration::from_secs(60));
    drop(messages);
    lines.try_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_from_outside_leaves_its_place(text in hostile()) {
        let (finding, connection, alert) = (finding(&text), connection(&text), alert(&text));
        shown(&finding_line(&finding), 1);
        shown(&watch_lines(&finding), 3);
        shown(&ConnectionTable::whole(false).line(&connection), 1);
        shown(&ConnectionTable::fitting(50, false).line(&connection), 1);
        shown(&alert_line(&alert), 1);
        let detail = detail(&text);
        for width in [20, 80, usize::MAX] {
            let page = monitor_sheet::connection(&detail, &Names::new(), width);
            page.iter().for_each(|line| shown(&line.text, 1));
            // Its last line may be empty.
            shown(&(sheet(&page, false) + "."), page.len());
        }
        shown(&log_line(&text), 1);
        let check = CheckRow {
            subject: text.clone(),
            works: false,
            detail: text.clone(),
            remedy: Some(text.clone()),
        };
        shown(&check_lines(&[check]), 2);
        shown(&printable_lines(&text), text.strip_suffix('\n').unwrap_or(&text).matches('\n').count() + 1);
        says_the_same(&finding);
        says_the_same(&connection);
        says_the_same(&alert);
        says_the_same(&detail);
        for format in [LogFormat::Human, LogFormat::Json] {
            let lines = logged(format, &text);
            prop_assert_eq!(lines.len(), 2);
            for line in lines {
                shown(&line, 1);
                prop_assert!(format != LogFormat::Json || serde_json::from_str::<serde_json::Value>(&line).is_ok());
            }
        }
        let plain = measured("path", &blackholed());
        shown(&measured(&text, &finding), plain.trim_end().lines().count());
    }
}
