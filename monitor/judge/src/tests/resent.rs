//! A peer that sends the same again because it hears no ACK of ours, and peers that only look like one.

use super::story::{Story, evidence};

impl Story {
    /// `resends` at these times, in seconds since the payload of now, and a look every 5 s until `until`.
    fn looks_while_resent(&mut self, resends: &[f64], until: u32) -> &mut Self {
        let begin = self.now;
        let mut resends = resends.iter().peekable();
        for look in (5..=until).step_by(5).map(f64::from) {
            while let Some(at) = resends.next_if(|at| **at < look) {
                self.passes_until(begin, *at).peer_resends();
            }
            self.passes_until(begin, look).sweep();
        }
        self
    }

    fn passes_until(&mut self, begin: u64, seconds: f64) -> &mut Self {
        let passed = (self.now - begin) as f64 / 1e9;
        self.wait((seconds - passed).max(0.0))
    }
}

/// When a sender resends whose first retransmission timeout is 0.2 s.
const BACKED_OFF: [f64; 11] = [
    0.2, 0.6, 1.4, 3.0, 6.2, 12.6, 25.4, 51.0, 102.2, 204.6, 324.6,
];

#[test]
fn a_peer_that_hears_no_ack_is_one_page_for_as_long_as_it_lasts() {
    let mut story = Story::without_path();
    story.hears().sweep().looks_while_resent(&BACKED_OFF, 400);
    assert_eq!(story.said(), ["blackholed page"]);
    assert_eq!(
        evidence(story.finding("blackholed"), "peer_heard"),
        "one_way"
    );
    story.hears().wait(5.0).sweep();
    assert_eq!(story.said(), ["blackholed page", "moves"]);
}

#[test]
fn keepalive_that_brings_an_old_byte_each_time_is_no_resend() {
    for every in [7, 10, 20, 30, 45, 75] {
        let mut story = Story::without_path();
        let times: Vec<f64> = (1..).map(|n| f64::from(n * every)).take(12).collect();
        story.hears().sweep();
        story.looks_while_resent(&times, 300);
        assert!(story.said().is_empty(), "{every} s: {:?}", story.said());
    }
}

#[test]
fn resends_that_stop_were_heard_at_last() {
    let mut story = Story::without_path();
    story.hears().sweep();
    story.looks_while_resent(&BACKED_OFF[..4], 60);
    assert!(story.said().is_empty(), "{:?}", story.said());
}
