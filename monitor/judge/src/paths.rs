//! What the judge must know of a path.

use crate::dialogue::Dialogue;
use crate::rules::PathRules;
use monitor_common::{Fact, NO_PATH, flags};
use monitor_model::finding::Clock;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Who they are that connect to this host over a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerRole {
    /// Clients, which come and go: one that vanishes is a record.
    #[default]
    Clients,
    /// Servers themselves (replicas, application servers), which stay: one that vanishes is a ticket.
    Servers,
}

impl PeerRole {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One path, as the judge sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedPath {
    /// Index into the kernel side's path table.
    pub id: u32,
    /// Name in findings.
    pub name: String,
    /// The middlebox's idle timeout, in ns.
    pub timeout_ns: u64,
    /// From this silence on a connection is at risk, in ns: the `warn_ns` of
    /// the kernel side's entry.
    pub warn_ns: u64,
    /// Which clock the middlebox counts by.
    pub clock: Clock,
    /// Whether somebody stated the timeout (a path or a named preset). `false`
    /// for the guess of `preset = "auto"`, whose crossings wake nobody.
    pub stated: bool,
    /// Who speaks unasked there, where somebody stated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue: Option<Dialogue>,
    /// Who they are that connect to this host over it.
    #[serde(default, skip_serializing_if = "PeerRole::is_default")]
    pub role: PeerRole,
    /// Whom what is found there may wake, and whose it is.
    #[serde(default, skip_serializing_if = "PathRules::is_default")]
    pub rules: PathRules,
}

impl JudgedPath {
    /// From which silence on a connection that a sweep shows is at risk, in ns: what would cross before the next look,
    /// which comes within `next_look_ns`, is so now.
    pub(crate) fn risk_ns(&self, swept: &Fact, next_look_ns: u64) -> u64 {
        if swept.has(flags::SOON) {
            self.warn_ns
                .min(self.timeout_ns.saturating_sub(next_look_ns))
        } else {
            self.warn_ns
        }
    }

    /// Whether both mean the same path, whatever their ids: a reload gives the
    /// same path another id.
    pub(crate) fn same_path(&self, other: &Self) -> bool {
        self.name == other.name
            && self.timeout_ns == other.timeout_ns
            && self.clock == other.clock
            && self.stated == other.stated
    }
}

/// Paths by id: those in force, and those of the generation before them, for
/// facts that were under way during a reload.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    current: HashMap<u32, Arc<JudgedPath>>,
    previous: HashMap<u32, Arc<JudgedPath>>,
}

impl Paths {
    /// Puts a new generation in force.
    pub(crate) fn replace(&mut self, paths: Vec<JudgedPath>) {
        let next = paths
            .into_iter()
            .map(|path| (path.id, Arc::new(path)))
            .collect();
        self.previous = std::mem::replace(&mut self.current, next);
    }

    /// Those in force, in no order.
    pub(crate) fn in_force(&self) -> impl Iterator<Item = &JudgedPath> {
        self.current.values().map(AsRef::as_ref)
    }

    /// The path with this id. `Err` with an id that neither generation has.
    pub(crate) fn find(&self, id: u32) -> Result<Option<&Arc<JudgedPath>>, UnknownPath> {
        if id == NO_PATH {
            return Ok(None);
        }
        match self.current.get(&id).or_else(|| self.previous.get(&id)) {
            Some(path) => Ok(Some(path)),
            None => Err(UnknownPath),
        }
    }
}

/// A fact names a path that the judge was never told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownPath;

#[cfg(test)]
mod tests {
    use super::*;

    fn path(id: u32, name: &str) -> JudgedPath {
        JudgedPath {
            id,
            name: name.into(),
            timeout_ns: 4,
            warn_ns: 3,
            clock: Clock::Packets,
            stated: true,
            dialogue: None,
            role: PeerRole::Clients,
            rules: PathRules::default(),
        }
    }

    fn name_of(paths: &Paths, id: u32) -> Option<String> {
        paths.find(id).ok().flatten().map(|path| path.name.clone())
    }

    #[test]
    fn ids_of_the_generation_before_a_reload_still_resolve() {
        let mut paths = Paths::default();
        paths.replace(vec![path(0, "old")]);
        paths.replace(vec![path(128, "new")]);
        assert_eq!(name_of(&paths, 0).as_deref(), Some("old"));
        assert_eq!(name_of(&paths, 128).as_deref(), Some("new"));
        paths.replace(vec![path(0, "newest")]);
        assert_eq!(name_of(&paths, 0).as_deref(), Some("newest"));
        assert_eq!(name_of(&paths, 128).as_deref(), Some("new"));
    }

    #[test]
    fn no_path_is_not_an_unknown_path() {
        let paths = Paths::default();
        assert_eq!(paths.find(NO_PATH), Ok(None));
        assert_eq!(paths.find(7), Err(UnknownPath));
    }
}
