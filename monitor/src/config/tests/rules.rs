//! The rules of paths, as they are written.

use super::*;
use monitor_judge::Ignore;
use monitor_model::finding::Severity;

fn with(keys: &str) -> String {
    format!("[[path]]\nname = \"nat\"\ntimeout = \"4m\"\n{keys}\n")
}

fn rules(keys: &str) -> PathRules {
    load(&with(keys)).paths[0].rules.clone()
}

fn until(text: &str) -> Option<Ignore> {
    Some(Ignore::Until(text.parse().unwrap()))
}

#[test]
fn a_path_says_whom_it_wakes_and_whose_it_is() {
    assert_eq!(rules(""), PathRules::default());
    assert_eq!(rules("ignore = false"), PathRules::default());
    assert_eq!(rules("ignore = true").ignore, Some(Ignore::Always));
    assert_eq!(
        rules("severity = \"ticket\"").severity,
        Some(Severity::Ticket)
    );
    let owner = rules("owner = \"team-payments\"").owner;
    assert_eq!(owner.as_deref(), Some("team-payments"));
}

#[test]
fn an_end_is_a_date_or_a_time_with_or_without_quotes() {
    let day = until("2226-12-24T00:00:00Z");
    assert_eq!(rules("ignore_until = 2226-12-24").ignore, day);
    assert_eq!(
        rules("ignore = true\nignore_until = \"2226-12-24\"").ignore,
        day
    );
    let time = until("2226-12-24T06:00:00Z");
    assert_eq!(
        rules("ignore_until = 2226-12-24T08:00:00+02:00").ignore,
        time
    );
}

#[test]
fn whom_nobody_hears_of_is_said_and_whose_time_is_over_too() {
    let notes = |keys: &str| load(&with(keys)).rule_notes.join(" ");
    assert_eq!(notes("owner = \"a\""), "");
    assert!(notes("ignore = true").contains("\"nat\" is ignored"));
    let later = notes("ignore_until = 2226-12-24");
    assert!(later.contains("until 2226-12-24T00:00:00.000Z"), "{later}");
    let over = notes("ignore_until = 2020-12-24");
    assert!(
        over.contains("is no more") && over.contains(":1)"),
        "{over}"
    );
}

#[test]
fn what_is_wrong_with_a_rule_is_named_by_its_line() {
    for (keys, words) in [
        ("ignore_until = 2026-12-24T08:00:00", "with its offset"),
        ("ignore_until = \"Christmas\"", "2026-12-24"),
        ("ignore_until = 2026-13-24", "not valid TOML"),
        ("ignore_until = true", "must be a date"),
        ("ignore = \"yes\"", "true or false"),
        ("severity = \"critical\"", "\"ticket\""),
        ("owner = \"\"", "owner: 1 to"),
        ("ignored = true", "did you mean \"ignore\"?"),
    ] {
        let message = message(&with(keys));
        assert!(message.starts_with("config.toml:4: "), "{message}");
        assert!(message.contains(words), "{message}");
    }
    let both = message(&with("ignore = false\nignore_until = 2026-12-24"));
    assert!(
        both.starts_with("config.toml:5: ") && both.contains("contradict"),
        "{both}"
    );
}
