//! What `tcplull paths` says to people.

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
