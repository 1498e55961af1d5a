//! A path that loses much, and a peer heard now and then: several timeouts in a row may
//! be chance there, and one outage stays one.

use super::story::{Story, azure, evidence};
use crate::thresholds::LOSSY_TIMEOUTS;

/// Chance by a fixed sequence (Knuth's MMIX generator): a test repeats itself.
struct Dice(u64);

impl Dice {
    fn below(&mut self, percent: u64) -> bool {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % 100 < percent
    }
}

/// One request and its answer, where so many percent of all attempts fail. A sweep
/// comes past each second, in which the connection is among those shown.
fn asks_through_loss(story: &mut Story, dice: &mut Dice, percent: u64) {
    story.wait(1.0).sends(400);
    if dice.below(percent) {
        // The tail-loss probe.
        story.wait(0.2);
        story.socket.total_retrans += 1;
        story.socket.data_segs_out += 1;
        while dice.below(percent) {
            let rto = f64::from(story.socket.rto_jiffies) * 0.004;
            for _ in 0..rto as u32 {
                story.wait(1.0).sweep();
            }
            story.wait(rto.fract()).times_out();
            story.socket.total_retrans += 1;
            story.socket.data_segs_out += 1;
            story.sweep();
        }
    }
    story.wait(0.02).peer_acks().peer_sends(80).sweep();
}

#[test]
fn where_more_than_half_of_all_attempts_fail_three_timeouts_in_a_row_stay_chance() {
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let mut story = Story::on(azure());
        // It has lost as much for long.
        story.socket.total_retrans = 30;
        story.socket.data_segs_out = 60;
        for _ in 0..100 {
            asks_through_loss(&mut story, &mut dice, 55);
        }
        for finding in story
            .findings()
            .filter(|finding| finding.kind.name() == "blackholed")
        {
            let timeouts = evidence(finding, "timeouts").as_u64().unwrap_or(0);
            assert!(
                timeouts >= u64::from(LOSSY_TIMEOUTS),
                "{seed}: {}",
                finding.summary
            );
        }
    }
}

#[test]
fn a_peer_heard_once_between_two_looks_at_its_dead_path_is_paged_once() {
    let mut story = Story::on(azure());
    story.sends(400).wait(0.42).times_out().snapshots(10);
    assert_eq!(story.stalls(), ["blackholed page"]);
    // A closed window, which acknowledges nothing.
    story.peer_window(0).wait(1.54);
    for _ in 0..3 {
        story.wait(0.42).times_out();
    }
    story.sweep();
    assert_eq!(story.stalls(), ["blackholed page"]);
    story.peer_acks().next_snapshot();
    assert_eq!(story.stalls(), ["blackholed page", "moves"]);
}
