//! When an alert waits, fires and is over.

use super::*;

#[test]
fn a_page_waits_from_its_first_finding_and_fires_when_it_lasted() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(9);
    assert_eq!(watch.said(), ["blackholed pending"]);
    assert_eq!(watch.shown(), ["blackholed page pending 1"]);
    watch.wait(1);
    assert_eq!(watch.said(), ["blackholed fires"]);
    let alert = watch.alert("blackholed");
    assert_eq!(alert.since, moment(0), "since its first finding");
    assert_eq!(alert.fired, Some(moment(10)));
    assert_eq!(alert.ended, None);
}

#[test]
fn a_page_waits_for_as_long_as_is_set() {
    let mut watch = Watch::with(Limits {
        page_after_ns: 30 * SECOND,
        ..Limits::default()
    });
    watch.told(hangs(1)).wait(29);
    assert_eq!(watch.said(), ["blackholed pending"]);
    watch.wait(1);
    assert_eq!(watch.said(), ["blackholed fires"]);
}

#[test]
fn the_clock_is_the_groups_however_short_each_connection_lives() {
    let mut watch = Watch::new();
    for connection in 0..4 {
        watch.told(outcome(Outcome::Reset, connection)).wait(4);
    }
    assert_eq!(watch.said(), ["reset pending", "reset fires"]);
    let alert = watch.alert("reset");
    assert_eq!((alert.since, alert.fired), (moment(0), Some(moment(10))));
    assert_eq!(alert.count, 4);
}

#[test]
fn a_pause_begins_the_clock_anew() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(6)
        .moves(1)
        .wait(2)
        .told(hangs(2))
        .wait(9);
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "blackholed mended",
            "interrupted fires",
            "blackholed pending"
        ]
    );
    assert_eq!(watch.alert("blackholed").since, moment(8));
    watch.wait(1);
    assert_eq!(watch.said(), ["blackholed fires"]);
}

#[test]
fn one_connection_after_the_other_without_a_pause_is_one_page() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(6)
        .told(hangs(2))
        .wait(1)
        .moves(1)
        .wait(3);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
}

#[test]
fn undelivered_pages_at_once() {
    let mut watch = Watch::new();
    watch.told(outcome(Outcome::Undelivered, 1));
    assert_eq!(watch.said(), ["undelivered fires"]);
    watch.wait(119);
    assert_eq!(watch.shown(), ["undelivered page firing 0"]);
    watch.wait(2);
    assert_eq!(watch.said(), ["undelivered over"]);
}

#[test]
fn a_ticket_fires_at_once() {
    let mut watch = Watch::new();
    watch.told(crossed(1)).told(outcome(Outcome::Closed, 2));
    assert_eq!(watch.said(), ["crossed fires", "closed fires"]);
}

#[test]
fn what_fired_is_not_over_before_a_scrape_has_seen_it() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(11).moves(1);
    watch.said();
    watch.wait(118);
    assert_eq!(watch.shown(), ["blackholed page firing 0"]);
    assert!(watch.said().is_empty());
    watch.wait(2);
    assert_eq!(watch.said(), ["blackholed over"]);
    assert_eq!(watch.shown(), [""; 0]);
    assert_eq!(watch.alert("blackholed").ended, Some(moment(130)));
}

#[test]
fn what_is_affected_again_while_it_fires_just_goes_on() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(11)
        .moves(1)
        .wait(60)
        .told(hangs(2))
        .wait(600);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    let alert = watch.alert("blackholed");
    assert_eq!(
        (alert.connections, alert.count, alert.since),
        (1, 2, moment(0))
    );
}

#[test]
fn what_is_over_is_shown_for_a_quarter_of_an_hour() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(11).moves(1).wait(150);
    let alert = watch.alert("blackholed");
    assert_eq!((alert.state, alert.connections), (AlertState::Over, 0));
    watch.wait(860);
    assert_eq!(watch.alert("blackholed"), alert);
    watch.wait(60);
    assert_eq!(watch.alerts.all().count(), 0);
}

#[test]
fn a_stuck_connection_keeps_its_group_affected_whatever_its_siblings_do() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .told(outcome(Outcome::Reset, 2))
        .told(hangs(3));
    watch.wait(1).reconnects(2).moves(3).wait(10_000);
    assert_eq!(watch.shown()[0], "blackholed page firing 1");
    watch.moves(1).wait(2);
    assert!(watch.said().contains(&"blackholed over".to_owned()));
}

#[test]
fn trouble_that_mends_itself_again_and_again_is_one_ticket_with_a_count() {
    let mut watch = Watch::new();
    for connection in 0..5 {
        watch
            .told(hangs(connection))
            .wait(3)
            .moves(connection)
            .wait(1_800);
    }
    let said = watch.said();
    assert_eq!(said.iter().filter(|one| one.ends_with("fires")).count(), 1);
    let ticket = watch.alert("interrupted");
    assert_eq!((ticket.severity, ticket.count), (Severity::Ticket, 5));
    assert_eq!(
        ticket.summary,
        "mended before it paged, 5 times; the latest: connection 4"
    );
    watch.wait(1_790);
    assert_eq!(watch.shown(), ["interrupted ticket firing 0"]);
    watch.wait(20);
    assert_eq!(
        watch.said(),
        ["interrupted over"],
        "an hour after the last one"
    );
}

#[test]
fn an_outage_shorter_than_the_wait_pages_nobody() {
    let mut watch = Watch::new();
    for connection in 0..20 {
        watch.told(unreachable(connection));
    }
    watch.wait(2);
    for connection in 0..20 {
        watch.moves(connection);
    }
    watch.wait(60);
    assert_eq!(
        watch.said(),
        [
            "unreachable pending",
            "unreachable mended",
            "interrupted fires"
        ]
    );
    assert_eq!(watch.alert("interrupted").owner, "any");
}
