//! A FIN in place of an answer: somebody cut off a running request.

use super::story::{SECOND, Story, azure, evidence, owner};
use crate::{Dialogue, JudgedPath};
use monitor_common::TcpState;
use monitor_model::finding::{Certainty, Clock};
use monitor_model::owner::Owner;

/// A proxy that cuts off after 50 s without payload.
fn proxy() -> JudgedPath {
    JudgedPath {
        name: "proxy".into(),
        timeout_ns: 50 * SECOND,
        warn_ns: 40 * SECOND,
        clock: Clock::Payload,
        dialogue: Some(Dialogue::ClientAsks),
        ..azure()
    }
}

/// The same without a word on who asks.
fn silent_proxy() -> JudgedPath {
    JudgedPath {
        dialogue: None,
        ..proxy()
    }
}

/// What was said of outcomes.
fn closed(story: &Story) -> Vec<String> {
    let mut said = story.said();
    said.retain(|what| what.starts_with("closed") || what.starts_with("survived"));
    said
}

#[test]
fn a_fin_in_place_of_the_answer_is_a_ticket_at_once() {
    let mut story = Story::on(proxy());
    story.asks().wait(50.5).peer_closes();
    assert_eq!(closed(&story), ["closed ticket"]);
    let finding = story.finding("closed");
    assert_eq!(finding.certainty, Certainty::Observed);
    assert_eq!(evidence(finding, "answer_lost"), true);
    assert_eq!(evidence(finding, "unacknowledged_bytes"), 0);
    assert!(
        finding
            .summary
            .ends_with("FIN from the peer in place of the answer, which is lost"),
        "{}",
        finding.summary
    );
    assert!(
        finding
            .advice
            .as_deref()
            .unwrap_or_default()
            .contains("timeout server")
    );
    story
        .becomes(TcpState::LastAck, 0)
        .becomes(TcpState::Close, 0)
        .wait(60.0);
    assert_eq!(closed(&story), ["closed ticket"], "once");
}

#[test]
fn a_lost_answer_is_told_with_its_owner() {
    let unseen = || {
        let mut story = Story::on(proxy());
        story.owner = Owner::default();
        story.asks().wait(50.5).peer_closes();
        assert!(closed(&story).is_empty(), "whose it was is not known yet");
        story
    };
    let told = |story: &Story| {
        assert_eq!(closed(story), ["closed ticket"]);
        story.finding("closed").owner.pid
    };
    let mut swept = unseen();
    swept.owner = owner();
    swept.wait(1.0).sweep();
    assert_eq!(told(&swept), owner().pid, "a look shows the owner");

    let mut closes = unseen();
    closes.owner = owner();
    closes.becomes(TcpState::LastAck, 0);
    assert_eq!(told(&closes), owner().pid, "it closes itself");

    let mut nobodys = unseen();
    nobodys.wait(1.0).sweep();
    assert_eq!(told(&nobodys), None, "a look knows nobody either");

    let mut not_shown = unseen();
    not_shown.wait(60.0);
    assert_eq!(told(&not_shown), None, "no look shows it");
}

#[test]
fn wherever_the_fin_comes_the_answer_is_lost() {
    for seconds in [41.0, 70.0] {
        let mut story = Story::on(proxy());
        story.asks().wait(seconds).peer_closes();
        assert_eq!(closed(&story), ["closed ticket"], "after {seconds} s");
    }
}

#[test]
fn a_goodbye_of_a_few_bytes_with_the_fin_is_no_answer() {
    for pause in [0.0, 0.09] {
        let mut story = Story::on(proxy());
        story
            .asks()
            .wait(50.5)
            .peer_sends(31)
            .wait(pause)
            .peer_closes();
        assert_eq!(closed(&story), ["closed ticket"], "{pause} s before");
        assert_eq!(evidence(story.finding("closed"), "answer_lost"), true);
    }
}

#[test]
fn an_answer_is_one_by_its_size_or_by_its_time() {
    // An error of PostgreSQL's, 504 of a proxy's.
    let mut error = Story::on(proxy());
    error.asks().wait(50.5).peer_sends(109).peer_closes();
    assert_eq!(closed(&error), ["survived none"]);

    let mut slow = Story::on(proxy());
    slow.asks()
        .wait(50.5)
        .peer_sends(31)
        .wait(0.5)
        .peer_closes();
    assert_eq!(closed(&slow), ["survived none"]);
}

#[test]
fn a_fin_that_only_the_change_of_state_tells_is_no_word_of_the_peer() {
    // The last answer and the request came within one jiffy, and the FIN moves what tells them apart.
    let mut story = Story::on(proxy());
    story.wait(1.0).asks().hears().asks().wait(0.5).sweep();
    story.wait(45.0).sweep().wait(5.0);
    let socket = &mut story.socket;
    socket.segs_in += 1;
    socket.rcv_nxt = socket.rcv_nxt.wrapping_add(1);
    socket.bytes_received += 1;
    socket.rcv_tstamp = socket.jiffies;
    story.becomes(TcpState::CloseWait, 0);
    assert_eq!(closed(&story), ["closed ticket"]);
}

#[test]
fn a_goodbye_teaches_nobody_patience() {
    let mut story = Story::on(proxy());
    story
        .asks()
        .wait(50.5)
        .peer_sends(31)
        .peer_closes()
        .wait(5.0);
    story.connects(0x70);
    story.asks().wait(49.0).snapshots(4);
    assert!(
        story.said().contains(&"awaiting_reply ticket".into()),
        "{:?}",
        story.said()
    );
}

#[test]
fn to_who_waits_for_nothing_nothing_is_lost() {
    // The peer spoke last: an idle connection of a pool.
    let mut idle = Story::on(proxy());
    idle.asks().wait(0.012).hears().wait(50.5).peer_closes();
    idle.becomes(TcpState::LastAck, 0);
    assert_eq!(closed(&idle), ["closed none"]);

    // What it says last may be all that it has to say.
    let mut word = Story::on(proxy());
    word.asks()
        .wait(0.012)
        .hears()
        .wait(50.5)
        .peer_sends(31)
        .peer_closes();
    assert_eq!(closed(&word), ["survived none"]);

    // Nobody knows that answers are due.
    let mut sender = Story::on(silent_proxy());
    sender.connects(0x60);
    sender.asks().wait(50.5).peer_closes();
    sender.becomes(TcpState::LastAck, 0);
    assert_eq!(closed(&sender), ["closed none"]);
}

#[test]
fn a_known_service_and_a_habit_make_answers_due_too() {
    let mut service = Story::on(silent_proxy());
    service.connects(0x60);
    service.socket.remote_port = 3306;
    service.asks().wait(0.012).hears().wait(0.02).asks();
    service.wait(50.5).peer_closes();
    assert_eq!(closed(&service), ["closed ticket"]);

    let mut habit = Story::on(silent_proxy());
    habit.is_answered(3, 0.012).wait(1.0).asks();
    habit.wait(50.5).peer_closes();
    assert_eq!(closed(&habit), ["closed ticket"]);
}
