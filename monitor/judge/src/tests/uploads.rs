//! Data that needs no answer, where requests used to be answered.

use super::story::{Story, azure};

/// Requests that were answered, a silence, and then an upload, a second between its
/// parts, on a connection without timestamps; it is acknowledged with this TTL and window.
fn upload_without_timestamps(ttl: u8, window: u16) -> Vec<String> {
    let mut story = Story::on(azure());
    story.negotiated_no_timestamps();
    story.is_answered(5, 0.012).wait(200.0).peer_sends(5);
    // The connection is among the samples of each sweep.
    for _ in 0..8 {
        story.wait(25.0).sweep();
    }
    story.peer.ttl = ttl;
    story.peer.window = window;
    for _ in 0..6 {
        story.sends(20_000).wait(0.03).peer_acks().wait(1.0).sweep();
    }
    story.said()
}

#[test]
fn where_no_timestamp_clock_can_be_asked_an_upload_alarms_only_under_another_ttl() {
    for (ttl, window, reported) in [(57, 512, false), (57, 65_000, false), (64, 512, true)] {
        let said = upload_without_timestamps(ttl, window);
        let undelivered = said.contains(&"undelivered page".into());
        assert_eq!(
            undelivered, reported,
            "TTL {ttl}, window {window}: {said:?}"
        );
    }
}
