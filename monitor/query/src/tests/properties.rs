//! Whatever is given, nothing panics, and what is understood is written so that it is understood the same again.

use super::rows::{alert, bare, finding, row};
use crate::{Field, Filter, Sort, WORDS};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Words, values and signs, right ones more often than chance would have it.
fn text() -> impl Strategy<Value = String> {
    let words: Vec<&str> = WORDS
        .iter()
        .flat_map(|word| [word.word].into_iter().chain(word.also.iter().copied()))
        .collect();
    let values = [
        "at-risk",
        "established",
        "closed",
        "close",
        "connected",
        "firing",
        "blackholed",
        "10.0.0.0/8",
        "10/8",
        "*:443",
        "[::1]:22",
        "::ffff:1.2.3.4",
        "::ffff:0:0/95",
        "443",
        "1-2",
        "https",
        ":22",
        "3m",
        "4m30s",
        "\"1h 5m\"",
        "0",
        "64k",
        "\"a b\"",
        "'x\"y'",
        "api*",
        "off",
        "late",
        "ipv4",
        "client",
        "page",
        "4026531840",
        "/run/netns/blue",
        "none",
        "ü→b",
    ];
    let signs = [
        "and", "or", "not", "(", ")", "!", "=", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "&&",
        "||", ",", "exclude", "state", "\\", "\"",
    ];
    let pair = (select(words.clone()), select(values.to_vec()))
        .prop_map(|(word, value)| format!("{word} {value}"));
    let one = prop_oneof![
        6 => pair,
        2 => select(signs.to_vec()).prop_map(str::to_owned),
        1 => select(values.to_vec()).prop_map(str::to_owned),
        1 => select(words).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    vec(one, 0..12).prop_map(|parts| parts.join(" "))
}

/// One that is understood.
fn filter() -> impl Strategy<Value = Filter> {
    let term = select(vec![
        "state at-risk",
        "state closed",
        "port 443",
        "port >= 1024",
        "remote 10/8",
        "local *:22",
        "comm \"a b\"",
        "idle > 3m",
        "unacked 64k",
        "netns /x",
        "keepalive late",
        "severity page",
        "pod \"\\\"\\\\\"",
    ]);
    let leaf = term.prop_map(|text| Filter::parse(text).expect("a filter"));
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Filter::excluded),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| one.and(other).expect("few")),
            (inner.clone(), inner).prop_map(|(one, other)| one.or(other).expect("few")),
        ]
    })
}

fn the_same_again(filter: &Filter) {
    let text = filter.to_string();
    let again = Filter::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(&again, filter, "{text}");
    assert_eq!(again.to_string(), text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_a_filter_or_an_error_in_one_line(text in text()) {
        match Filter::parse(&text) {
            Ok(filter) => {
                the_same_again(&filter);
                for row in [row(), bare()] {
                    let excluded = filter.clone().excluded();
                    prop_assert!(excluded.is_all() || excluded.matches(&row) != filter.matches(&row));
                }
                filter.matches(&finding());
                filter.matches(&alert());
            }
            Err(error) => {
                prop_assert!(!error.to_string().contains(char::is_control));
                prop_assert!(error.pointed().lines().count() <= 2);
            }
        }
    }

    #[test]
    fn any_value_of_a_flag_is_a_filter_or_an_error(value in any::<String>(), field in select(WORDS.iter().map(|word| word.field).collect::<Vec<Field>>())) {
        match Filter::flag(field, &value) {
            Ok(filter) => the_same_again(&filter),
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
        let _ = value.parse::<Sort>();
    }

    #[test]
    fn joined_filters_are_read_again_and_mean_what_their_parts_mean(one in filter(), other in filter()) {
        the_same_again(&one);
        for row in [row(), bare()] {
            let (first, second) = (one.matches(&row), other.matches(&row));
            let both = one.clone().and(other.clone());
            let either = one.clone().or(other.clone());
            for (joined, expected) in [(both, first && second), (either, first || second), (Ok(one.clone().excluded()), !first)] {
                let joined = joined.expect("few");
                the_same_again(&joined);
                prop_assert_eq!(joined.matches(&row), expected);
            }
        }
    }
}
