//! Sweeps that come seldom: what would cross before the next look is at risk now.

use super::story::{JIFFY_NS, SECOND, Story, azure, evidence};
use crate::{Input, JudgedPath, idle_state};
use monitor_common::{Fact, FactKind, TcpState, flags, tcp_flags};
use monitor_model::finding::Clock;
use monitor_model::listing::IdleState;
use proptest::prelude::*;

/// The kernel side's default.
const MIN_GAP: u64 = SECOND;

fn ns(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// The socket as a sweep shows it that is followed by the next within so long; `None` where it does not.
fn row(story: &Story, path: &JudgedPath, within_ns: u64) -> Option<Fact> {
    let mut row = story.fact(FactKind::Swept);
    let idle = match path.clock {
        Clock::Packets => row.packet_idle_max_ns,
        Clock::Payload => row.payload_idle_ns,
    };
    if idle >= path.warn_ns {
        return Some(row);
    }
    row.flags |= flags::SOON;
    (idle >= MIN_GAP && idle + within_ns >= path.timeout_ns).then_some(row)
}

/// A whole sweep. Answers whether it showed the socket.
fn look(story: &mut Story, path: &JudgedPath, within_ns: u64) -> bool {
    look_of(story, path, within_ns, within_ns)
}

/// The same, of a kernel side that shows what comes to the timeout within `ahead_ns`.
fn look_of(story: &mut Story, path: &JudgedPath, ahead_ns: u64, within_ns: u64) -> bool {
    let next = Input::NextLook { within_ns };
    story.judge.take(&next, &mut story.verdicts);
    let row = row(story, path, ahead_ns);
    if let Some(row) = row {
        story.deliver(row);
    }
    story.sweep_without();
    row.is_some()
}

#[test]
fn what_would_cross_before_the_next_look_is_at_risk_now() {
    let mut story = Story::on(azure());
    story.wait(60.0);
    assert!(!look(&mut story, &azure(), ns(150.0)));
    story.wait(60.0);
    assert!(look(&mut story, &azure(), ns(150.0)));
    assert_eq!(story.said(), ["at_risk none"]);
    let finding = story.finding("at_risk");
    assert_eq!(finding.gap_seconds, 120.0);
    assert_eq!(evidence(finding, "time_left_seconds"), 120.0);
    assert_eq!(evidence(finding, "next_look_seconds"), 150.0);
    story.wait(150.0);
    look(&mut story, &azure(), ns(150.0));
    assert_eq!(story.said(), ["at_risk none", "crossed ticket"]);
}

#[test]
fn at_the_usual_pace_the_share_of_the_timeout_decides() {
    let mut story = Story::on(azure());
    story.wait(179.0);
    assert!(!look(&mut story, &azure(), ns(5.5)));
    story.wait(5.0);
    look(&mut story, &azure(), ns(5.5));
    assert_eq!(story.said(), ["at_risk none"]);
    let evidence = &story.finding("at_risk").evidence;
    let told = evidence.iter().any(|fact| fact.fact == "next_look_seconds");
    assert!(!told, "{evidence:?}");
}

#[test]
fn a_sample_is_not_at_risk_however_far_the_next_look_is() {
    let mut story = Story::on(azure());
    let next = Input::NextLook {
        within_ns: 1_000 * SECOND,
    };
    story.judge.take(&next, &mut story.verdicts);
    story.flags |= flags::SAMPLED;
    story.wait(0.2).sweep().wait(10.0).sweep();
    assert!(story.said().is_empty());
}

#[test]
fn a_probe_due_before_the_timeout_saves_it_here_too() {
    for (keepalive, said) in [(200, vec![]), (7_200, vec!["at_risk none"])] {
        let mut story = Story::on(azure());
        story.flags |= flags::KEEPALIVE;
        story.socket.keepalive_time = keepalive * 250;
        story.wait(100.0);
        look(&mut story, &azure(), ns(150.0));
        assert_eq!(story.said(), said);
    }
}

#[test]
fn a_shorter_interval_takes_nothing_back_and_says_nothing_twice() {
    let mut story = Story::on(azure());
    story.wait(120.0);
    look(&mut story, &azure(), ns(150.0));
    // The kernel side goes on to show what it has shown.
    for _ in 0..20 {
        story.wait(5.0);
        assert!(look_of(&mut story, &azure(), ns(150.0), ns(5.5)));
    }
    assert_eq!(story.said(), ["at_risk none"]);
}

#[test]
fn what_ends_below_the_threshold_is_no_gap_whoever_ends_it() {
    let begun = || {
        let mut story = Story::on(azure());
        story.wait(100.0);
        look(&mut story, &azure(), ns(150.0));
        assert_eq!(story.said(), ["at_risk none"]);
        story.wait(20.0);
        story
    };
    let mut sends = begun();
    sends.sends(10).wait(0.1).peer_acks().wait(130.0);
    look(&mut sends, &azure(), ns(150.0));
    assert_eq!(sends.said(), ["at_risk none", "ended", "at_risk none"]);

    let mut hears = begun();
    hears.peer_sends(10).wait(5.0);
    look(&mut hears, &azure(), ns(5.5));
    assert_eq!(hears.said(), ["at_risk none", "ended"]);

    let mut is_reset = begun();
    let mut reset = is_reset.fact(FactKind::ResetReceived);
    reset.segment.tcp_flags = tcp_flags::RST;
    is_reset.report(reset);
    is_reset.becomes(TcpState::Close, 104);
    assert_eq!(is_reset.said(), ["at_risk none", "ended"]);
}

#[test]
fn a_list_says_the_same() {
    let mut story = Story::on(azure());
    story.wait(120.0);
    let row = row(&story, &azure(), ns(150.0)).unwrap();
    let state = |row: &Fact, within| idle_state(row, Some(&azure()), JIFFY_NS, ns(within));
    assert_eq!(state(&row, 150.0), IdleState::AtRisk);
    assert_eq!(state(&row, 5.5), IdleState::Ok);
    let sample = Fact { flags: 0, ..row };
    assert_eq!(state(&sample, 150.0), IdleState::Ok);
}

proptest! {
    /// Whatever the interval, and however it changes: no silence that a sweep came by crosses without a warning, and
    /// none is warned of that the next look would have been in time for.
    #[test]
    fn at_risk_comes_before_crossed_whenever_the_silence_was_seen(
        timeout in 10..600_u64,
        share in 1..100_u64,
        payload in any::<bool>(),
        // Each interval in ms, and how much of it passes.
        sweeps in proptest::collection::vec((100..400_000_u64, 1..=100_u64), 1..12),
    ) {
        let path = JudgedPath {
            timeout_ns: timeout * SECOND,
            warn_ns: (timeout * SECOND * share / 100).max(MIN_GAP),
            clock: if payload { Clock::Payload } else { Clock::Packets },
            ..azure()
        };
        let mut story = Story::on(path.clone());
        let mut seen = false;
        // What the kernel side has shown once it goes on to show.
        let mut foreseen_ns = 0;
        for (interval_ms, passes) in sweeps {
            let within_ns = interval_ms * 1_000_000;
            let told = story.said().len();
            foreseen_ns = foreseen_ns.max(story.now + within_ns);
            let ahead_ns = foreseen_ns - story.now;
            look_of(&mut story, &path, ahead_ns, within_ns);
            let length_ns = story.now - story.wire;
            let said = story.said().split_off(told);
            for word in said {
                let due = match word.as_str() {
                    "at_risk none" => length_ns >= path.warn_ns.min(path.timeout_ns.saturating_sub(within_ns)),
                    "crossed ticket" => length_ns >= path.timeout_ns,
                    _ => false,
                };
                prop_assert!(due, "{word} after {length_ns} ns, with {within_ns} ns to come");
            }
            let crossed = story.findings().any(|finding| finding.kind.name() == "crossed");
            if crossed {
                let first = story.findings().next().map(|finding| finding.kind.name());
                prop_assert_eq!(first, Some(if seen { "at_risk" } else { "crossed" }));
                break;
            }
            seen |= length_ns >= MIN_GAP;
            story.wait(interval_ms as f64 / 1e3 * passes as f64 / 100.0);
        }
    }
}
