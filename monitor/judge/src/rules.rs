//! The rules of a path: until when nobody is woken by what is found on it, how much it may wake, and whose it is.
//!
//! They come in with the paths, and time comes in with the facts: what is in force at a moment is told to the alerts as
//! [`Verdict::Rules`](crate::Verdict::Rules), in the daemon and in a replay.

use monitor_model::finding::Severity;
use monitor_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The rules of one path, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathRules {
    /// Nobody is woken by what is found there; it is found all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<Ignore>,
    /// The most that a finding there wakes; it makes none of them graver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Who is to be told of its alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// For how long a path is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignore {
    /// For as long as it is written.
    Always,
    /// Until this moment of the wall clock.
    Until(Timestamp),
}

impl Ignore {
    /// Whether it is so at this time, in ns since 1970.
    pub fn holds_at(self, wall_unix_ns: i64) -> bool {
        match self {
            Self::Always => true,
            Self::Until(end) => wall_unix_ns < end.unix_ns(),
        }
    }
}

impl PathRules {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What they come to at this time, in ns since 1970.
    pub fn at(&self, wall_unix_ns: i64) -> Rule {
        let ignored = self.ignore.filter(|ignore| ignore.holds_at(wall_unix_ns));
        Rule {
            most: match ignored {
                Some(_) => Severity::None,
                None => self.severity.unwrap_or(Severity::Page),
            },
            ignored,
            owner: self.owner.clone(),
        }
    }
}

/// What the rules of a path come to at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The most that a finding there wakes.
    pub most: Severity,
    /// Why that is nobody, where the path is ignored.
    pub ignored: Option<Ignore>,
    /// Who is to be told of its alerts.
    pub owner: Option<String>,
}

impl Rule {
    /// What nothing is written of.
    pub(crate) const NONE: Self = Self {
        most: Severity::Page,
        ignored: None,
        owner: None,
    };

    /// Whom it lets wake, of `path`, in words.
    pub(crate) fn words(&self, path: &str) -> String {
        match (self.ignored, self.most) {
            (Some(Ignore::Always), _) => format!("path {path} is ignored"),
            (Some(Ignore::Until(end)), _) => format!("path {path} is ignored until {end}"),
            (None, Severity::None) => format!("path {path} wakes nobody, by its severity"),
            (None, Severity::Ticket) => format!("path {path} is a ticket at most, by its severity"),
            (None, Severity::Page) => format!("path {path} has other rules now"),
        }
    }
}

/// The rules that are in force at a moment, by the path's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(BTreeMap<String, Rule>);

impl Rules {
    /// Those of the path with this name.
    pub(crate) fn of(&self, path: &str) -> &Rule {
        self.0.get(path).unwrap_or(&Rule::NONE)
    }

    /// Every path that has some.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Rule)> + '_ {
        self.0.iter().map(|(path, rule)| (path.as_str(), rule))
    }
}

impl<'a> FromIterator<(&'a str, Rule)> for Rules {
    /// Without those that say nothing.
    fn from_iter<I: IntoIterator<Item = (&'a str, Rule)>>(all: I) -> Self {
        let all = all.into_iter().filter(|(_, rule)| *rule != Rule::NONE);
        Self(all.map(|(path, rule)| (path.to_owned(), rule)).collect())
    }
}
