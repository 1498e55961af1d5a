//! What an application left behind that has closed: a goodbye is a record, anything more a ticket, and who still
//! reads is a page.

use super::story::{Story, azure, evidence};
use monitor_common::TcpState;

impl Story {
    /// The application closes, and no process holds the socket from then on.
    fn is_left(&mut self) -> &mut Self {
        self.closes();
        self.socket.orphan = 1;
        self
    }
}

#[test]
fn a_goodbye_over_a_dead_path_wakes_nobody() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(5).is_left().times_out_thrice();
    assert_eq!(
        story.said(),
        ["crossed none", "blackholed none", "over Left"]
    );
    assert_eq!(evidence(story.finding("blackholed"), "nobody_waits"), true);
    assert!(story.finding("blackholed").advice.is_none());
    story.wait(1.7).times_out().wait(3.4).times_out();
    story.becomes(TcpState::Close, 110).wait(20.0);
    let since = story.said().split_off(3);
    assert_eq!(since, ["unanswered", "unanswered", "over Badly"]);
}

#[test]
fn without_a_silence_before_it_is_one_record_too() {
    let mut story = Story::on(azure());
    story.sends(24).is_left().times_out_thrice();
    assert_eq!(story.said(), ["blackholed none", "over Left"]);
    story.sweep_without().wait(1.7).times_out();
    story
        .becomes(TcpState::Close, 110)
        .wait(20.0)
        .sweep_without();
    assert_eq!(story.said().split_off(2), ["unanswered", "over Badly"]);
}

#[test]
fn more_than_a_goodbye_is_lost_without_an_error_to_anybody() {
    let mut story = Story::on(azure());
    story.sends(300).is_left().times_out_thrice();
    assert_eq!(story.said(), ["blackholed ticket", "over Left"]);
    assert_eq!(
        evidence(story.finding("blackholed"), "lost_bytes_at_most"),
        300
    );
}

#[test]
fn a_few_bytes_that_were_sent_well_before_the_close_are_no_goodbye() {
    let mut story = Story::on(azure());
    story.sends(6).wait(0.42).times_out().wait(0.1).is_left();
    // No process holds it, and the sweep does not come past it.
    story.wait(0.42).times_out().wait(0.1).sweep_without();
    story.wait(0.74).times_out();
    assert_eq!(story.said(), ["blackholed ticket", "over Left"]);
}

#[test]
fn who_shut_down_its_side_and_reads_on_waits() {
    let mut story = Story::on(azure());
    story.sends(5).closes().times_out_thrice().wait(0.2).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    story.wait(1.0).is_left_now().wait(0.5).times_out();
    assert_eq!(
        story.said(),
        ["blackholed page", "over Left"],
        "it was killed meanwhile"
    );
}

impl Story {
    /// The process that reads on is gone.
    fn is_left_now(&mut self) -> &mut Self {
        self.socket.orphan = 1;
        self
    }
}

#[test]
fn a_reset_of_what_nobody_waits_for_wakes_nobody() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(5).is_left().peer_resets();
    assert_eq!(story.said(), ["crossed none", "reset none"]);
}

#[test]
fn what_was_dead_before_the_start_and_nobody_waits_for_is_a_record() {
    let mut story = Story::on(azure());
    story.socket.retrans_stamp = 900_000;
    story.sends(5_000).is_left();
    (story.socket.retransmits, story.socket.rto_jiffies) = (6, 3_200);
    story.socket.rcv_tstamp = story.socket.jiffies.wrapping_sub(101 * 250);
    story.wait(1.0).times_out();
    assert_eq!(story.said(), ["blackholed none", "over Left"]);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "already_dead"), true);
}

#[test]
fn a_close_on_a_lossy_path_is_soon_forgotten_where_what_was_due_arrived() {
    let mut story = Story::on(azure());
    story.sends(50_000).socket.retrans_out = 1;
    story.is_left();
    assert_eq!(story.judge.stats().stalls, 1);
    // It is acknowledged, and nothing tells so: nobody holds it, and it is no suspect.
    story.wait(10.0).sweep_without();
    assert_eq!(story.judge.stats().stalls, 0);
    assert_eq!(story.judge.stats().expired_total, 0);
    assert!(story.said().is_empty());
}

#[test]
fn what_was_sent_before_the_close_is_known_until_the_third_timeout_however_long_that_takes() {
    let mut story = Story::on(azure());
    story.sends(6).wait(3.0);
    story.socket.rto_jiffies = 3 * 250;
    story.is_left().times_out().wait(6.0).sweep_without();
    story.times_out().wait(12.0).sweep_without().times_out();
    assert_eq!(story.said(), ["blackholed ticket", "over Left"]);
}

#[test]
fn one_that_is_over_and_nobody_holds_takes_no_place_for_long() {
    let mut story = Story::on(azure());
    story.sends(300).is_left().times_out_thrice();
    story.becomes(TcpState::Close, 110).again();
    story.wait(15.0).sweep_without();
    assert_eq!(
        story.said(),
        ["blackholed ticket", "over Left", "over Badly"]
    );
    assert_eq!(story.judge.stats().stalls, 0);
}

#[test]
fn a_page_of_who_reads_on_ends_soon_after_its_path_works_again() {
    let mut story = Story::on(azure());
    story.sends(5).wait(0.5).closes().times_out_thrice();
    story.wait(0.2).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    // All is acknowledged, and no sweep shows it any more.
    story.wait(30.0).sweep_without();
    assert_eq!(story.said(), ["blackholed page", "moves"]);
}

#[test]
fn of_what_was_told_and_nobody_waits_for_no_look_is_wanted() {
    let mut story = Story::on(azure());
    story.sends(300).is_left().times_out_thrice();
    story.sweep_without().wait(1.7).times_out();
    assert_eq!(
        story.said(),
        ["blackholed ticket", "over Left", "unanswered"]
    );
    assert_eq!(story.judge.next_sweep_at(), None);
}

#[test]
fn what_was_left_behind_and_is_sent_again_no_more_was_answered() {
    let mut story = Story::on(azure());
    story.sends(300).is_left().times_out_thrice().wait(1.7);
    story.times_out().wait(60.0).sweep_without();
    assert_eq!(
        story.said(),
        ["blackholed ticket", "over Left", "unanswered", "answered"]
    );
    assert_eq!(story.judge.stats().stalls, 0);
    let mut story = Story::on(azure());
    story.wait(250.0).sends(300).is_left().times_out_thrice();
    story.wait(60.0).sweep_without();
    assert_eq!(
        story.said(),
        ["crossed none", "blackholed ticket", "over Left", "answered"]
    );
}

#[test]
fn what_was_left_behind_was_not_answered_because_one_timeout_is_not_told() {
    for silence in [0.0, 250.0] {
        let mut story = Story::on(azure());
        story.wait(silence).sends(300).is_left().times_out_thrice();
        // The kernel does not run the hook, or the ring is full.
        story.ring_is_full = true;
        story.wait(1.7).times_out().wait(3.4);
        story.ring_is_full = false;
        story.times_out().peer_resets();
        let said = story.said();
        assert!(
            said.ends_with(&["over Left", "unanswered", "over Badly"].map(Into::into)),
            "{said:?}"
        );
    }
}

#[test]
fn what_was_left_behind_is_lost_where_the_peer_knows_it_no_more() {
    let mut story = Story::on(azure());
    story.sends(300).is_left().times_out_thrice().wait(1.7);
    story.times_out().peer_resets().wait(60.0).sweep_without();
    assert_eq!(
        story.said(),
        ["blackholed ticket", "over Left", "unanswered", "over Badly"]
    );
    let mut story = Story::on(azure());
    story.wait(250.0).sends(300).is_left().times_out_thrice();
    story.peer_resets().wait(60.0).sweep_without();
    assert_eq!(
        story.said(),
        [
            "crossed none",
            "blackholed ticket",
            "over Left",
            "over Badly"
        ]
    );
}

#[test]
fn who_is_killed_as_its_path_works_again_hangs_no_more() {
    let mut story = Story::on(azure());
    story.sends(8).times_out_thrice().wait(0.2).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    // The fact comes before the process lets it go, and of what follows nothing tells: it is acknowledged.
    story.wait(3.0).closes().wait(1.0).sweep_without();
    assert_eq!(story.said(), ["blackholed page", "over Left"]);
    story.wait(20.0).sweep_without();
    assert_eq!(story.said(), ["blackholed page", "over Left", "answered"]);
}

#[test]
fn who_only_shut_its_side_down_is_told_by_the_sweep_that_shows_it() {
    let mut story = Story::on(azure());
    story.sends(8).times_out_thrice().wait(0.2).sweep();
    story.wait(3.0).closes().wait(1.0).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    story.wait(1.0).sweep_without();
    assert_eq!(story.said(), ["blackholed page", "moves"]);
}

#[test]
fn who_is_killed_after_a_silence_that_was_fatal_hangs_no_more_and_is_followed() {
    let mut story = Story::on(azure());
    story.wait(250.0).sends(8).times_out_thrice().wait(0.2);
    story.sweep().wait(3.0).closes().wait(0.5).sweep_without();
    assert_eq!(
        story.said(),
        ["crossed none", "blackholed page", "over Left"]
    );
    story.socket.orphan = 1;
    story.times_out().wait(60.0).sweep_without();
    assert_eq!(story.said().split_off(3), ["unanswered", "answered"]);
}
