//! `[path.heal]`, as it is written.

use super::*;
use monitor_heal::{OnStop, Rule, UserTimeout};

fn with(path: &str, heal: &str) -> String {
    format!("[[path]]\nname = \"nat\"\n{path}\n[path.heal]\n{heal}\n")
}

fn rule(heal: &str) -> Option<Rule> {
    load(&with("timeout = \"4m\"", heal)).paths[0].heal
}

#[test]
fn without_a_word_of_it_nothing_is_healed_and_with_one_all_sockets_are() {
    assert_eq!(
        load("[[path]]\nname = \"nat\"\ntimeout = \"4m\"\n").paths[0].heal,
        None
    );
    let plain = Rule {
        keepalive: true,
        user_timeout: None,
        share_percent: 100,
        rate_per_minute: 600,
        on_stop: OnStop::Undo,
    };
    assert_eq!(rule("keepalive = \"auto\""), Some(plain));
    let all = rule(
        "keepalive = \"auto\"\nuser_timeout = \"5m\"\nshare = \"10%\"\nrate = 60\non_stop = \"keep\"",
    );
    let written = Rule {
        user_timeout: Some(UserTimeout::After(Duration::from_secs(300))),
        share_percent: 10,
        rate_per_minute: 60,
        on_stop: OnStop::Keep,
        ..plain
    };
    assert_eq!(all, Some(written));
}

#[test]
fn what_cannot_help_is_refused_and_says_why_and_where() {
    let refused = |path: &str, heal: &str, part: &str| {
        let said = message(&with(path, heal));
        assert!(said.contains(part), "{said}");
    };
    let (four, auto) = ("timeout = \"4m\"", "keepalive = \"auto\"");
    refused(
        "timeout = \"4m\"\nclock = \"payload\"",
        auto,
        "a keepalive probe is none",
    );
    refused("timeout = \"1500ms\"", auto, "below 2s");
    refused(
        four,
        "keepalive = \"auto\"\nuser_timeout = \"30s\"",
        "at least 180s",
    );
    refused(four, "share = \"10%\"", "nothing is to be set");
    refused(four, "keepalive = \"on\"", "\"auto\"");
    refused(four, "share = \"101%\"\nkeepalive = \"auto\"", "\"101%\"");
    refused(four, "rate = 0.5\nkeepalive = \"auto\"", "0.5");
    refused(four, "keepalive = \"auto\"\non_stop = \"no\"", "\"no\"");
    refused(four, "keepalife = \"auto\"", "keepalive");
}
