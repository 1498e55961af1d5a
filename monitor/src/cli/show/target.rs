//! What `tcplull show` is to show: an id, a process, or the two ends of a connection.

use crate::config::Endpoint;
use monitor_model::finding::{Connection, Finding};
use monitor_model::listing::{ConnectionRow, IdleState};
use monitor_query::{Field, Filter};

/// What separates two ends in one word, both ways that a summary writes them, and what keyboards have.
const ARROWS: [&str; 4] = ["→", "->", "←", "<-"];

/// What is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A connection, by its id or the socket cookie that it begins with.
    Id(String),
    /// All connections of a process.
    Process(u32),
    /// The connections between two ends.
    Between(Endpoint, Endpoint),
}

impl Target {
    /// From the words of the command line.
    ///
    /// # Errors
    /// What they may be, in one line.
    pub(super) fn of(words: &[String]) -> Result<Self, String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [word] => Self::of_one(word.trim()),
            [local, remote] => between(local, remote),
            [local, arrow, remote] if ARROWS.contains(arrow) => between(local, remote),
            _ => Err("name one connection: its id, its two ends, or a process".to_owned()),
        }
    }

    fn of_one(word: &str) -> Result<Self, String> {
        let ends = ARROWS.iter().find_map(|arrow| word.split_once(arrow));
        if let Some((local, remote)) = ends {
            return between(local.trim(), remote.trim());
        }
        if let Ok(process) = word.parse() {
            return Ok(Self::Process(process));
        }
        // As `ss -e` shows the cookie.
        let id = word.strip_prefix("sk:").unwrap_or(word);
        let is_id = id
            .chars()
            .all(|letter| letter.is_ascii_hexdigit() || letter == '-');
        match is_id && id.starts_with(|letter: char| letter.is_ascii_hexdigit()) {
            true => Ok(Self::Id(id.to_ascii_lowercase())),
            false => Err(
                "that is no connection: write its id (as --json has it, or sk:COOKIE as ss -e has it), \"LOCAL→REMOTE\", \
                 \"LOCAL->REMOTE\" or LOCAL REMOTE, or the PID of a process"
                    .to_owned(),
            ),
        }
    }

    /// The filter of those that it means; `None` of an id, which is asked for itself.
    pub(super) fn filter(&self) -> Option<Filter> {
        let text = match self {
            Self::Id(_) => return None,
            Self::Process(process) => return Filter::is(Field::Pid, &process.to_string()).ok(),
            Self::Between(local, remote) => format!("local {local} and remote {remote}"),
        };
        Filter::parse(&text).ok()
    }

    /// As it is named to people.
    pub(super) fn named(&self) -> String {
        match self {
            Self::Id(id) => format!("connection {id}"),
            Self::Process(process) => format!("connection of process {process}"),
            Self::Between(local, remote) => format!("connection between {local} and {remote}"),
        }
    }
}

fn between(local: &str, remote: &str) -> Result<Target, String> {
    Ok(Target::Between(local.parse()?, remote.parse()?))
}

/// The connections of these rows, those that fare worst first.
pub(super) fn worst_first(mut rows: Vec<ConnectionRow>) -> Vec<Connection> {
    let rank = |row: &ConnectionRow| match row.silence {
        IdleState::Stalled => 0,
        IdleState::Crossed => 1,
        _ if !row.alerts.is_empty() => 2,
        IdleState::AtRisk => 3,
        IdleState::Ok => 4,
    };
    let left = |row: &ConnectionRow| row.left_seconds().unwrap_or(f64::INFINITY);
    rows.sort_by(|one, other| {
        let by_rank = rank(one).cmp(&rank(other));
        by_rank.then(left(one).total_cmp(&left(other)))
    });
    rows.into_iter().map(|row| row.connection).collect()
}

/// The connections of these findings, those of which something was found last first.
pub(super) fn latest_first(findings: &[Finding]) -> Vec<Connection> {
    let mut latest: Vec<Connection> = Vec::new();
    for finding in findings.iter().rev() {
        if !latest.iter().any(|known| known.id == finding.connection.id) {
            latest.push(finding.connection.clone());
        }
    }
    latest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Target, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Target::of(&words)
    }

    #[test]
    fn it_is_read_as_people_copy_it() {
        let ends = Target::Between(
            "10.0.0.4:51234".parse().unwrap(),
            "20.1.2.3:443".parse().unwrap(),
        );
        for words in [
            &["10.0.0.4:51234→20.1.2.3:443"][..],
            &["10.0.0.4:51234 → 20.1.2.3:443"],
            &["10.0.0.4:51234->20.1.2.3:443"],
            &["10.0.0.4:51234 ← 20.1.2.3:443"],
            &["10.0.0.4:51234", "20.1.2.3:443"],
            &["10.0.0.4:51234", "->", "20.1.2.3:443"],
        ] {
            assert_eq!(of(words), Ok(ends.clone()), "{words:?}");
        }
        assert_eq!(of(&["1234"]), Ok(Target::Process(1234)));
        for id in ["124e07-9fa15591-ae9c2fbd", "sk:124E07-9fa15591-ae9c2fbd"] {
            let expected = "124e07-9fa15591-ae9c2fbd".to_owned();
            assert_eq!(of(&[id]), Ok(Target::Id(expected)));
        }
        assert_eq!(of(&["sk:1234"]), Ok(Target::Id("1234".to_owned())));
    }

    #[test]
    fn what_is_none_is_told_in_a_line() {
        for words in [
            &[""][..],
            &["-"],
            &["example.com"],
            &["a→b"],
            &["10.0.0.4", "b"],
            &["1", "2", "3"],
            &["/etc"],
            &["\u{1b}[2J"],
        ] {
            let error = of(words).unwrap_err();
            assert!(!error.is_empty() && !error.contains('\n'), "{words:?}");
        }
    }
}
