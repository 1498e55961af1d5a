//! This host's own tables of connections: they are asked when a finding is near, and say what became of the entry.

use super::story::{Story, azure, evidence};
use crate::{Input, LocalBackend, LocalEntry, LocalTable, TableQuestion};
use monitor_common::FactKind;
use monitor_model::finding::Finding;

/// A table of the host, which the connection passes, without an entry of it.
fn without() -> LocalTable {
    LocalTable {
        host: true,
        entry: None,
        passes: true,
        timeout_s: Some(432_000),
        entries: Some(1_000),
        most: Some(262_144),
    }
}

/// The same with an entry that leads to a backend.
fn leading_to(backend: LocalBackend) -> LocalTable {
    LocalTable {
        entry: Some(LocalEntry {
            answered: true,
            left_s: 431_900,
            local: None,
            remote: Some("10.244.1.9:8080".parse().unwrap()),
            backend,
        }),
        ..without()
    }
}

/// Whoever tells the judge answers what it asks for.
fn answer(story: &mut Story, kind: FactKind, table: Option<&LocalTable>) -> Option<TableQuestion> {
    let fact = story.fact(kind);
    let asked = story.judge.asks_tables(&fact);
    if let Some((question, table)) = asked.zip(table) {
        let answer = Input::LocalTables {
            now_ns: story.now,
            cookie: question.cookie,
            in_trouble: question.in_trouble,
            tables: vec![table.clone()],
        };
        story.judge.take(&answer, &mut story.verdicts);
    }
    asked
}

/// The answer is there with the rows of the sweep.
fn sweep(story: &mut Story, table: Option<&LocalTable>) -> Option<TableQuestion> {
    let asked = answer(story, FactKind::Swept, table);
    story.sweep();
    asked
}

/// What was sent times out three times. Of a timeout's fact the answer comes after it is told.
fn times_out(story: &mut Story, table: Option<&LocalTable>) {
    for _ in 0..3 {
        story.wait(1.0).times_out();
        answer(story, FactKind::Retransmitted, table);
        sweep(story, table);
    }
}

/// The finding where what is sent after so many seconds of silence times out again and again, and the table says this.
fn lost(silence: f64, table: Option<LocalTable>) -> Finding {
    let mut story = Story::on(azure());
    story.wait(silence).sends(200);
    times_out(&mut story, table.as_ref());
    story.finding("blackholed").clone()
}

fn word(finding: &Finding) -> Option<&str> {
    let mut all = finding.evidence.iter();
    let found = all.find(|one| one.fact == "local_conntrack")?;
    found.value.as_str()
}

fn advice(finding: &Finding) -> &str {
    finding.advice.as_deref().unwrap_or_default()
}

#[test]
fn without_an_answer_nothing_is_said_of_tables_and_the_rest_is_the_same() {
    let silent = lost(5.0, None);
    assert_eq!(word(&silent), None);
    let told = lost(5.0, Some(without()));
    assert_eq!((told.severity, told.scope), (silent.severity, silent.scope));
}

#[test]
fn an_entry_that_went_before_its_time_was_flushed_or_evicted() {
    let finding = lost(5.0, Some(without()));
    assert_eq!(word(&finding), Some("gone"));
    assert_eq!(evidence(&finding, "local_conntrack_of"), "host");
    assert_eq!(
        evidence(&finding, "local_conntrack_timeout_seconds"),
        432_000
    );
    assert!(
        finding.summary.contains("lost its entry before its time"),
        "{}",
        finding.summary
    );
    assert!(
        advice(&finding).contains("`conntrack -F`"),
        "{}",
        advice(&finding)
    );
    assert!(advice(&finding).contains("nf_conntrack_count is 1000 of nf_conntrack_max 262144"));
}

#[test]
fn an_entry_that_outlived_its_timeout_was_forgotten_here_and_the_sysctl_is_named() {
    let quick = LocalTable {
        timeout_s: Some(200),
        ..without()
    };
    let finding = lost(300.0, Some(quick));
    assert_eq!(word(&finding), Some("gone"));
    assert!(
        finding.summary.contains("own conntrack table forgot it"),
        "{}",
        finding.summary
    );
    let due = "this host itself is the box that forgot it: `net.netfilter.nf_conntrack_tcp_timeout_established` is 200";
    assert!(advice(&finding).starts_with(due), "{}", advice(&finding));
}

#[test]
fn a_silence_that_the_table_does_not_outlast_is_told_with_the_sysctl_while_it_lasts() {
    let quick = LocalTable {
        timeout_s: Some(200),
        ..without()
    };
    let mut story = Story::on(azure());
    story.wait(300.0);
    sweep(&mut story, Some(&quick));
    let finding = story.finding("crossed");
    assert_eq!(word(finding), Some("gone"));
    let summary = &finding.summary;
    assert!(
        summary.ends_with("own conntrack table forgot it"),
        "{summary}"
    );
    let due = "this host's own table is such a box: `net.netfilter.nf_conntrack_tcp_timeout_established` is 200 there";
    assert!(advice(finding).contains(due), "{}", advice(finding));
}

#[test]
fn a_full_table_says_so_with_its_numbers() {
    let full = LocalTable {
        entries: Some(262_144),
        ..without()
    };
    let finding = lost(5.0, Some(full));
    assert_eq!(word(&finding), Some("full"));
    assert_eq!(evidence(&finding, "local_conntrack_entries"), 262_144);
    assert!(
        advice(&finding).contains("raise `net.netfilter.nf_conntrack_max`"),
        "{}",
        advice(&finding)
    );
}

#[test]
fn a_service_whose_backend_is_gone_is_told_with_the_backend() {
    let finding = lost(5.0, Some(leading_to(LocalBackend::NoRoute)));
    assert_eq!(word(&finding), Some("stands"));
    assert_eq!(evidence(&finding, "backend"), "10.244.1.9:8080");
    assert_eq!(evidence(&finding, "backend_found"), "no_route");
    let due = "this host leads it to the backend 10.244.1.9:8080, which no route leads to";
    assert!(finding.summary.contains(due), "{}", finding.summary);
    assert!(
        advice(&finding).contains("--reply-src 10.244.1.9`"),
        "{}",
        advice(&finding)
    );
}

#[test]
fn of_a_table_that_may_never_have_had_it_nothing_is_said_and_of_one_that_had_it_is() {
    let elsewhere = LocalTable {
        passes: false,
        ..without()
    };
    assert_eq!(word(&lost(5.0, Some(elsewhere.clone()))), None);

    // A sweep shows it at risk, and there is the entry.
    let mut story = Story::on(azure());
    story.wait(200.0);
    let asked = sweep(&mut story, Some(&leading_to(LocalBackend::Unknown)));
    assert!(asked.is_some_and(|asked| !asked.in_trouble));
    assert_eq!(sweep(&mut story, None), None, "asked once in a silence");
    story.sends(200);
    times_out(&mut story, Some(&elsewhere));
    assert_eq!(word(story.finding("blackholed")), Some("gone"));
}

#[test]
fn of_a_healthy_connection_nothing_is_asked() {
    let mut story = Story::on(azure());
    for _ in 0..5 {
        story.wait(1.0);
        assert_eq!(sweep(&mut story, None), None);
    }
}

#[test]
fn an_answer_is_recorded_and_read_again() {
    let line = r#"{"local_tables":{"now_ns":5,"cookie":7,"in_trouble":true,"tables":[{"host":true,"entry":{"answered":true,"left_s":431900,"remote":"10.244.1.9:8080","backend":"no_route"},"passes":true,"timeout_s":432000,"entries":1000,"most":262144}]}}"#;
    let answer = Input::LocalTables {
        now_ns: 5,
        cookie: 7,
        in_trouble: true,
        tables: vec![leading_to(LocalBackend::NoRoute)],
    };
    let entry = crate::recording::Entry::of(&answer);
    assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    let again: crate::recording::Entry = serde_json::from_str(line).unwrap();
    let Some(Input::LocalTables {
        cookie: 7, tables, ..
    }) = again.input()
    else {
        panic!("{again:?}");
    };
    assert_eq!(tables, [leading_to(LocalBackend::NoRoute)]);
}
