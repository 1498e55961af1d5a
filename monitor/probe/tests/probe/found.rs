//! What is found of boxes with a known truth.

use crate::boxes::{Gateway, forgets_after, options, probe};
use monitor_model::finding::Clock;
use monitor_model::probe::{Expiry, KeepaliveFound, ProbeReport, ProbeResult, ProbedSide};
use monitor_probe::{Options, text};
use proptest::prelude::*;
use proptest::sample::select;
use std::time::Duration;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The truth lies between both ends, and they are within 5 % of each other.
fn finds(side: &ProbedSide, truth: Duration) {
    let truth = truth.as_secs_f64();
    let (Some(least), Some(most)) = (side.at_least_seconds, side.at_most_seconds) else {
        panic!("{side:?}");
    };
    // Told to the millisecond.
    assert!(
        least <= truth + 0.001 && most >= truth - 0.001,
        "{truth}: {side:?}"
    );
    assert!((most - least) / most <= 0.0505, "{side:?}");
}

fn outside(report: &ProbeReport) -> &ProbedSide {
    report
        .outside
        .as_ref()
        .expect("the other side can be told to speak")
}

#[test]
fn the_gateway_of_the_story_is_found_in_the_time_of_two_silences() {
    let probed = probe(options(s(1), s(900)), &forgets_after(s(240)));
    let report = &probed.report;
    assert_eq!(report.result, ProbeResult::Forgets);
    finds(&report.inside, s(240));
    finds(outside(report), s(240));
    assert_eq!(report.inside.expiry, Some(Expiry::Drop));
    assert_eq!(report.keepalive, Some(KeepaliveFound::Counts));
    assert_eq!(report.clock, Some(Clock::Packets));
    // The sum of all silences would be hours.
    assert!(probed.took <= s(240 * 3), "{:?}", probed.took);
    assert!(probed.opened < 80, "{}", probed.opened);
    let block = report.path_block.as_deref().expect("a path to state");
    assert!(block.contains("remote = [\"198.18.0.1/32\"]"), "{block}");
    assert!(block.contains("clock = \"packets\""), "{block}");
    let shown = text(report);
    assert!(shown.contains("forgets after 3m"), "{shown}");
    assert!(shown.contains("TCP_USER_TIMEOUT"), "{shown}");
}

#[test]
fn a_path_that_forgets_nothing_takes_as_long_as_the_longest_silence() {
    let never = Gateway {
        inside: None,
        outside: None,
        ..forgets_after(s(1))
    };
    let probed = probe(options(s(1), s(900)), &never);
    assert_eq!(probed.report.result, ProbeResult::Survives);
    assert!(probed.took <= s(901), "{:?}", probed.took);
    assert_eq!(probed.report.path_block, None);
    assert!(
        probed.report.summary.contains("up to 15m"),
        "{}",
        probed.report.summary
    );
}

#[test]
fn what_is_forgotten_before_the_shortest_silence_is_told_as_that() {
    let report = probe(options(s(5), s(900)), &forgets_after(s(2))).report;
    assert_eq!(report.result, ProbeResult::Forgets);
    assert_eq!(report.inside.at_least_seconds, None);
    assert_eq!(report.path_block, None);
    assert!(
        report.summary.contains("before 5.00s"),
        "{}",
        report.summary
    );
    assert!(
        report.advice.concat().contains("--from"),
        "{:?}",
        report.advice
    );
}

#[test]
fn a_proxy_that_counts_payload_is_not_kept_by_keepalive() {
    let proxy = Gateway {
        probes_count: false,
        expiry: Expiry::FinAtOnce,
        ..forgets_after(s(60))
    };
    let report = probe(options(s(1), s(900)), &proxy).report;
    finds(&report.inside, s(60));
    assert_eq!(report.keepalive, Some(KeepaliveFound::InVain));
    assert_eq!(report.clock, Some(Clock::Payload));
    let advice = report.advice.concat();
    assert!(advice.contains("keepalive does not keep"), "{advice}");
}

#[test]
fn rules_of_their_own_for_each_side_are_found_apart() {
    let two = Gateway {
        outside: Some(s(30)),
        ..forgets_after(s(300))
    };
    let report = probe(options(s(1), s(900)), &two).report;
    finds(&report.inside, s(300));
    finds(outside(&report), s(30));
    // What is stated is safe for whoever speaks.
    let block = report.path_block.expect("a path to state");
    assert!(
        block.contains("timeout = \"29") || block.contains("timeout = \"28"),
        "{block}"
    );
}

#[test]
fn a_path_that_dies_is_no_timeout() {
    let dies = Gateway {
        dies_at: Some(s(100)),
        ..forgets_after(s(240))
    };
    let report = probe(options(s(1), s(900)), &dies).report;
    assert_eq!(report.result, ProbeResult::Dead);
    assert_eq!(report.path_block, None);
    assert!(report.summary.contains("no timeout"), "{}", report.summary);
    assert_eq!(report.inside.at_most_seconds, None);
}

#[test]
fn a_target_that_takes_few_connections_is_asked_with_fewer() {
    let few = Gateway {
        takes: 6,
        ..forgets_after(s(60))
    };
    let probed = probe(options(s(1), s(300)), &few);
    finds(&probed.report.inside, s(60));
    finds(outside(&probed.report), s(60));
    assert!(probed.most_at_once <= 6);
    let none = Gateway { takes: 0, ..few };
    let report = probe(options(s(1), s(300)), &none).report;
    assert_eq!(report.result, ProbeResult::Dead);
}

#[test]
fn no_more_than_what_is_said_to_be_left_is() {
    for (timeout, at_once) in [(240, 64), (60, 64), (60, 6), (60, 2), (60, 24)] {
        let options = Options {
            at_once,
            ..options(s(1), s(900))
        };
        let probed = probe(options, &forgets_after(s(timeout)));
        assert!(!probed.said.is_empty());
        for (now, left) in probed.said {
            let over = now + left + s(10);
            assert!(
                over >= probed.took,
                "{timeout} {at_once} at {now:?}: {left:?}, and it took {:?}",
                probed.took
            );
            assert!(left <= s(900 * 3) || at_once < 64, "{left:?}");
        }
    }
}

#[test]
fn a_server_that_closes_what_rests_where_it_has_too_many_has_no_timeout_by_that() {
    let options = Options {
        outside: false,
        ..options(s(1), s(900))
    };
    for keeps in [1, 2, 6, 20] {
        let few = Gateway {
            ours: false,
            inside: None,
            keeps,
            ..forgets_after(s(1))
        };
        let probed = probe(options, &few);
        assert_eq!(probed.report.result, ProbeResult::Survives, "{keeps}");
        assert!(probed.opened < 150, "{}", probed.opened);
        // One that it has besides is found.
        let both = Gateway {
            inside: Some(s(75)),
            expiry: Expiry::FinAtOnce,
            ..few
        };
        let probed = probe(options, &both);
        assert_eq!(probed.report.result, ProbeResult::Forgets, "{keeps}");
        finds(&probed.report.inside, s(75));
    }
}

#[test]
fn the_hop_that_forgets_is_found_by_how_long_probes_live() {
    for hop in 1..=4 {
        let it = Gateway {
            hop,
            ..forgets_after(s(240))
        };
        let options = Options {
            routers: 3,
            ..options(s(1), s(900))
        };
        let probed = probe(options, &it);
        let located = probed.report.located.as_ref().expect("it is looked for");
        // The fourth is the target.
        assert_eq!(located.hop, Some(hop), "{located:?}");
        assert!(probed.took < s(240 * 5), "{:?}", probed.took);
        let shown = text(&probed.report);
        let says = if hop == 4 {
            "the target itself"
        } else {
            "on the way holds"
        };
        assert!(shown.contains(says), "{shown}");
        let proxy = Gateway {
            probes_count: false,
            ..it
        };
        assert_eq!(probe(options, &proxy).report.located, None);
    }
}

fn forms() -> impl Strategy<Value = Expiry> {
    select(vec![
        Expiry::Drop,
        Expiry::ResetAtOnce,
        Expiry::ResetOnNextPacket,
        Expiry::FinAtOnce,
        Expiry::FinOnNextPacket,
        Expiry::ForgedAck,
        Expiry::Unreachable,
        Expiry::AnswerLost,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_timeout_is_found_whatever_the_box(
        timeout_ms in 1_500_u64..3_000_000,
        up_to in 1.0_f64..20.0,
        expiry in forms(),
        probes_count: bool,
        ours: bool,
        at_once in prop_oneof![Just(64_usize), 2_usize..64],
        evicts in proptest::option::of(0_u32..120),
        late_ms in 0_u64..5,
    ) {
        let timeout = Duration::from_millis(timeout_ms);
        let options = Options {
            at_once,
            outside: ours,
            ..options(s(1), timeout.mul_f64(up_to * 1.01))
        };
        let it = Gateway {
            expiry,
            probes_count,
            ours,
            evicts,
            late: Duration::from_millis(late_ms),
            ..forgets_after(timeout)
        };
        let probed = probe(options, &it);
        let report = &probed.report;
        prop_assert_eq!(report.result, ProbeResult::Forgets);
        for side in [Some(&report.inside), report.outside.as_ref()].into_iter().flatten() {
            finds(side, timeout);
        }
        // That the first word arrives only the other side knows; and its own does not.
        let lost = expiry == Expiry::AnswerLost;
        let looks = if lost && !ours { Expiry::Drop } else { expiry };
        prop_assert_eq!(report.inside.expiry, Some(looks));
        if let Some(outside) = &report.outside {
            let looks = if lost { Expiry::Drop } else { expiry };
            prop_assert_eq!(outside.expiry, Some(looks));
        }
        if let Some(found) = report.keepalive {
            prop_assert_eq!(found == KeepaliveFound::Counts, probes_count);
        }
        prop_assert!(probed.most_at_once <= at_once);
        prop_assert!(probed.opened <= 400);
        if at_once == 64 && evicts.is_none() {
            prop_assert!(probed.took <= timeout * 5 + s(20), "{:?}", probed.took);
        }
        prop_assert!(!text(report).is_empty());
    }

    #[test]
    fn a_server_whose_clock_is_uneven_is_found_as_soon(
        timeout_ms in 1_500_u64..3_000_000,
        uneven in 0.0_f64..0.1,
        expiry in select(vec![Expiry::FinAtOnce, Expiry::ResetAtOnce]),
    ) {
        let timeout = Duration::from_millis(timeout_ms);
        let it = Gateway { uneven, expiry, ours: false, ..forgets_after(timeout) };
        let options = Options { outside: false, ..options(s(1), timeout.mul_f64(3.0)) };
        let probed = probe(options, &it);
        let side = &probed.report.inside;
        prop_assert_eq!(probed.report.result, ProbeResult::Forgets, "{:?}", side);
        let (least, most) = (side.at_least_seconds.unwrap(), side.at_most_seconds.unwrap());
        let truth = timeout.as_secs_f64();
        prop_assert!(truth * 0.94 <= least && least <= most, "{:?}", side);
        prop_assert!(most <= truth * (1.0 + uneven) * 1.001, "{:?}", side);
        prop_assert!(probed.took <= timeout * 7 + s(20), "{:?}", probed.took);
    }

    #[test]
    fn a_server_that_closes_what_rests_has_no_timeout_by_that_however_long_opening_takes(
        keeps in 1_usize..30,
        opens_in_ms in 0_u64..700,
        up_to in 2_u64..900,
        at_once in prop_oneof![Just(64_usize), 2_usize..64],
        besides in 0.1_f64..0.9,
    ) {
        let it = Gateway {
            ours: false,
            inside: None,
            keeps,
            opens_in: Duration::from_millis(opens_in_ms),
            ..forgets_after(s(1))
        };
        let options = Options { outside: false, at_once, ..options(s(1), s(up_to)) };
        let probed = probe(options, &it);
        prop_assert_eq!(probed.report.result, ProbeResult::Survives, "{:?}", probed.report.inside);
        // One that it has besides is found.
        let timeout = s(1) + s(up_to).mul_f64(besides);
        let both = Gateway { inside: Some(timeout), expiry: Expiry::FinAtOnce, ..it };
        let probed = probe(options, &both);
        if timeout < s(up_to) {
            prop_assert_eq!(probed.report.result, ProbeResult::Forgets, "{:?}", probed.report.inside);
            finds(&probed.report.inside, timeout);
        }
    }

    #[test]
    fn where_closings_follow_no_rule_none_is_made_of_them(
        shortest in 1_u64..60,
        uneven in 1.0_f64..50.0,
        up_to in 2_u64..500,
    ) {
        let closes = Expiry::FinAtOnce;
        let it = Gateway { uneven, expiry: closes, ours: false, ..forgets_after(s(shortest)) };
        let options = Options { outside: false, ..options(s(1), s(up_to)) };
        let probed = probe(options, &it);
        prop_assert!(probed.opened <= 400);
        if probed.report.result == ProbeResult::Survives {
            let least = probed.report.inside.at_least_seconds.unwrap_or_default();
            prop_assert!(least >= up_to as f64 * 0.999, "{:?}", probed.report.inside);
        }
    }

    #[test]
    fn nothing_is_said_to_be_forgotten_where_all_is_kept(
        up_to in 2_u64..5_000,
        at_once in 2_usize..64,
        late_ms in 0_u64..5,
    ) {
        let options = Options { at_once, ..options(s(1), s(up_to)) };
        let never = Gateway {
            inside: None,
            outside: None,
            late: Duration::from_millis(late_ms),
            ..forgets_after(s(1))
        };
        let report = probe(options, &never).report;
        prop_assert_eq!(report.result, ProbeResult::Survives);
        prop_assert_eq!(report.inside.at_most_seconds, None);
    }

    #[test]
    fn a_path_that_dies_never_makes_a_timeout(
        timeout in 10_u64..500,
        dies_at in 0_u64..400,
        expiry in forms(),
    ) {
        let it = Gateway {
            dies_at: Some(s(dies_at)),
            expiry,
            ..forgets_after(s(timeout))
        };
        let report = probe(options(s(1), s(500)), &it).report;
        match report.result {
            // It was found before.
            ProbeResult::Forgets => finds(&report.inside, s(timeout)),
            ProbeResult::Dead => {
                let most = report.inside.at_most_seconds;
                prop_assert!(most.is_none_or(|most| most >= timeout as f64 - 0.001), "{most:?}");
                prop_assert_eq!(report.path_block, None);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
