//! A FIN that the application does not look at, and owners that keep what their peers have closed.

use super::story::{SECOND, Story, azure, evidence};
use monitor_common::{FactKind, TcpState};

/// A FIN that the application does not read.
fn closed_unseen() -> Story {
    let mut story = Story::on(azure());
    story.wait(1.0).sends(10).wait(0.1).peer_sends(20);
    story.socket.copied_seq = story.socket.rcv_nxt;
    story.wait(30.0).peer_closes();
    story
}

#[test]
fn a_fin_that_nobody_looks_at_is_told_by_the_next_sweep_and_once() {
    let mut story = closed_unseen();
    assert!(story.said().is_empty(), "{:?}", story.said());
    story.wait(5.0).sweep();
    assert_eq!(story.said(), ["fin_unread none"]);
    assert_eq!(story.finding("fin_unread").gap_seconds, 5.0);
    for _ in 0..40 {
        story.wait(5.0).sweep();
    }
    assert_eq!(story.said(), ["fin_unread none"]);
    // Used after all: the write meets RST, which is the peer's manners.
    story.sends(10).wait(0.05).peer_resets().wait(20.0);
    assert_eq!(story.said(), ["fin_unread none"]);
}

#[test]
fn an_application_that_looks_in_time_is_told_nothing_of() {
    let mut story = closed_unseen();
    story.wait(0.9).sweep();
    story.socket.copied_seq = story.socket.rcv_nxt;
    story.becomes(TcpState::LastAck, 0).wait(0.1);
    story.becomes(TcpState::Close, 0).wait(20.0);
    assert!(story.said().is_empty(), "{:?}", story.said());
}

#[test]
fn half_close_is_legal_for_who_has_read_it_or_still_sends() {
    // Read, and the answer takes its time.
    let mut reads = closed_unseen();
    reads.socket.copied_seq = reads.socket.rcv_nxt;
    for _ in 0..20 {
        reads.wait(5.0).sweep();
    }
    // Sends on, and never looks: what it sends is acknowledged behind the FIN.
    let mut sends = closed_unseen();
    for _ in 0..20 {
        sends.sends(10).wait(0.1).peer_acks();
        sends.wait(5.0).sweep();
    }
    // More than a goodbye is unread: it is behind with its work.
    let mut behind = closed_unseen();
    behind.socket.copied_seq = behind.socket.rcv_nxt.wrapping_sub(4_000);
    behind.wait(5.0).sweep();
    for story in [reads, sends, behind] {
        assert!(story.said().is_empty(), "{:?}", story.said());
    }
}

#[test]
fn a_goodbye_before_the_fin_is_no_answer() {
    let mut story = closed_unseen();
    // TLS close_notify.
    story.socket.copied_seq = story.socket.rcv_nxt.wrapping_sub(32);
    story.wait(5.0).sweep().wait(5.0).sweep();
    assert_eq!(story.said(), ["fin_unread none"]);
    assert_eq!(evidence(story.finding("fin_unread"), "unread_bytes"), 31);
}

#[test]
fn at_the_timeout_it_is_closed_by_the_next_sweep_and_once() {
    let mut story = Story::on(azure());
    story.socket.copied_seq = story.socket.rcv_nxt;
    story.wait(241.0).peer_closes().wait(4.0).sweep();
    assert_eq!(story.said(), ["crossed none", "closed none"]);
    let closed = story.finding("closed");
    assert_eq!(evidence(closed, "fin_unread"), true);
    for _ in 0..40 {
        story.wait(5.0).sweep();
    }
    story.becomes(TcpState::LastAck, 0).wait(0.1);
    story.becomes(TcpState::Close, 0).wait(20.0);
    assert_eq!(story.said(), ["crossed none", "closed none"]);
    assert_eq!(story.judge.stats().tracked, 0);
}

#[test]
fn what_is_written_into_it_then_is_lost_and_a_ticket() {
    let mut story = Story::on(azure());
    story.socket.copied_seq = story.socket.rcv_nxt;
    story.wait(241.0).peer_closes().wait(4.0).sweep();
    story
        .wait(4.0)
        .sends(10)
        .wait(0.05)
        .peer_resets()
        .wait(20.0);
    assert_eq!(
        story.said(),
        ["crossed none", "closed none", "closed ticket"]
    );
}

/// A sweep that shows the connections `0..count` of this owner in CLOSE_WAIT, each read to its end.
fn sweeps(story: &mut Story, count: u64) {
    story.wait(5.0);
    for number in 0..count {
        story.socket.cookie = 1_000 + number;
        let fact = story.fact(FactKind::Swept);
        story.deliver(fact);
    }
    story.sweep_without();
}

fn leaking() -> Story {
    let mut story = Story::on(azure());
    story.wait(1.0);
    story.socket.rcv_nxt = story.socket.rcv_nxt.wrapping_add(1);
    story.socket.copied_seq = story.socket.rcv_nxt;
    story.socket.state = TcpState::CloseWait as u32;
    story
}

#[test]
fn a_growing_pile_is_a_record_and_past_the_bound_a_ticket() {
    let mut story = leaking();
    for count in [0, 3, 6, 9, 12, 15, 18, 24, 40, 80, 99] {
        sweeps(&mut story, count);
    }
    // Each time there are twice as many.
    assert_eq!(story.said(), ["close_wait none"; 4]);
    sweeps(&mut story, 120);
    assert_eq!(story.said().len(), 4, "it may be for a moment");
    sweeps(&mut story, 120);
    assert_eq!(story.said()[4..], ["close_wait ticket"]);
    let last = story.findings().last().expect("a ticket");
    assert_eq!(evidence(last, "close_wait_connections"), 120);
    assert!(
        last.summary.ends_with(
            "120 connections of this owner in CLOSE_WAIT: closed by their peers and not by it"
        ),
        "{}",
        last.summary
    );
    for _ in 0..100 {
        sweeps(&mut story, 110);
    }
    assert_eq!(story.said().len(), 5);
    sweeps(&mut story, 60);
    assert_eq!(story.said().len(), 5, "it goes on while half are there");
    sweeps(&mut story, 20);
    assert_eq!(story.said()[5..], ["pile ended"]);
}

#[test]
fn the_ticket_goes_on_when_the_connection_that_it_showed_is_gone() {
    let mut story = leaking();
    sweeps(&mut story, 150);
    sweeps(&mut story, 150);
    assert_eq!(story.said(), ["close_wait ticket"]);
    story.wait(5.0);
    for number in 1..150 {
        story.socket.cookie = 1_000 + number;
        let fact = story.fact(FactKind::Swept);
        story.deliver(fact);
    }
    story.sweep_without();
    assert_eq!(
        story.said(),
        ["close_wait ticket", "pile ended", "close_wait ticket"]
    );
}

#[test]
fn a_restarted_server_leaves_a_pile_for_a_moment() {
    let mut story = leaking();
    for count in [0, 500, 0, 0, 50, 50, 20, 0, 0] {
        sweeps(&mut story, count);
    }
    assert!(story.said().is_empty(), "{:?}", story.said());
}

#[test]
fn a_sweep_that_was_cut_says_nothing_of_them() {
    let mut story = leaking();
    sweeps(&mut story, 150);
    sweeps(&mut story, 150);
    story.wait(5.0);
    let cut = crate::Input::SweepDone {
        started_ns: story.now - SECOND,
        now_ns: story.now,
        wall_unix_ns: 0,
        complete: false,
    };
    story.judge.take(&cut, &mut story.verdicts);
    sweeps(&mut story, 150);
    assert_eq!(story.said(), ["close_wait ticket"]);
}

#[test]
fn owners_are_counted_each_by_itself() {
    let mut story = leaking();
    for _ in 0..3 {
        story.wait(5.0);
        for number in 0..180_u64 {
            story.owner.unit = Some(format!("unit-{}.service", number % 2));
            story.socket.cookie = 1_000 + number;
            let fact = story.fact(FactKind::Swept);
            story.deliver(fact);
        }
        story.sweep_without();
    }
    assert!(story.said().is_empty(), "{:?}", story.said());
}
