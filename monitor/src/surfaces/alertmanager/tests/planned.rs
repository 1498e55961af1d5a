//! What is due when, second by second.

use super::super::notice::{Besides, Snapshot};
use super::super::schedule::{MOST_TOGETHER, SECOND, Schedule, Sent, Times};
use super::*;

const TIMES: Times = Times {
    resend_ns: 60 * SECOND,
    lease_ns: 240 * SECOND,
};

fn snapshot(alerts: impl IntoIterator<Item = Alert>) -> Snapshot {
    Snapshot::of(alerts, &Besides::default(), at("2026-01-31T12:30:00Z"))
}

/// A schedule that was given these at second 0.
fn given(alerts: impl IntoIterator<Item = Alert>) -> Schedule {
    let mut schedule = Schedule::new(TIMES);
    schedule.take(&snapshot(alerts), 0);
    schedule
}

fn owners(batch: &[Sent]) -> Vec<&str> {
    let mut owners: Vec<&str> = batch
        .iter()
        .map(|sent| sent.notice.labels["owner"].as_str())
        .collect();
    owners.sort_unstable();
    owners
}

/// Sends all that is due at this second, and answers whose alerts those were and whether they fire.
fn sends(schedule: &mut Schedule, second: u64) -> Vec<(String, bool)> {
    let mut sent = Vec::new();
    loop {
        let batch = schedule.batch(second * SECOND);
        if batch.is_empty() {
            sent.sort_unstable();
            return sent;
        }
        assert!(batch.len() <= MOST_TOGETHER);
        let told = batch.iter().map(|sent| {
            let owner = sent.notice.labels["owner"].clone();
            (owner, sent.notice.ended.is_none())
        });
        sent.extend(told);
        schedule.taken(&batch, second * SECOND, 0.0);
    }
}

fn told(owner: &str, fires: bool) -> (String, bool) {
    (owner.to_owned(), fires)
}

#[test]
fn what_fires_is_sent_at_once_and_each_minute_and_its_end_for_a_quarter_of_an_hour() {
    let mut schedule = given([fires("a")]);
    let mut sent = Vec::new();
    for second in 0..300 {
        schedule.take(&snapshot([fires("a")]), second * SECOND);
        sent.extend(
            sends(&mut schedule, second)
                .into_iter()
                .map(|told| (second, told)),
        );
    }
    let fired: Vec<_> = (0..5)
        .map(|minute| (minute * 60, told("a", true)))
        .collect();
    assert_eq!(sent, fired);
    let mut sent = Vec::new();
    for second in 300..2_000 {
        // The daemon shows it for as long itself.
        let shown = (second < 1_199).then(|| over("a"));
        schedule.take(&snapshot(shown), second * SECOND);
        sent.extend(
            sends(&mut schedule, second)
                .into_iter()
                .map(|told| (second, told)),
        );
    }
    let ended: Vec<_> = (5..20)
        .map(|minute| (minute * 60, told("a", false)))
        .collect();
    assert_eq!(sent, ended);
    assert_eq!(schedule.next_ns(), None);
}

#[test]
fn what_fires_again_is_no_longer_told_to_be_over() {
    let mut schedule = given([fires("a")]);
    sends(&mut schedule, 0);
    schedule.take(&snapshot([over("a")]), 10 * SECOND);
    assert_eq!(sends(&mut schedule, 10), [told("a", false)]);
    schedule.take(&snapshot([over("a"), fires("a")]), 20 * SECOND);
    assert_eq!(sends(&mut schedule, 20), [told("a", true)]);
    assert_eq!(schedule.next_ns(), Some(80 * SECOND));
}

#[test]
fn of_what_vanishes_the_end_is_told_whatever_the_daemon_shows() {
    // A change of severity leaves nothing that is over.
    let mut schedule = given([ticket("a"), fires("b")]);
    sends(&mut schedule, 0);
    schedule.take(&snapshot([fires("a"), fires("b")]), 5 * SECOND);
    assert_eq!(sends(&mut schedule, 5), [told("a", false), told("a", true)]);
    schedule.take(&snapshot([]), 10 * SECOND);
    let ends = [told("a", false), told("b", false)];
    assert_eq!(sends(&mut schedule, 10), ends);
}

#[test]
fn one_that_was_never_told_needs_no_end_unless_a_daemon_before_told_it() {
    let mut schedule = given([fires("a")]);
    schedule.take(&snapshot([]), SECOND);
    assert_eq!(sends(&mut schedule, 1), []);
    let mut schedule = given([over("a")]);
    assert_eq!(sends(&mut schedule, 0), [told("a", false)]);
}

#[test]
fn a_change_is_sent_at_once_and_with_it_what_is_due_soon() {
    let mut schedule = given([fires("a")]);
    sends(&mut schedule, 0);
    schedule.take(&snapshot([fires("a"), fires("b")]), 30 * SECOND);
    assert_eq!(sends(&mut schedule, 30), [told("b", true)]);
    schedule.take(&snapshot([fires("a"), fires("b"), fires("c")]), 55 * SECOND);
    assert_eq!(sends(&mut schedule, 55), [told("a", true), told("c", true)]);
}

#[test]
fn who_is_not_reached_is_tried_after_one_second_two_four_and_then_each_minute() {
    let mut schedule = given([fires("a")]);
    let (mut now, mut pauses) = (0, Vec::new());
    for _ in 0..9 {
        assert_eq!(schedule.batch(now).len(), 1);
        schedule.failed(now, 0.0);
        let next = schedule.next_ns().unwrap();
        assert!(schedule.batch(next - 1).is_empty());
        pauses.push((next - now) / SECOND);
        now = next;
        schedule.take(&snapshot([fires("a")]), now);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(schedule.waiting(now), 1);
    let batch = schedule.batch(now);
    schedule.taken(&batch, now, 0.0);
    assert_eq!(schedule.waiting(now), 0);
    schedule.take(&snapshot([fires("b")]), now);
    schedule.failed(now, 0.5);
    assert_eq!(schedule.next_ns(), Some(now + SECOND / 2));
}

#[test]
fn of_256_the_one_that_is_refused_is_found_and_left_out_for_longer_each_time() {
    let names: Vec<String> = (0..256).map(|number| format!("{number:03}")).collect();
    let all = || names.iter().map(|name| fires(name));
    let mut schedule = given(all());
    let refuses = |schedule: &mut Schedule, second: u64| {
        let mut requests = 0;
        let mut alone = 0;
        loop {
            let batch = schedule.batch(second * SECOND);
            if batch.is_empty() {
                return (requests, alone);
            }
            requests += 1;
            if owners(&batch).contains(&"077") {
                alone += u64::from(schedule.refused(&batch, second * SECOND));
            } else {
                schedule.taken(&batch, second * SECOND, 0.0);
            }
        }
    };
    assert_eq!(refuses(&mut schedule, 0), (17, 1));
    let mut tried = Vec::new();
    for second in 1..7_200 {
        schedule.take(&snapshot(all()), second * SECOND);
        let (requests, alone) = refuses(&mut schedule, second);
        assert!(requests <= 2, "{requests}");
        if alone > 0 {
            tried.push(second);
        }
    }
    assert_eq!(
        tried,
        [60, 180, 420, 900, 1_800, 2_700, 3_600, 4_500, 5_400, 6_300]
    );
}

#[test]
fn where_all_are_refused_one_after_the_other_none_is_at_fault() {
    let names: Vec<String> = (0..2_000).map(|number| format!("{number:04}")).collect();
    let mut schedule = given(names.iter().map(|name| fires(name)));
    let mut requests = 0;
    while !schedule.is_paused(0) {
        let batch = schedule.batch(0);
        requests += 1;
        schedule.refused(&batch, 0);
        assert!(requests <= 24);
    }
    assert_eq!(schedule.waiting(0), 2_000);
    assert_eq!(schedule.batch(SECOND).len(), MOST_TOGETHER);
}

#[test]
fn what_nobody_vouches_for_any_more_is_left_to_its_lease() {
    let mut schedule = given([fires("a")]);
    let mut last = 0;
    for second in 0..1_000 {
        if !sends(&mut schedule, second).is_empty() {
            last = second;
        }
    }
    assert_eq!(last, 240);
    assert_eq!(schedule.next_ns(), None);
    schedule.take(&snapshot([fires("a")]), 1_000 * SECOND);
    assert_eq!(sends(&mut schedule, 1_000), [told("a", true)]);
}

#[test]
fn at_the_end_all_that_fires_is_told_once_more_and_of_the_rest_what_is_new() {
    let mut schedule = given([fires("a"), fires("b"), fires("c"), over("d")]);
    sends(&mut schedule, 0);
    schedule.take(
        &snapshot([fires("a"), fires("b"), over("c"), over("d")]),
        50 * SECOND,
    );
    // Also while it is not time to try again.
    schedule.failed(50 * SECOND, 0.0);
    let batch = schedule.last_batch(50 * SECOND);
    assert_eq!(owners(&batch), ["a", "b", "c"]);
    schedule.taken(&batch, 51 * SECOND, 0.0);
    assert!(schedule.last_batch(50 * SECOND).is_empty());
}

#[test]
fn what_it_keeps_is_bounded_and_what_goes_untold_is_counted() {
    let mut schedule = Schedule::new(TIMES);
    let (mut dropped, mut begun) = (0, 0);
    for second in 0..100 {
        let names: Vec<String> = (0..100)
            .map(|number| format!("{second}-{number}"))
            .collect();
        schedule.take(
            &snapshot(names.iter().map(|name| fires(name))),
            second * SECOND,
        );
        dropped += schedule.dropped();
        // They are told that they fire, and never that they do not.
        let batch = schedule.batch(second * SECOND);
        let firing: Vec<Sent> = batch
            .into_iter()
            .filter(|sent| sent.notice.ended.is_none())
            .collect();
        begun += firing.len();
        schedule.taken(&firing, second * SECOND, 0.0);
    }
    assert_eq!(begun, 10_000);
    assert_eq!(schedule.waiting(99 * SECOND), 1_024);
    assert_eq!(dropped, 10_000 - 100 - 1_024);
}
