//! A line of JSON, member by member.

use super::address::Addresses;
use super::names::{Learnt, Names};
use super::text;
use super::words::{NAMES, OURS};
use crate::part::Part;
use serde_json::{Map, Value};

/// How a member is treated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Treated {
    /// It stays.
    Ours,
    /// Each of its strings is a name.
    Name,
    /// It may have names in it.
    Text,
    /// It is what somebody wrote: what is no number, time or address is a name.
    Setting,
}

fn treated(part: Part, key: &str, outer: Treated) -> Treated {
    match outer {
        // In a configuration a path's name stands where an alert's does elsewhere.
        Treated::Setting if key == "name" => Treated::Name,
        Treated::Setting if OURS.contains(&key) => Treated::Ours,
        Treated::Setting => Treated::Setting,
        _ if part == Part::Config && key == "settings" => Treated::Setting,
        _ if NAMES.contains(&key) => Treated::Name,
        _ if OURS.contains(&key) => Treated::Ours,
        _ => Treated::Text,
    }
}

/// Learns the names of a line.
pub(super) fn learn(part: Part, value: &Value, learnt: &mut Learnt) {
    learn_within(part, Treated::Text, value, learnt);
}

fn learn_within(part: Part, how: Treated, value: &Value, learnt: &mut Learnt) {
    match value {
        Value::String(text) => match how {
            // A path of a file is made of words that stand everywhere.
            Treated::Name if text.starts_with('/') && part == Part::Config => learnt.whole(text),
            Treated::Name => learnt.name(text),
            Treated::Setting if !is_plain(text) && !text::has_address(text) => learnt.whole(text),
            _ => {}
        },
        Value::Array(values) => values
            .iter()
            .for_each(|value| learn_within(part, how, value, learnt)),
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            let how = treated(part, key, how_inside(how));
            learn_within(part, how, value, learnt);
        }),
        _ => {}
    }
}

/// An object's members are told apart by their own keys.
fn how_inside(how: Treated) -> Treated {
    match how {
        Treated::Setting => Treated::Setting,
        _ => Treated::Text,
    }
}

/// Whether a setting is a number, a time, a range of ports: nothing that names anybody.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    first.is_none_or(|first| first.is_ascii_digit())
        && text.len() <= 24
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || "smhd .,%-:TZ+<>".contains(c))
        && !text::has_address(text)
}

/// Goes through a line and replaces.
pub(super) struct Walk<'a> {
    pub(super) addresses: &'a Addresses,
    pub(super) names: &'a mut Names,
}

impl Walk<'_> {
    /// A whole line.
    pub(super) fn value(&mut self, part: Part, value: &mut Value) {
        self.within(part, Treated::Text, value);
    }

    fn within(&mut self, part: Part, how: Treated, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.string(how, text),
            Value::Array(values) => values
                .iter_mut()
                .for_each(|value| self.within(part, how, value)),
            Value::Object(members) => self.members(part, how, members),
            _ => {}
        }
    }

    fn members(&mut self, part: Part, how: Treated, members: &mut Map<String, Value>) {
        // Who root is everybody knows.
        if members.get("uid").is_some_and(|uid| uid != 0) {
            members.remove("uid");
        }
        for (key, value) in members {
            let how = treated(part, key, how_inside(how));
            self.within(part, how, value);
        }
    }

    fn string(&mut self, how: Treated, text: &str) -> String {
        match how {
            Treated::Ours => text.to_owned(),
            Treated::Name => self.names.pseudonym(text),
            Treated::Setting if is_plain(text) => text.to_owned(),
            Treated::Setting if !text::has_address(text) => self.names.pseudonym(text),
            Treated::Setting | Treated::Text => text::replaced(text, self.addresses, self.names),
        }
    }
}
