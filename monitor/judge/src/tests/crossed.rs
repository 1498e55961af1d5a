//! Silence that has reached its path's timeout.

use super::story::{SECOND, Story, azure, evidence};
use crate::JudgedPath;
use monitor_common::{FactKind, TcpState};

#[test]
fn one_silence_is_one_crossing_however_often_it_is_swept() {
    let mut story = Story::on(azure());
    story.wait(241.0).sweep();
    for _ in 0..50 {
        story.wait(5.0).sweep();
    }
    assert_eq!(story.said(), ["crossed ticket"]);
    let finding = story.finding("crossed");
    assert_eq!(finding.gap_seconds, 241.0);
    assert_eq!(evidence(finding, "still_silent"), true);
    assert_eq!(
        finding.summary,
        "api (pid 1234) → 20.1.2.3:443: 4m1s of silence crossed azure-snat's 4m; still silent"
    );
}

#[test]
fn a_guessed_timeout_wakes_nobody() {
    let mut story = Story::on(JudgedPath {
        stated: false,
        ..azure()
    });
    story.wait(241.0).sweep();
    assert_eq!(story.said(), ["crossed none"]);
}

#[test]
fn a_crossing_told_by_a_sweep_is_not_told_again_by_its_end() {
    let mut story = Story::on(azure());
    story
        .wait(241.0)
        .sweep()
        .wait(30.0)
        .sends(1)
        .wait(0.1)
        .peer_sends(1);
    assert_eq!(story.said(), ["crossed ticket", "ended", "survived none"]);
    assert_eq!(story.finding("survived").gap_seconds, 271.0);
}

#[test]
fn a_crossing_whose_end_the_sweep_saw_first_is_not_told_again_either() {
    let mut story = Story::on(azure());
    story.wait(241.0).sweep().wait(4.0);
    let end = story.fact(FactKind::GapEndedBySend);
    story.sweep_without();
    story.deliver(end);
    assert_eq!(story.said(), ["crossed ticket", "ended"]);
}

#[test]
fn a_local_timer_that_moves_the_packet_clock_ends_no_silence() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep().wait(5.0);
    let mut moved = story.fact(FactKind::Swept);
    moved.packet_idle_ns = 2 * SECOND;
    story.deliver(moved);
    story.wait(250.0).sweep();
    assert_eq!(
        story.said(),
        ["crossed ticket"],
        "segs_in and segs_out stood still"
    );
}

#[test]
fn a_silence_that_a_probe_ended_gives_way_to_a_new_one() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.socket.segs_in += 1;
    story.socket.segs_out += 1;
    let mut answered = story.fact(FactKind::Swept);
    answered.packet_idle_ns = 1;
    story.deliver(answered);
    assert_eq!(story.said(), ["crossed ticket", "ended"]);
    story.wait(250.0).sweep();
    assert_eq!(story.said(), ["crossed ticket", "ended", "crossed ticket"]);
}

#[test]
fn a_connection_that_disappears_from_the_sweep_has_ended() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sweep()
        .wait(5.0)
        .sweep_without()
        .wait(5.0)
        .sweep_without();
    assert_eq!(story.said(), ["crossed ticket", "ended"]);
    story.wait(61.0);
    assert_eq!(story.judge.stats().tracked, 0);
}

#[test]
fn a_close_in_the_silence_ends_it() {
    let mut story = Story::on(azure());
    story
        .wait(250.0)
        .sweep()
        .wait(2.0)
        .becomes(TcpState::FinWait1, 0);
    assert_eq!(story.said(), ["crossed ticket", "ended"]);
}

#[test]
fn sockets_that_are_closing_have_no_silence() {
    for state in [
        TcpState::CloseWait,
        TcpState::FinWait2,
        TcpState::TimeWait,
        TcpState::Listen,
    ] {
        let mut story = Story::on(azure());
        story.socket.state = state as u32;
        story.wait(3_600.0).sweep();
        assert!(story.said().is_empty(), "{state:?}");
    }
}

#[test]
fn healthy_sockets_in_a_listing_leave_no_trace() {
    let mut story = Story::on(azure());
    for cookie in 1..1_000 {
        story.socket.cookie = cookie;
        story.wait(0.01).sweep();
    }
    assert!(story.said().is_empty());
    assert_eq!(story.judge.stats().tracked, 0);
}

#[test]
fn a_reload_that_changes_the_timeout_judges_the_silence_anew() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.judge.set_paths(vec![JudgedPath {
        id: 128,
        timeout_ns: 400 * SECOND,
        ..azure()
    }]);
    story.wait(5.0).sweep();
    assert_eq!(story.said(), ["crossed ticket"], "a look under the old id");
    story.path_id = 128;
    story.wait(5.0).sweep();
    assert_eq!(story.said(), ["crossed ticket", "ended", "at_risk none"]);
    story.judge.set_paths(vec![JudgedPath {
        id: 0,
        timeout_ns: 400 * SECOND,
        ..azure()
    }]);
    story.path_id = 0;
    story.wait(5.0).sweep();
    assert_eq!(
        story.said().len(),
        3,
        "the same path under another id is the same path"
    );
}

#[test]
fn unknown_ids_and_numbers_are_counted_not_judged() {
    let mut story = Story::on(azure());
    story.path_id = 77;
    story.wait(250.0).sweep();
    let mut fact = story.fact(FactKind::Swept);
    fact.kind = 99;
    story.deliver(fact);
    fact.kind = FactKind::Swept as u32;
    fact.socket.cookie = 0;
    story.deliver(fact);
    let stats = story.judge.stats();
    assert_eq!(
        (
            stats.unknown_path_total,
            stats.unknown_kind_total,
            stats.no_cookie_total
        ),
        (1, 1, 1)
    );
    assert!(story.said().is_empty());
}
