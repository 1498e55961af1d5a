//! RST from the peer, told apart from this host's own abort and close.

use super::story::{Story, azure, evidence};
use monitor_common::TcpState;

#[test]
fn this_hosts_own_abort_is_no_finding() {
    let mut story = Story::on(azure());
    story
        .wait(200.0)
        .sends(10)
        .wait(0.1)
        .becomes(TcpState::Close, 0);
    assert!(story.said().is_empty(), "its reset may be under way");
    story.resets().wait(20.0);
    assert!(story.said().is_empty());
    assert_eq!(story.judge.stats().tracked, 0, "and it is forgotten");

    let mut silent = Story::on(azure());
    silent
        .wait(200.0)
        .sends(10)
        .wait(0.1)
        .becomes(TcpState::Close, 0)
        .wait(2.0);
    assert!(silent.said().is_empty(), "also where no reset follows");
    assert_eq!(silent.judge.stats().tracked, 1, "remembered for a moment");
    silent.wait(20.0);
    assert_eq!(silent.judge.stats().tracked, 0, "and then forgotten");
}

#[test]
fn a_close_by_this_host_in_the_silence_is_no_outcome() {
    let mut story = Story::on(azure());
    story.wait(300.0).becomes(TcpState::FinWait1, 0);
    story.socket.write_seq += 1;
    story.socket.snd_nxt += 1;
    story.socket.packets_out = 1;
    story.times_out_thrice().wait(2.0).sweep();
    assert_eq!(story.said(), ["crossed none"]);
}

#[test]
fn rst_on_the_next_packet_is_a_page() {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(10).wait(0.002).peer_resets();
    assert_eq!(story.said(), ["crossed none", "reset page"]);
    let finding = story.finding("reset");
    assert_eq!(evidence(finding, "reset_came"), "after_send");
    assert_eq!(evidence(finding, "reset_after_send_ms"), 2);
    assert_eq!(evidence(finding, "unacknowledged_bytes"), 10);
    assert!(
        finding
            .summary
            .ends_with("RST from the peer 2ms after the next send")
    );
    story.again().wait(30.0);
    assert_eq!(story.said().len(), 2);
    assert_eq!(story.judge.stats().tracked, 0);
}

#[test]
fn rst_after_an_ack_is_the_peers_own_for_the_path_has_passed_its_test() {
    for in_flight in [false, true] {
        let mut story = Story::on(azure());
        story.wait(270.0).sends(10).wait(0.1).peer_acks().wait(4.0);
        if in_flight {
            story.sends(10).wait(0.01);
        }
        story.peer_resets();
        assert_eq!(story.said(), ["crossed none", "acknowledged none"]);
    }
}

#[test]
fn rst_during_the_silence_is_a_ticket() {
    let mut story = Story::on(azure());
    story.wait(245.0).peer_resets();
    assert_eq!(story.said(), ["crossed none", "reset ticket"]);
    assert_eq!(
        evidence(story.finding("reset"), "reset_came"),
        "during_silence"
    );
    assert_eq!(story.finding("reset").gap_seconds, 245.0);
}

#[test]
fn rst_on_a_write_long_after_the_peers_fin_is_manners() {
    let mut story = Story::on(azure());
    story
        .wait(5.0)
        .peer_closes()
        .wait(300.0)
        .sends(1)
        .wait(0.01)
        .peer_resets();
    assert!(story.said().is_empty());
}

#[test]
fn an_abort_soon_after_the_ack_is_no_outcome() {
    let mut story = Story::on(azure());
    story.wait(200.0).sends(4).wait(0.01).peer_acks().wait(2.5);
    story.becomes(TcpState::Close, 0).wait(5.0);
    assert!(story.said().is_empty());
}

#[test]
fn rst_after_an_answer_is_none_of_the_silences_business() {
    let mut story = Story::on(azure());
    story
        .wait(245.0)
        .sends(1)
        .wait(0.1)
        .peer_sends(1)
        .wait(0.1)
        .peer_resets();
    assert_eq!(story.said(), ["crossed none", "survived none"]);
}
