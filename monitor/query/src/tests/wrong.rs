//! What is said of a filter that means nothing: which word, what would be right, and the nearest.

use crate::{Field, Filter, Problem};

fn said(text: &str) -> String {
    match Filter::parse(text) {
        Ok(filter) => panic!("{text} is {filter}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_word_is_named_with_the_nearest() {
    for (text, words) in [
        (
            "state at-risk remtoe 20/8",
            "\"remtoe\" (letter 15): this is no word of a filter; did you mean remote?",
        ),
        (
            "state at-rsik",
            "\"at-rsik\" (letter 7): this is no value of state: write at-risk, crossed, stalled or ok",
        ),
        ("state estabished", "did you mean established?"),
        (
            "established",
            "\"established\" (letter 1): this is no word of a filter; did you mean state established?",
        ),
        ("10.0.0.0/8", "did you mean remote 10.0.0.0/8?"),
        (
            "zzzzz 1",
            "\"zzzzz\" (letter 1): this is no word of a filter",
        ),
        (
            "port htps",
            "\"htps\" (letter 6): this is no value of port: write a port, a range or a service such as 443, \
            8000-8100 or https; did you mean https?",
        ),
        ("port 65536", "no value of port"),
        ("port 0x16", "no value of port"),
        ("port +80", "no value of port"),
        ("port > 65535", "no value of port"),
        ("port < 0", "no value of port"),
        ("port > 10-20", "no value of port"),
        ("port 20-10", "no value of port"),
        ("remote example.com", "names are not looked up"),
        ("remote 10.0.0.0/33", "no value of remote"),
        ("remote 2001:db8::1/129", "no value of remote"),
        ("remote [10.0.0.1]:80", "no value of remote"),
        (
            "remote > 10.0.0.1",
            "\"10.0.0.1\" (letter 10): remote can be = or != only",
        ),
        (
            "idle soon",
            "this is no value of idle: write a length of time",
        ),
        ("idle > 1000000y", "no value of idle"),
        ("unacked 1t", "no value of unacked"),
        ("unacked 99999999999999999999", "no value of unacked"),
        ("pid -1", "no value of pid"),
        ("cgroup system.slice", "no value of cgroup"),
        ("netns blue", "no value of netns"),
        ("keepalive of", "did you mean off?"),
        (
            "dev = eth0",
            "\"dev\" (letter 1): this is a word of ss for what tcplull does not know: the device of a socket",
        ),
        ("port", "port needs a value: a port, a range"),
        (
            "port and path nat",
            "\"and\" (letter 6): port needs a value",
        ),
        ("comm eq", "comm needs a value"),
        ("comm \"\"", "comm needs a value"),
        ("not", "this does not belong here: a condition"),
        ("port 1 or", "this does not belong here: a condition"),
        ("port 1 and", "this does not belong here: a condition"),
        ("or port 1", "\"or\" (letter 1): this is no word"),
        ("port 1 )", "\")\" (letter 8): this does not belong here"),
        ("( port 1", "\"(\" (letter 1): nothing closes this"),
        ("comm \"x", "\"\"\" (letter 6): nothing closes this"),
        ("comm a\u{1b}[2J", "a letter of it cannot be seen"),
        ("comm a\u{202e}b", "a letter of it cannot be seen"),
    ] {
        let said = said(text);
        assert!(said.contains(words), "{text}\n{said}\n{words}");
        assert!(!said.contains(char::is_control), "{said:?}");
    }
}

#[test]
fn the_place_is_shown_below() {
    let error = Filter::parse("state at-risk remtoe 20/8").unwrap_err();
    assert_eq!(
        error.pointed(),
        "  state at-risk remtoe 20/8\n                ^^^^^^"
    );
    let error = Filter::parse("port").unwrap_err();
    assert_eq!(error.pointed(), "  port\n      ^");
    let error = Filter::flag(Field::Port, "22,htps").unwrap_err();
    assert_eq!(error.pointed(), "  22,htps\n     ^^^^");
}

#[test]
fn what_is_longer_deeper_or_more_than_any_is_refused() {
    let problem = |text: String| Filter::parse(&text).map_err(|error| error.problem);
    assert_eq!(
        problem(" ".repeat(5_000)),
        Err(Problem::TooLong { most: 4_096 })
    );
    assert_eq!(
        problem("(".repeat(4_000)),
        Err(Problem::TooDeep { most: 64 })
    );
    assert_eq!(
        problem("!".repeat(4_000)),
        Err(Problem::TooDeep { most: 64 })
    );
    assert_eq!(
        problem("pid 1 ".repeat(129)),
        Err(Problem::TooMany { most: 128 })
    );
    assert_eq!(
        problem(format!("pid {}1", "1,".repeat(200))),
        Err(Problem::TooMany { most: 128 })
    );
    assert_eq!(
        problem(format!("comm {}", "\"\\\\\" ")),
        Ok(Filter::flag(Field::Comm, "\\").unwrap())
    );
    // What would be longer once it is written out.
    let longer = format!("comm \"{}\"", "'".repeat(4_000));
    assert!(problem(longer).is_ok());
    assert_eq!(
        problem(format!("comm '{}'", "\"".repeat(4_000))),
        Err(Problem::TooLong { most: 4_096 })
    );
    assert!(Filter::flag(Field::Comm, &"a".repeat(5_000)).is_err());
    // Joining does not lead beyond it either.
    let many = Filter::parse(&"pid 1 ".repeat(100)).expect("few enough");
    assert!(many.clone().and(many).is_err());
}
