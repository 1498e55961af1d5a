//! Whose doing an end was: what the peer's own kernel or a goodbye ends says nothing of the silence.

use super::story::{Story, azure, evidence};
use monitor_common::TcpState;

/// A server: it accepted the connection.
fn server() -> Story {
    let mut story = Story::on(azure());
    story.socket.accepted = 1;
    story
}

fn has(story: &Story, name: &str, fact: &str) -> bool {
    let finding = story.finding(name);
    finding
        .evidence
        .iter()
        .any(|evidence| evidence.fact == fact)
}

/// Another connection to the same place dies of its silence: what earlier ones met is told with it.
fn dies_of_silence(story: &mut Story) {
    story.wait(20.0).connects(4_711).wait(1.0);
    story.sends(10).wait(0.1).peer_sends(10);
    story.wait(300.0).sends(10).times_out_thrice();
}

#[test]
fn a_client_that_leaves_with_something_unread_is_no_ticket_on_the_server() {
    for swept in [false, true] {
        let mut story = server();
        story.wait(300.0);
        if swept {
            // Of the RST itself nothing but its trace in the socket is seen.
            story.sweep().wait(4.0).is_aborted();
        } else {
            story.peer_aborts();
        }
        let said = story.said();
        assert!(said.contains(&"reset none".to_owned()), "{said:?}");
        let reset = story.finding("reset");
        assert_eq!(evidence(reset, "reset_by"), "peer");
        assert_eq!(reset.advice, None);
    }
}

#[test]
fn a_server_that_aborts_is_a_ticket_of_the_client_and_not_the_silences_doing() {
    let mut story = Story::on(azure());
    story.wait(300.0).peer_aborts();
    assert_eq!(story.said(), ["crossed none", "reset ticket"]);
    let advice = story.finding("reset").advice.clone().unwrap_or_default();
    assert!(!advice.contains("KEEPIDLE"), "{advice}");
    dies_of_silence(&mut story);
    assert!(
        !has(&story, "blackholed", "shortest_failed_gap_seconds"),
        "{:?}",
        story.finding("blackholed")
    );
}

#[test]
fn a_reset_without_the_peers_timestamp_may_be_a_boxs() {
    let mut story = server();
    story.wait(300.0).peer_resets();
    assert_eq!(story.said(), ["crossed none", "reset ticket"]);
    // A box that repeats what it saw last.
    let mut frozen = server();
    frozen.peer.frozen = Some(frozen.socket.rcv_tsval);
    frozen.wait(300.0).peer_aborts();
    assert_eq!(frozen.said(), ["crossed none", "reset ticket"]);
    // Whose clock says nothing.
    let mut without = server();
    without.negotiated_no_timestamps();
    without.wait(300.0).peer_aborts();
    assert_eq!(without.said(), ["crossed none", "reset ticket"]);
}

#[test]
fn a_box_that_is_the_peer_may_end_connections_at_its_timeout() {
    let mut story = server();
    story.wait(241.0).peer_aborts();
    assert_eq!(story.said(), ["crossed none", "reset ticket"]);
    assert!(!has(&story, "reset", "reset_by"));
}

#[test]
fn a_goodbye_at_the_timeout_is_no_failure_of_the_silence() {
    let mut story = Story::on(azure());
    story
        .wait(241.0)
        .peer_closes()
        .wait(1.0)
        .becomes(TcpState::LastAck, 0)
        .becomes(TcpState::Close, 0);
    assert_eq!(story.said(), ["crossed none", "closed none"]);
    dies_of_silence(&mut story);
    assert!(
        !has(&story, "blackholed", "shortest_failed_gap_seconds"),
        "{:?}",
        story.finding("blackholed")
    );
}

#[test]
fn a_write_that_met_a_close_is() {
    let mut story = Story::on(azure());
    story.wait(239.0).peer_closes().wait(3.0).sends(10);
    story.wait(0.05).peer_resets();
    assert_eq!(story.said(), ["closed ticket"]);
    dies_of_silence(&mut story);
    assert_eq!(
        evidence(story.finding("blackholed"), "shortest_failed_gap_seconds"),
        239.0
    );
}

#[test]
fn an_administrators_kill_is_no_failure_of_the_silence() {
    // `ss -K` here: the socket is closed with ECONNABORTED (`tcp_abort`).
    let mut story = Story::on(azure());
    story.wait(300.0).sweep().wait(4.0);
    story.becomes(TcpState::Close, 103).resets();
    let said = story.said();
    assert!(
        !said.iter().any(|what| what.starts_with("reset")),
        "{said:?}"
    );
    dies_of_silence(&mut story);
    assert!(!has(&story, "blackholed", "shortest_failed_gap_seconds"));
}

#[test]
fn nobody_is_said_to_have_waited_for_nothing() {
    // The peer has said its last word before: no answer can come, and what was sent is acknowledged as it is over.
    let mut story = Story::on(azure());
    story.wait(1.0).peer_closes();
    story.wait(200.0).sends(10).wait(0.1);
    story.peer_acks_unseen().becomes(TcpState::LastAck, 0);
    story.wait(0.000_4).becomes(TcpState::Close, 0);
    let summary = &story.finding("acknowledged").summary;
    assert!(
        summary.ends_with("what was sent since is acknowledged"),
        "{summary}"
    );
}
