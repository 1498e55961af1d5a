//! Tickets on what nobody answers: they wait while it may yet be answered, and none is lost.

use super::*;

#[test]
fn a_timeout_that_is_wrong_is_one_ticket_for_all_owners_until_a_day_after_it_was_told_last() {
    let told = |connection| Finding {
        owner: Owner::default(),
        ..finding(FindingKind::Misstated, Severity::Ticket, connection)
    };
    let mut watch = Watch::new();
    watch.told(told(1)).moves(1).wait(3_600).over(1, End::Badly);
    watch.told(finding(FindingKind::Misstated, Severity::Ticket, 2));
    assert_eq!(watch.said(), ["misstated fires"], "at once, and once");
    let ticket = watch.alert("misstated");
    assert_eq!((ticket.owner.as_str(), ticket.count), ("any", 2));
    assert_eq!(ticket.summary, "connection 2");
    watch.wait(43_200).restarts_after(60);
    assert_eq!(watch.shown(), ["misstated ticket firing 0"]);
    watch.wait(43_000);
    assert_eq!(watch.shown(), ["misstated ticket firing 0"]);
    watch.wait(200);
    assert_eq!(watch.said(), ["misstated over"]);
}

#[test]
fn what_moves_again_within_the_wait_is_a_record() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).wait(9);
    assert_eq!(watch.shown(), ["blackholed ticket pending 1"]);
    watch.moves(1).wait(60);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed mended"]);
    assert_eq!(watch.alerts.all().count(), 0);
}

#[test]
fn what_hangs_on_is_a_ticket_once() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).wait(600);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    watch.moves(1).wait(2);
    assert_eq!(watch.said(), ["blackholed over"]);
}

#[test]
fn what_is_lost_for_good_is_a_ticket_at_once() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).wait(3).over(1, End::Badly);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    // In the very moment in which it is told, too.
    let mut watch = Watch::new();
    let mut given_up = hangs_for_ticket(1);
    given_up.given_up = true;
    watch.told(given_up);
    assert_eq!(watch.said(), ["blackholed fires"]);
}

#[test]
fn what_was_left_behind_in_an_outage_and_is_answered_after_it_is_a_record() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left).wait(2);
    // It moves again for this owner. What it left behind may be lost all the same.
    watch.reconnects(1).wait(1).unanswered(1).wait(15);
    assert_eq!(watch.shown(), ["blackholed ticket pending 1"]);
    watch.answered(1).wait(1);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed mended"]);
}

#[test]
fn what_was_left_behind_is_a_ticket_once_it_is_known_to_have_had_no_answer_for_long() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left);
    watch.wait(2).unanswered(1).wait(4).unanswered(1).wait(8);
    assert_eq!(
        watch.shown(),
        ["blackholed ticket pending 1"],
        "nobody knows whether it was answered after six seconds"
    );
    watch.unanswered(1);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    watch.wait(26).unanswered(1).wait(50).over(1, End::Badly);
    watch.wait(60);
    assert_eq!(watch.said(), ["blackholed over"]);
}

#[test]
fn what_was_left_behind_and_dies_is_a_ticket_unless_its_owner_goes_on_with_another() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left).wait(2);
    watch.over(1, End::Badly).wait(7);
    assert_eq!(watch.shown(), ["blackholed ticket pending 1"]);
    watch.wait(1);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    // It moves again before, or after.
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left).wait(1);
    watch.reconnects(1).wait(1).over(1, End::Badly).wait(60);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed mended"]);
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left).wait(2);
    watch.over(1, End::Badly).wait(1).reconnects(1).wait(60);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed mended"]);
}

#[test]
fn what_has_no_answer_for_long_is_a_ticket_whatever_its_owner_goes_on_with() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left).wait(1);
    watch.reconnects(1).wait(11).unanswered(1);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
}

#[test]
fn what_a_client_left_behind_that_its_server_closes_is_nobodys_loss() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).wait(3);
    watch
        .over(1, End::Left)
        .wait(1)
        .over(1, End::ByClient)
        .wait(20);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed mended"]);
}

#[test]
fn what_was_left_behind_before_a_restart_is_told_for_nobody_follows_it_any_more() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left).wait(2);
    watch.restarts_after(1).tick();
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
}

#[test]
fn one_that_hangs_and_one_that_is_lost_are_one_ticket() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).wait(2);
    let mut given_up = hangs_for_ticket(2);
    given_up.given_up = true;
    watch.told(given_up);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
    assert_eq!(watch.alert("blackholed").count, 2);
}

#[test]
fn what_was_left_behind_fills_the_pause_of_others_only_as_far_as_it_is_known() {
    let mut watch = Watch::new();
    watch.told(hangs_for_ticket(1)).over(1, End::Left).wait(1);
    watch
        .unanswered(1)
        .wait(5)
        .told(hangs_for_ticket(2))
        .wait(6);
    assert_eq!(watch.shown(), ["blackholed ticket pending 2"]);
    watch.unanswered(1);
    assert_eq!(watch.said(), ["blackholed pending", "blackholed fires"]);
}
