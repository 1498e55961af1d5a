//! Whatever a socket has, nothing becomes longer or later, and what is an application's own stays.

use super::*;
use crate::rule::{OnStop, Problem, UserTimeout};
use proptest::prelude::*;

const RULE: Rule = Rule {
    keepalive: true,
    user_timeout: Some(UserTimeout::Auto),
    share_percent: 100,
    rate_per_minute: 600,
    on_stop: OnStop::Undo,
};

/// As `socket(2)` gives it, on a host with the kernel's defaults.
const PLAIN: Socket = Socket {
    cookie: 7,
    established: true,
    timers: Timers {
        keepalive: false,
        time_s: 7200,
        interval_s: 75,
        probes: 9,
        user_timeout_ms: 0,
    },
    before: None,
    silent: Duration::from_secs(180),
    retries: Some(15),
};

const AZURE: Duration = Duration::from_secs(240);

#[test]
fn a_plain_socket_behind_a_box_of_four_minutes_gets_a_probe_after_two() {
    let plan = plan(&RULE, AZURE, &PLAIN);
    let to = Timers {
        keepalive: true,
        time_s: 120,
        interval_s: 15,
        probes: 9,
        user_timeout_ms: 255_000,
    };
    assert_eq!(plan, Plan { to, not: vec![] });
}

#[test]
fn what_an_application_has_set_is_left_alone() {
    let mut own = PLAIN;
    own.timers.keepalive = true;
    let left = plan(&RULE, AZURE, &own);
    assert_eq!(left, Plan::nothing(&own, Why::OwnKeepalive));
    let mut own = PLAIN;
    own.timers.user_timeout_ms = 5_000;
    let left = plan(&RULE, AZURE, &own);
    assert_eq!(left.to.user_timeout_ms, 5_000);
    assert_eq!(left.not, [Why::OwnUserTimeout]);
    assert!(left.to.keepalive, "that is not in the way of keepalive");
}

#[test]
fn a_host_that_gives_up_sooner_keeps_doing_so() {
    let mut socket = PLAIN;
    socket.retries = Some(5);
    let sooner = plan(&RULE, AZURE, &socket);
    assert_eq!(sooner.not, [Why::SoonerAlready]);
    assert_eq!(sooner.to.user_timeout_ms, 0);
    socket.retries = None;
    assert_eq!(plan(&RULE, AZURE, &socket).not, [Why::SoonerAlready]);
}

#[test]
fn one_that_has_been_silent_for_long_is_not_ended_by_one_lost_probe_and_gets_the_rest_later() {
    let mut socket = PLAIN;
    socket.silent = Duration::from_secs(3600);
    let first = plan(&RULE, AZURE, &socket);
    assert!(first.to.keepalive);
    assert_eq!(first.not, [Why::SilentTooLong]);
    let later = Socket {
        timers: first.to,
        before: Some(PLAIN.timers),
        silent: Duration::from_secs(1),
        ..socket
    };
    assert_eq!(plan(&RULE, AZURE, &later).to.user_timeout_ms, 255_000);
}

#[test]
fn what_was_given_is_given_once() {
    let to = plan(&RULE, AZURE, &PLAIN).to;
    let given = Socket {
        timers: to,
        before: Some(PLAIN.timers),
        ..PLAIN
    };
    assert!(!plan(&RULE, AZURE, &given).changes(&given));
}

#[test]
fn of_a_share_of_a_tenth_a_tenth_is_given_something_and_the_same_ones_each_time() {
    let tenth = Rule {
        share_percent: 10,
        ..RULE
    };
    let given = |rule: &Rule| {
        let mut given = Vec::new();
        for cookie in 1..=10_000 {
            let socket = Socket { cookie, ..PLAIN };
            if plan(rule, AZURE, &socket).changes(&socket) {
                given.push(cookie);
            }
        }
        given
    };
    let some = given(&tenth);
    assert!((900..1100).contains(&some.len()), "{}", some.len());
    assert_eq!(some, given(&tenth));
    let none = Rule {
        share_percent: 0,
        ..RULE
    };
    assert_eq!(given(&none), []);
    assert_eq!(given(&RULE).len(), 10_000);
}

#[test]
fn a_rule_that_cannot_help_is_refused_with_its_reason() {
    assert_eq!(RULE.check(AZURE, true), Err(Problem::PayloadClock));
    let second = Duration::from_secs(1);
    assert_eq!(RULE.check(second, false), Err(Problem::TooShort));
    let hasty = Rule {
        user_timeout: Some(UserTimeout::After(Duration::from_secs(30))),
        ..RULE
    };
    let least = Duration::from_secs(180);
    assert_eq!(hasty.check(AZURE, false), Err(Problem::Hasty { least }));
    let alone = Rule {
        keepalive: false,
        ..hasty
    };
    assert_eq!(alone.check(AZURE, true), Ok(()));
    let nothing = Rule {
        user_timeout: None,
        ..alone
    };
    assert_eq!(nothing.check(AZURE, false), Err(Problem::Nothing));
}

proptest! {
    #[test]
    fn no_timer_becomes_longer_and_no_failure_later(
        keepalive: bool, time_s in 1_u32..40_000, interval_s in 1_u32..40_000, probes in 1_u32..128,
        user_timeout_ms in prop_oneof![Just(0), 1_u32..1_000_000], retries in 0_u32..256,
        silent_s in 0_u64..100_000, timeout_ms in 20_u64..2_592_000_000,
        given in prop_oneof![Just(None), (1_u64..100_000).prop_map(|s| Some(UserTimeout::After(Duration::from_secs(s)))),
            Just(Some(UserTimeout::Auto))],
        with_keepalive: bool,
    ) {
        let timeout = Duration::from_millis(timeout_ms);
        let rule = Rule { keepalive: with_keepalive, user_timeout: given, ..RULE };
        prop_assume!(rule.check(timeout, false).is_ok());
        let timers = Timers { keepalive, time_s, interval_s, probes, user_timeout_ms };
        let socket = Socket { timers, retries: Some(retries), silent: Duration::from_secs(silent_s), ..PLAIN };
        let to = plan(&rule, timeout, &socket).to;
        if keepalive {
            prop_assert_eq!(to, timers);
        }
        if user_timeout_ms > 0 {
            prop_assert_eq!(to.user_timeout_ms, user_timeout_ms);
        } else if to.user_timeout_ms > 0 {
            let ends = Duration::from_millis(u64::from(to.user_timeout_ms));
            prop_assert!(ends < retries_end(retries));
            // No single lost probe ends it.
            prop_assert!(!to.keepalive || socket.silent < ends);
        }
        // What is switched on speaks before the path forgets.
        prop_assert!(!to.keepalive || keepalive || u64::from(to.time_s) * 1000 <= timeout_ms / 2);
    }
}
