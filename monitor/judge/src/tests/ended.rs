//! Whoever was told of a silence is told that it is over, once.

use super::story::{Story, azure};
use crate::JudgedPath;
use crate::thresholds::SECOND;
use monitor_common::{FactKind, flags};

#[test]
fn the_first_word_after_it_ends_it_whatever_comes_of_that() {
    for (seconds, reported) in [(185.0, "at_risk none"), (241.0, "crossed ticket")] {
        let mut story = Story::on(azure());
        story.wait(seconds).sweep().wait(4.0).sends(10);
        assert_eq!(story.said(), [reported, "ended"], "no answer yet");
        story.times_out_thrice().wait(1.7).peer_acks();
        story.wait(5.0).sweep_without().wait(100.0);
        assert_eq!(
            story.said(),
            [reported, "ended", "blackholed page", "recovered none"]
        );
    }
}

#[test]
fn the_peers_first_word_ends_it_too() {
    let mut story = Story::on(azure());
    story.wait(241.0).sweep().wait(4.0).peer_acks();
    assert_eq!(
        story.said(),
        ["crossed ticket", "ended", "acknowledged none"]
    );
}

#[test]
fn a_silence_of_which_nothing_was_told_ends_without_a_word() {
    let mut story = Story::on(azure());
    // A probe is due in time, so the sweep says nothing.
    story.flags |= flags::KEEPALIVE;
    story.socket.keepalive_time = 200 * 250;
    story
        .wait(185.0)
        .sweep()
        .wait(5.0)
        .sends(10)
        .wait(0.1)
        .peer_sends(10);
    story.wait(5.0).sweep_without().wait(100.0);
    assert_eq!(story.said(), ["survived none"]);
}

#[test]
fn our_own_probe_ends_nothing_and_its_answer_does() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.probes_in_vain().wait(5.0).sweep().wait(5.0).sweep();
    assert_eq!(story.said(), ["crossed ticket"], "a probe is no speech");
    story.socket.segs_in += 1;
    story.socket.probes_out = 0;
    story.wait(1.0).sweep_without();
    assert_eq!(story.said(), ["crossed ticket", "ended"]);
    story.wait(5.0).sweep_without().wait(100.0);
    assert_eq!(story.said().len(), 2, "it is told once");
}

#[test]
fn an_outcome_after_our_own_probe_stands_in_for_the_end() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.probes_in_vain().wait(5.0).sweep();
    let reset = story.wait(1.0).fact(FactKind::ResetReceived);
    story.deliver(reset);
    story.wait(30.0);
    assert_eq!(story.said(), ["crossed ticket", "reset ticket"]);
}

#[test]
fn an_outcome_that_the_sweep_no_longer_shows_ends_nothing_twice() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    for _ in 0..3 {
        story.probes_in_vain().wait(5.0).sweep();
    }
    story.wait(5.0).sweep_without().wait(5.0).sweep_without();
    assert_eq!(
        story.said(),
        ["crossed ticket", "blackholed page", "over Badly"]
    );
}

#[test]
fn a_socket_used_again_after_our_own_probe_ends_what_was_told() {
    let mut story = Story::on(azure());
    story.wait(250.0).sweep();
    story.probes_in_vain().wait(5.0).sweep();
    story.socket.local_port = 51_235;
    story.wait(1.0).sends(1);
    let other = story.fact(FactKind::Sent);
    story.deliver(other);
    assert_eq!(story.said(), ["crossed ticket", "ended"]);
}

#[test]
fn a_crossing_is_not_told_again_where_our_own_probe_went_before_the_next_word() {
    let short = JudgedPath {
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        ..azure()
    };
    let mut story = Story::on(short);
    story.wait(5.0).sweep().wait(1.0).probes_in_vain();
    story.wait(3.2).sends(10).wait(0.1).peer_sends(5);
    assert_eq!(story.said(), ["crossed ticket", "ended", "survived none"]);
}
