//! Acknowledged by somebody, received by nobody.

use super::story::{JIFFY_NS, SECOND, Story, azure, evidence, owner};
use crate::JudgedPath;
use crate::fact_view::{FactView, Moment};
use crate::keepalive::Settings;
use crate::outcomes::{self, Case, Event};
use crate::tracked::gap::Gap;
use monitor_common::{Fact, FactKind, TcpState, flags};
use monitor_model::finding::{Certainty, Outcome, Role};
use monitor_model::owner::Owner;
use std::sync::Arc;

/// A box that knows no timestamps acknowledges what is sent after 4.5 minutes.
fn forged() -> Story {
    let mut story = Story::on(azure());
    story.peer.timestamps = false;
    story.wait(270.0).sends(10).wait(0.03).peer_acks();
    story
}

#[test]
fn an_ack_without_the_negotiated_timestamp_is_undelivered_once_its_time_is_over() {
    let mut story = forged();
    story.wait(2.9).sweep();
    assert_eq!(story.said(), ["crossed none"], "an answer may still come");
    story.wait(0.1);
    assert_eq!(story.said(), ["crossed none"], "the socket is read first");
    assert!(story.judge.next_sweep_at().is_some(), "and at once");
    story.sweep();
    assert_eq!(story.said(), ["crossed none", "undelivered page"]);
    assert_eq!(story.judge.next_sweep_at(), None);
    let finding = story.finding("undelivered");
    assert_eq!(finding.certainty, Certainty::Suspected);
    assert_eq!(evidence(finding, "forged_ack_sign"), "timestamp_missing");
    assert_eq!(evidence(finding, "ack_progress_bytes"), 10);
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(advice.contains("let the application confirm"), "{advice}");
    story.wait(60.0).peer_sends(5);
    assert_eq!(story.said().len(), 2, "it is the last word on its gap");
}

#[test]
fn a_look_that_comes_later_does_not_know_the_round_trip() {
    for by_a_look in [false, true] {
        let mut story = Story::on(azure());
        story.negotiated_no_timestamps();
        story.socket.rtt_min_us = 90_000;
        story.wait(270.0).sends(10).wait(0.001);
        // Another window is a weak sign by itself.
        story.peer.window = 2;
        if by_a_look {
            story.flags |= flags::REVISITED;
        }
        story.peer_acks().wait(3.1).sweep();
        let page = story.said().contains(&"undelivered page".to_owned());
        assert_eq!(page, !by_a_look, "{:?}", story.said());
    }
}

#[test]
fn sends_that_a_later_look_shows_count_and_the_first_counts_once() {
    let mut story = Story::on(azure());
    story.peer.timestamps = false;
    story.flags |= flags::REVISITED;
    story.wait(270.0).sends(10).wait(0.03).peer_acks();
    // It writes once more, and the look finds that acknowledged already.
    story.wait(1.0);
    story.socket.write_seq = story.socket.write_seq.wrapping_add(10);
    story.socket.snd_nxt = story.socket.write_seq;
    story.peer_acks().wait(3.1).sweep();
    let finding = story.finding("undelivered");
    assert_eq!(evidence(finding, "unanswered_sends"), 2);
}

#[test]
fn a_timestamp_clock_that_stood_still_is_a_sign_with_its_numbers() {
    let mut story = Story::on(azure());
    story.peer.frozen = Some(story.socket.rcv_tsval);
    story
        .wait(270.0)
        .sends(10)
        .wait(0.03)
        .peer_acks()
        .wait(4.0)
        .sweep();
    let finding = story.finding("undelivered");
    assert_eq!(
        evidence(finding, "forged_ack_sign"),
        "timestamp_stood_still"
    );
    assert_eq!(evidence(finding, "tsval_moved"), 0);
    assert_eq!(evidence(finding, "tsval_expected_at_least"), 269);
}

#[test]
fn a_clock_of_one_tick_a_second_that_passes_its_end_is_no_sign() {
    let mut story = Story::on(azure());
    story.socket.rcv_tsval = u32::MAX - 9;
    story.peer.frozen = Some(260);
    story
        .wait(270.0)
        .sends(10)
        .wait(0.03)
        .peer_acks()
        .wait(4.0)
        .sweep();
    assert_eq!(story.said(), ["crossed none", "acknowledged none"]);
}

#[test]
fn a_suspended_peer_that_answers_has_survived() {
    let mut story = Story::on(azure());
    story.peer.frozen = Some(story.socket.rcv_tsval);
    story.wait(270.0).sends(10).wait(0.03).peer_acks().wait(2.5);
    story.peer_sends(80).wait(5.0).sweep();
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

#[test]
fn an_answer_whose_fact_was_lost_still_counts() {
    let mut story = forged();
    story.ring_is_full = true;
    story.wait(1.0).peer_sends(80);
    story.ring_is_full = false;
    story.wait(3.0).sweep();
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}

#[test]
fn the_boxs_fin_settles_it_at_once() {
    let mut story = forged();
    story.wait(1.0).peer_closes();
    assert_eq!(story.said(), ["crossed none", "undelivered page"]);
}

#[test]
fn a_pools_goodbye_and_a_one_way_sender_are_acknowledged() {
    let mut goodbye = Story::on(azure());
    goodbye
        .wait(270.0)
        .sends(5)
        .wait(0.03)
        .peer_acks()
        .wait(0.1)
        .peer_closes()
        .wait(9.0);
    assert_eq!(goodbye.said(), ["crossed none", "acknowledged none"]);

    let mut one_way = Story::on(azure());
    one_way
        .wait(270.0)
        .sends(5)
        .wait(0.03)
        .peer_acks()
        .closes()
        .wait(0.03);
    one_way
        .peer_acks_unseen()
        .becomes(TcpState::FinWait2, 0)
        .becomes(TcpState::Close, 0)
        .wait(9.0);
    assert_eq!(one_way.said(), ["crossed none", "acknowledged none"]);
}

#[test]
fn an_alarm_button_that_closes_on_the_forged_ack_is_undelivered_when_it_is_gone() {
    let mut story = forged();
    story.closes().wait(0.03);
    story.peer_acks_unseen().becomes(TcpState::FinWait2, 0);
    assert_eq!(
        story.said(),
        ["crossed none"],
        "the socket may still receive"
    );
    story.becomes(TcpState::Close, 0);
    assert_eq!(story.said(), ["crossed none", "undelivered page"]);
}

#[test]
fn where_the_box_leaves_our_fin_alone_the_next_look_tells() {
    let mut story = forged();
    story.closes().wait(4.0).sweep();
    assert_eq!(story.said(), ["crossed none", "undelivered page"]);
}

#[test]
fn send_and_close_at_once_is_told_apart_by_what_the_socket_received_last() {
    for (timestamps, outcome) in [(true, "acknowledged none"), (false, "undelivered page")] {
        let mut story = Story::on(azure());
        story.peer.timestamps = timestamps;
        story.wait(270.0).sends(10).closes().wait(0.03);
        story
            .peer_acks_unseen()
            .becomes(TcpState::FinWait2, 0)
            .becomes(TcpState::Close, 0)
            .wait(9.0);
        assert_eq!(story.said(), ["crossed none", outcome]);
    }
}

#[test]
fn an_abort_by_the_application_is_no_verdict() {
    let mut story = forged();
    story
        .becomes(TcpState::Close, 0)
        .resets()
        .wait(9.0)
        .sweep_without();
    assert_eq!(story.said(), ["crossed none"]);
}

#[test]
fn one_weak_sign_is_none_two_of_different_kinds_are() {
    for (ttl, window, seconds, reported) in [
        (64, 512, 0.03, false),
        (57, 65_000, 0.03, false),
        (57, 100, 0.03, false),
        (57, 512, 0.002, false),
        (64, 65_000, 0.03, true),
        (64, 512, 0.002, true),
        (57, 100, 0.002, true),
        (64, 512, 9.0, false),
    ] {
        let mut story = Story::on(azure());
        story.negotiated_no_timestamps();
        story.wait(200.0).peer_sends(5);
        // The connection is among the samples of each sweep.
        for _ in 0..8 {
            story.wait(25.0).sweep();
        }
        story.peer.ttl = ttl;
        story.peer.window = window;
        story.sends(10).wait(seconds).peer_acks().wait(4.0).sweep();
        let undelivered = story.said().contains(&"undelivered page".into());
        assert_eq!(
            undelivered, reported,
            "TTL {ttl}, window {window}, {seconds} s"
        );
    }
}

#[test]
fn where_options_cannot_be_read_or_timestamps_were_not_negotiated_there_is_no_sign() {
    let mut plain = Story::on(azure());
    plain
        .negotiated_no_timestamps()
        .wait(270.0)
        .sends(10)
        .wait(0.03)
        .peer_acks()
        .wait(4.0)
        .sweep();
    assert_eq!(plain.said(), ["crossed none", "acknowledged none"]);
}

fn seen_of<'a>(fact: &'a Fact, owner: &'a Arc<Owner>, path: &'a Arc<JudgedPath>) -> FactView<'a> {
    FactView {
        fact,
        kind: fact.kind().expect("a known kind"),
        at: Moment {
            ns: fact.time_ns,
            wall_unix_ns: 0,
        },
        suspended_ns: 0,
        owner,
        path: Some(path),
        jiffy_ns: JIFFY_NS,
        address_gone: false,
        next_look_ns: 0,
    }
}

/// What is ruled of a gap with four sends, `apart_ns` each, all acknowledged by a peer
/// whose timestamp clock moved by `ticks`.
fn ruled(patience_ns: Option<u64>, apart_ns: u64, ticks: u32) -> Option<Outcome> {
    let mut story = Story::on(azure());
    story.wait(270.0);
    let path = Arc::new(azure());
    let owner = Arc::new(owner());
    let first = story.fact(FactKind::GapEndedBySend);
    let mut facts = vec![first];
    for number in 1..=4 {
        let mut fact = first;
        fact.kind = if number < 4 {
            FactKind::Sent as u32
        } else {
            FactKind::Swept as u32
        };
        fact.time_ns += u64::from(number) * apart_ns;
        fact.socket.rcv_tsval = fact.socket.rcv_tsval.wrapping_add(ticks);
        for end in [
            &mut fact.socket.snd_una,
            &mut fact.socket.snd_nxt,
            &mut fact.socket.write_seq,
        ] {
            *end += 10 * number;
        }
        facts.push(fact);
    }
    let mut gap = Gap::ended_with(&seen_of(&first, &owner, &path), None, None);
    gap.seldom.has_patience(patience_ns);
    for fact in &facts {
        gap.note(&seen_of(fact, &owner, &path));
    }
    let last = facts.last().expect("there are five");
    let view = seen_of(last, &owner, &path);
    let case = Case {
        gap: &gap,
        event: Event::Fact(&view),
        now_ns: last.time_ns,
        settings: &Settings::of(last, JIFFY_NS),
        held_by_known: true,
        role: Role::Client,
        sent_again_in_outages: 0,
        began_ns: 0,
    };
    outcomes::judge(&case).map(|(outcome, _)| outcome)
}

#[test]
fn sends_that_are_acknowledged_and_not_answered_where_answers_used_to_come() {
    let usual = Some(SECOND / 10);
    let undelivered = Some(Outcome::Undelivered);
    // Further than any clock gets in that time.
    let made_up = 3_000_000_000;
    assert_eq!(ruled(usual, SECOND, made_up), undelivered);
    assert_eq!(ruled(None, SECOND, made_up), None);
    assert_eq!(
        ruled(usual, SECOND / 2, made_up),
        None,
        "the last came 1.5 s later"
    );
    assert_eq!(
        ruled(Some(4 * SECOND), SECOND, made_up),
        None,
        "slow as ever"
    );
}

#[test]
fn an_upload_that_the_peers_own_clock_acknowledges_is_no_alarm() {
    let usual = Some(SECOND / 10);
    assert_eq!(ruled(usual, SECOND, 270_000), None);
}

#[test]
fn weak_signs_are_none_where_the_peers_clock_moved_as_it_should() {
    for (frozen, reported) in [
        (None, false),
        // As if made up: further than any clock gets in that time.
        (Some(3_000_000_000), true),
    ] {
        let mut story = Story::on(azure());
        story.wait(200.0).peer_sends(5);
        for _ in 0..8 {
            story.wait(25.0).sweep();
        }
        story.peer.ttl = 64;
        story.peer.window = 65_000;
        story.peer.frozen = frozen;
        story.sends(10).wait(0.03).peer_acks().wait(4.0).sweep();
        let undelivered = story.said().contains(&"undelivered page".into());
        assert_eq!(undelivered, reported, "{:?}", story.said());
    }
}
