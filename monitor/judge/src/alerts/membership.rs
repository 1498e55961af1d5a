//! Which connections are in which alerts, as it is at one moment.

use super::key::Key;
use super::lifecycle::Alerts;
use super::member::{ConnectionId, Member};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which connections are in which alerts, those that a rule keeps quiet left out.
#[derive(Clone, Debug, Default)]
pub struct Membership(BTreeMap<Member, Arc<Key>>);

impl Membership {
    /// Names of the alerts that the connection of this id ([`monitor_model::finding::Connection::id`]) is in.
    pub fn of(&self, id: &str) -> Vec<&'static str> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let connection = ConnectionId::of(id);
        let own = self.0.range(Member::first(connection)..);
        let own = own.take_while(|(member, _)| member.connection == connection);
        let mut names: Vec<&'static str> = own.map(|(_, key)| key.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Alerts {
    /// Which connections are in which of them now.
    pub fn membership(&self) -> Membership {
        let loud = self.index.iter().filter(|(_, key)| !key.is_quiet());
        Membership(
            loud.map(|(member, key)| (*member, Arc::clone(key)))
                .collect(),
        )
    }
}
