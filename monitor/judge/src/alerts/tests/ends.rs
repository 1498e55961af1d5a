//! How connections leave their alerts.

use super::*;

#[test]
fn findings_that_wake_nobody_begin_nothing() {
    let mut watch = Watch::new();
    watch.told(outcome(Outcome::Survived, 1));
    let guessed = finding(FindingKind::Crossed, Severity::None, 1);
    watch.told(guessed).told(stall(Cause::ZeroWindow, 2));
    assert_eq!(watch.alerts.all().count(), 0);
}

#[test]
fn the_outcome_takes_the_place_of_the_crossing() {
    let mut watch = Watch::new();
    watch.told(crossed(1)).told(outcome(Outcome::Blackholed, 1));
    assert_eq!(
        watch.shown(),
        ["blackholed page pending 1", "crossed ticket firing 0"]
    );
    watch.speaks(1).wait(20);
    assert_eq!(
        watch.shown()[0],
        "blackholed page firing 1",
        "the silence is not the page"
    );
    watch.told(outcome(Outcome::Recovered, 1));
    assert_eq!(watch.shown()[0], "blackholed page firing 0");
}

#[test]
fn a_blackhole_after_a_silence_lasts_until_it_is_told_to_be_over() {
    let mut watch = Watch::new();
    watch.told(outcome(Outcome::Blackholed, 1)).wait(20_000);
    assert_eq!(watch.shown(), ["blackholed page firing 1"]);
}

#[test]
fn a_crossing_does_not_age_while_the_connection_is_silent() {
    let mut watch = Watch::new();
    watch.told(crossed(1)).wait(20_000);
    assert_eq!(watch.shown(), ["crossed ticket firing 1"]);
    watch.speaks(1).wait(2);
    assert_eq!(watch.shown(), [""; 0]);
}

#[test]
fn a_client_that_has_gone_keeps_no_page_of_its_server() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(3).over(1, End::ByClient).wait(20);
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "blackholed mended",
            "interrupted fires"
        ]
    );
}

#[test]
fn what_the_kernel_gave_up_is_affected_for_as_long_as_a_page_waits() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(3).over(1, End::Badly).wait(7);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    watch.wait(118);
    assert_eq!(
        watch.shown(),
        ["blackholed page firing 0"],
        "a scrape sees it"
    );
    watch.wait(4);
    assert_eq!(watch.said(), ["blackholed over"]);
}

#[test]
fn one_finding_of_a_connection_that_is_gone_is_no_page_by_itself() {
    let mut watch = Watch::new();
    let mut given_up = hangs(1);
    given_up.given_up = true;
    watch.told(given_up).wait(60);
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "blackholed mended",
            "interrupted fires"
        ]
    );
}

#[test]
fn who_reconnects_after_a_reset_is_not_affected() {
    let mut watch = Watch::new();
    watch
        .told(outcome(Outcome::Reset, 1))
        .wait(3)
        .reconnects(1)
        .wait(2);
    assert_eq!(
        watch.said(),
        ["reset pending", "reset mended", "interrupted fires"]
    );
}

#[test]
fn resets_on_and_on_with_a_reconnect_after_each_are_a_ticket_that_counts() {
    let mut watch = Watch::new();
    for connection in 0..6 {
        watch.told(outcome(Outcome::Reset, connection)).wait(1);
        watch.reconnects(connection).wait(4);
    }
    assert_eq!(watch.shown(), ["interrupted ticket firing 0"]);
    assert_eq!(watch.alert("interrupted").count, 6);
}

#[test]
fn reconnecting_frees_nobody_who_is_stuck() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).reconnects(1).wait(10);
    assert_eq!(watch.shown(), ["blackholed page firing 1"]);
}

#[test]
fn ended_by_its_operator_is_not_affected_and_leaves_no_ticket() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(3)
        .over(1, End::ByOperator)
        .wait(60);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed mended"]);
    watch
        .told(hangs(2))
        .wait(10)
        .over(2, End::ByOperator)
        .wait(150);
    assert_eq!(
        watch.said(),
        ["blackholed pending", "blackholed fires", "blackholed over"]
    );
}

#[test]
fn ended_in_peace_is_not_affected() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(3).over(1, End::InPeace).wait(20);
    assert_eq!(watch.shown(), ["interrupted ticket firing 0"]);
}

#[test]
fn a_stall_that_ends_because_its_connection_is_dead_was_not_over() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(9)
        .moves(1)
        .over(1, End::Badly)
        .wait(1);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    // A moment later it was over, and then dead of something else.
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(3)
        .moves(1)
        .wait(2)
        .over(1, End::Badly)
        .wait(10);
    assert_eq!(watch.shown(), ["interrupted ticket firing 0"]);
}

#[test]
fn the_end_of_what_ended_badly_does_not_prolong_it() {
    let mut watch = Watch::new();
    watch
        .told(outcome(Outcome::Closed, 1))
        .wait(300)
        .over(1, End::Badly)
        .wait(1);
    assert_eq!(watch.shown(), [""; 0]);
}

#[test]
fn a_stall_of_which_worse_is_known_goes_on_under_the_same_clock() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).wait(60);
    watch.moves(1).told(hangs(1));
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "blackholed fires",
            "blackholed pending",
            "blackholed fires",
            "blackholed over"
        ]
    );
    let alert = watch.alert("blackholed");
    assert_eq!((alert.severity, alert.since), (Severity::Page, moment(0)));
    assert_eq!(alert.fired, Some(moment(60)));
}

#[test]
fn looked_at_again_it_may_be_nothing() {
    let mut watch = Watch::new();
    let mut nothing = hangs(1);
    nothing.severity = Severity::None;
    watch.told(hangs(1)).wait(2).told(nothing).wait(20);
    assert_eq!(watch.shown(), ["interrupted ticket firing 0"]);
}

#[test]
fn what_becomes_of_the_one_that_is_shown_for_many_is_not_the_end_of_all_and_the_other_way_round() {
    let pile = || Finding {
        severity: Severity::Ticket,
        ..stall(Cause::CloseWait, 1)
    };
    let both = ["blackholed page firing 1", "close_wait ticket firing 1"];
    let mut watch = Watch::new();
    watch.told(pile()).told(hangs(1)).wait(60);
    assert_eq!(watch.shown(), both);
    watch.pile_ended(1).wait(20);
    assert_eq!(watch.shown()[0], both[0], "it still hangs");
    assert_eq!(watch.shown()[1], "close_wait ticket firing 0");

    for end in [End::InPeace, End::Badly, End::Left, End::ByOperator] {
        let mut watch = Watch::new();
        watch.told(pile()).told(hangs(1)).wait(60);
        watch.over(1, end).wait(20);
        assert_eq!(watch.shown()[1], both[1], "{end:?}: the others are there");
    }
    let mut watch = Watch::new();
    watch.told(pile()).told(hangs(1)).wait(60);
    watch.moves(1).wait(20);
    assert_eq!(watch.shown()[1], both[1], "the others are there");
}
