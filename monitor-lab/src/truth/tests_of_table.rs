//! The table that many runs make, and how soon verdicts came.

use super::table::{NOTHING, Table, cells, false_findings};
use super::tests_of_many::{finding, observation, observed};
use super::times::times;
use super::{Conclusion, Severity, Truth};
use crate::ends::End::Client;
use crate::timeline::{Entry, Happened};
use std::time::{Duration, Instant};

fn cell(truth: &str, observed: &str) -> (String, String) {
    (truth.to_owned(), observed.to_owned())
}

#[test]
fn the_table_has_a_cell_for_what_is_right_for_what_is_missed_and_for_what_is_false() {
    let truth = Truth::of_path("nat", 4).crosses(Client).due(
        Client,
        Conclusion::Blackholed,
        Severity::Page,
        4.0..=6.0,
    );
    let crossed = observation(Client, 0, finding(Client, "crossed", "", "ticket"));
    let outcome = |word| observation(Client, 0, finding(Client, "outcome", word, "page"));
    let quiet_server = cell(NOTHING, NOTHING);

    let right = observed(vec![crossed.clone(), outcome("blackholed")]);
    assert_eq!(
        cells(&truth, &right),
        [
            cell("crossed", "crossed"),
            cell("blackholed", "blackholed"),
            quiet_server.clone()
        ]
    );
    assert_eq!(false_findings(&truth, &right), 0);

    let confused = observed(vec![crossed.clone(), outcome("undelivered")]);
    assert_eq!(
        cells(&truth, &confused),
        [
            cell("crossed", "crossed"),
            cell("blackholed", "undelivered"),
            quiet_server.clone()
        ]
    );
    assert_eq!(false_findings(&truth, &confused), 1);

    let missed = observed(vec![crossed]);
    assert!(cells(&truth, &missed).contains(&cell("blackholed", NOTHING)));

    let mut stranger = outcome("reset");
    stranger.end = None;
    let strange = observed(vec![stranger]);
    assert!(cells(&truth, &strange).contains(&cell(NOTHING, "reset")));
    assert_eq!(false_findings(&truth, &strange), 1);
}

#[test]
fn the_table_counts_over_runs_and_shows_how_soon() {
    let start = Instant::now();
    let at = |seconds, what| Entry {
        at: start + Duration::from_secs_f64(seconds),
        what,
    };
    let entries = [
        at(0.0, Happened::Sent(Client, 0, "a".to_owned())),
        at(7.0, Happened::Sent(Client, 0, "b".to_owned())),
        // Not this one's: another connection, and too late.
        at(8.0, Happened::Sent(Client, 1, "c".to_owned())),
        at(9.5, Happened::Turn("the path comes back".to_owned())),
    ];
    let truth = Truth::of_path("nat", 4).crosses(Client).due(
        Client,
        Conclusion::Blackholed,
        Severity::Page,
        4.0..=6.0,
    );
    let mut crossed = observation(Client, 0, finding(Client, "crossed", "", "ticket"));
    crossed.at_seconds = 4.5;
    let blackholed = observation(Client, 0, finding(Client, "outcome", "blackholed", "page"));
    let observed = observed(vec![crossed, blackholed]);
    let times = times(&truth, &observed, &entries, start);
    let seconds: Vec<f64> = times.iter().map(|time| time.seconds).collect();
    assert!(
        (seconds[0] - 0.5).abs() < 1e-6,
        "after the timeout: {seconds:?}"
    );
    assert!(
        (seconds[1] - 2.0).abs() < 1e-6,
        "after the send: {seconds:?}"
    );

    let mut table = Table::default();
    for _ in 0..2 {
        table.add(&cells(&truth, &observed), &times, 1);
    }
    let summary = table.summary();
    assert_eq!(summary.table["blackholed"]["blackholed"], 2);
    assert_eq!(summary.false_findings, 2);
    assert_eq!(summary.times.len(), 2);
    let markdown = table.markdown();
    for line in ["| crossed ", "| nothing ", "False findings: 2."] {
        assert!(markdown.contains(line), "{markdown}");
    }
}
