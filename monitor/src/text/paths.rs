//! What `tcplull paths` says to people, and what it writes for the configuration.

use monitor_model::finding::Clock;
use monitor_model::format::{count, duration_of, printable};
use monitor_model::learned::{FirstWord, LearnedTimeout, Misstated};
use monitor_model::path_state::PathState;

/// The heading above [`path_lines`].
pub fn paths_header() -> String {
    cells(["PATH", "STATED", "LEARNED", "PRESET", "RESTS ON"])
}

/// One path: a line, and one more for each further prefix that something was learned of.
pub fn path_lines(path: &PathState) -> String {
    let stated = match path.timeout_seconds {
        None => "-".to_owned(),
        Some(seconds) if path.stated => duration_of(seconds),
        // The guess of `preset = "auto"`.
        Some(seconds) => format!("({})", duration_of(seconds)),
    };
    let preset = path.preset.as_ref().map_or("-".to_owned(), |preset| {
        format!("{} {}", preset.name, duration_of(preset.timeout_seconds))
    });
    let mut own = [path.path.as_str(), &stated].map(printable);
    let mut preset = printable(&preset);
    if path.learned.is_empty() {
        let [name, stated] = &own;
        return cells([name, stated, "-", &preset, "-"]);
    }
    let mut lines = Vec::with_capacity(path.learned.len() + 1);
    for learned in &path.learned {
        let [name, stated] = own.each_ref().map(String::as_str);
        let rests_on = rests_on(path, learned);
        lines.push(cells([name, stated, &bounds(learned), &preset, &rests_on]));
        // Said once.
        own = Default::default();
        preset.clear();
    }
    if path.learned_more > 0 {
        let more = format!("and of {} more", count(path.learned_more, "prefix"));
        lines.push(cells(["", "", "", "", &more]));
    }
    lines.join("\n")
}

fn cells([path, stated, learned, preset, rests_on]: [&str; 5]) -> String {
    format!("{path:<22} {stated:<8} {learned:<16} {preset:<28} {rests_on}")
}

fn bounds(learned: &LearnedTimeout) -> String {
    let [least, most] =
        [learned.at_least_seconds, learned.at_most_seconds].map(|bound| bound.map(duration_of));
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("over {least}"),
        (None, Some(most)) => format!("up to {most}"),
        (None, None) => "-".to_owned(),
    }
}

fn rests_on(path: &PathState, learned: &LearnedTimeout) -> String {
    let mut facts = Vec::new();
    let against = path.timeout_seconds.filter(|_| path.stated);
    facts.extend(
        against
            .and_then(|seconds| learned.against(seconds))
            .map(|how| match how {
                Misstated::Shorter => "SHORTER THAN STATED".to_owned(),
                Misstated::Longer => "LONGER THAN STATED".to_owned(),
            }),
    );
    facts.push(format!("{} survived", learned.survived));
    if learned.died > 0 {
        let occasions = count(learned.occasions, "occasion");
        facts.push(format!("{} died on {occasions}", learned.died));
    }
    if learned.unfit > 0 {
        facts.push(format!("{} do not fit", learned.unfit));
    }
    if learned.first_word == FirstWord::Peer {
        facts.push("the peer spoke first".to_owned());
    }
    facts.extend(learned.changed.map(|at| format!("changed {at}")));
    facts.extend(learned.prefix.as_deref().map(printable));
    facts.join("; ")
}

/// What was learned of a path as blocks for the configuration, one for each neighbourhood of which both bounds are known where
/// this host speaks first; else a comment that says so.
pub fn path_blocks(path: &PathState) -> String {
    let stateable = path.learned.iter().filter_map(|one| block(path, one));
    let blocks: Vec<String> = stateable.collect();
    if blocks.is_empty() {
        let name = printable(&path.path);
        return format!("# {name}: of no prefix both bounds of the timeout are known\n");
    }
    blocks.join("\n")
}

fn block(path: &PathState, learned: &LearnedTimeout) -> Option<String> {
    let prefix = learned.prefix.as_deref()?;
    let survived = learned.at_least_seconds?;
    let known = learned.at_most_seconds.is_some() && learned.first_word == FirstWord::Us;
    if !known {
        return None;
    }
    let plain = |letter: char| match letter.is_ascii_alphanumeric() || letter == '_' {
        true => letter,
        false => '-',
    };
    let suffix: String = prefix.split('/').next()?.chars().map(plain).collect();
    let name = match path.path.ends_with(&suffix) {
        // It was written so before.
        true => path.path.clone(),
        false => format!("{}-{suffix}", path.path),
    };
    let name: String = name.chars().map(plain).take(LONGEST_NAME).collect();
    let clock = match path.clock {
        Some(Clock::Payload) => "clock = \"payload\"\n",
        _ => "",
    };
    // What is surely survived, rounded down.
    let timeout = (survived * 10.0).floor() as u64;
    let timeout = match timeout.is_multiple_of(10) || timeout >= 600 {
        true => format!("{}s", timeout / 10),
        false => format!("{}ms", timeout * 100),
    };
    Some(format!(
        "# {}: {}; {}\n[[path]]\nname = \"{name}\"\nremote = [\"{}\"]\ntimeout = \"{timeout}\"\n{clock}",
        printable(&path.path),
        bounds(learned),
        rests_on(path, learned),
        printable(prefix),
    ))
}

/// The longest name of a path in the configuration, in bytes.
const LONGEST_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_model::path_state::PathPreset;

    fn path() -> PathState {
        PathState {
            path: "office-nat".to_owned(),
            timeout_seconds: Some(300.0),
            stated: true,
            ..PathState::default()
        }
    }

    fn learned() -> LearnedTimeout {
        LearnedTimeout {
            prefix: Some("192.0.2.0/24".to_owned()),
            at_least_seconds: Some(118.0),
            at_most_seconds: Some(121.0),
            survived: 41,
            died: 9,
            occasions: 6,
            unfit: 2,
            ..LearnedTimeout::default()
        }
    }

    #[test]
    fn what_is_stated_and_what_was_learned_stand_beside_each_other() {
        let path = PathState {
            preset: Some(PathPreset {
                name: "azure-load-balancer".to_owned(),
                timeout_seconds: 240.0,
            }),
            learned: vec![
                learned(),
                LearnedTimeout {
                    at_most_seconds: None,
                    first_word: FirstWord::Peer,
                    ..learned()
                },
            ],
            learned_more: 2,
            ..path()
        };
        let text = path_lines(&path);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        for part in [
            "office-nat",
            "5m",
            "1m58s to 2m1s",
            "azure-load-balancer 4m",
            "SHORTER THAN STATED; 41 survived; 9 died on 6 occasions; 2 do not fit; 192.0.2.0/24",
        ] {
            assert!(lines[0].contains(part), "{part}: {text}");
        }
        assert!(lines[1].contains("over 1m58s") && lines[1].contains("the peer spoke first"));
        assert!(!lines[1].contains("office-nat"), "it is said once: {text}");
    }

    #[test]
    fn what_was_learned_is_written_as_the_configuration_has_it() {
        let by_peer = LearnedTimeout {
            first_word: FirstWord::Peer,
            ..learned()
        };
        let path = PathState {
            clock: Some(Clock::Payload),
            learned: vec![learned(), by_peer],
            ..path()
        };
        let text = path_blocks(&path);
        let (comment, block) = text.split_once('\n').unwrap();
        assert_eq!(
            comment,
            "# office-nat: 1m58s to 2m1s; SHORTER THAN STATED; 41 survived; 9 died on 6 occasions; 2 do not fit; 192.0.2.0/24"
        );
        assert_eq!(
            block,
            "[[path]]\nname = \"office-nat-192-0-2-0\"\nremote = [\"192.0.2.0/24\"]\ntimeout = \"118s\"\nclock = \"payload\"\n"
        );
    }

    #[test]
    fn what_was_written_before_keeps_its_name() {
        let path = PathState {
            path: "office-nat-192-0-2-0".to_owned(),
            learned: vec![learned()],
            ..path()
        };
        let text = path_blocks(&path);
        assert!(text.contains("name = \"office-nat-192-0-2-0\"\n"), "{text}");
    }

    #[test]
    fn short_timeouts_are_written_to_the_tenth_and_long_names_fit() {
        let path = PathState {
            path: "x".repeat(100),
            learned: vec![LearnedTimeout {
                at_least_seconds: Some(4.18),
                ..learned()
            }],
            ..path()
        };
        let text = path_blocks(&path);
        assert!(text.contains("timeout = \"4100ms\"\n"), "{text}");
        let name = text.lines().find_map(|line| line.strip_prefix("name = "));
        assert_eq!(name.map(str::len), Some(LONGEST_NAME + 2));
    }

    #[test]
    fn without_both_bounds_nothing_is_written_but_that() {
        for (at_least_seconds, at_most_seconds, prefix) in [
            (Some(118.0), None, Some("192.0.2.0/24")),
            (None, Some(121.0), Some("192.0.2.0/24")),
            (Some(118.0), Some(121.0), None),
        ] {
            let path = PathState {
                learned: vec![LearnedTimeout {
                    at_least_seconds,
                    at_most_seconds,
                    prefix: prefix.map(str::to_owned),
                    ..learned()
                }],
                ..path()
            };
            let text = path_blocks(&path);
            assert!(
                text.starts_with("# office-nat: ") && text.lines().count() == 1,
                "{text}"
            );
        }
    }

    #[test]
    fn where_nothing_was_learned_that_is_shown() {
        let text = path_lines(&path());
        assert_eq!(
            text.split_whitespace().collect::<Vec<_>>(),
            ["office-nat", "5m", "-", "-", "-"]
        );
    }

    #[test]
    fn a_guess_is_not_contradicted() {
        let path = PathState {
            stated: false,
            learned: vec![learned()],
            ..path()
        };
        let text = path_lines(&path);
        assert!(text.contains("(5m)") && !text.contains("STATED;"), "{text}");
    }
}
