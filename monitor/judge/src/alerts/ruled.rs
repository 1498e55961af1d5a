//! What the rules of a path make of its alerts, when they change: an alert that may not wake as it does, or not those whom
//! it does, is over, and its connections go on where the new rules have them. Nothing is forgotten meanwhile: of a path
//! that is ignored the alerts are kept quiet, and wake somebody when that ends.

use super::group::{Group, Turn};
use super::joining::fires_at_once;
use super::key::{Key, MORE};
use super::lifecycle::Alerts;
use super::member::{Member, PathHash};
use super::over::Ended;
use super::parts::{Part, State};
use crate::rules::{Rule, Rules};
use monitor_model::alert::AlertChange;
use monitor_model::finding::Severity;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The connections that leave an alert, by where they go.
type Leaving = BTreeMap<Key, Vec<(Member, Part)>>;

/// An alert whose connections go elsewhere.
struct Leaver {
    key: Arc<Key>,
    group: Group,
    /// All of them.
    whole: bool,
}

impl Alerts {
    /// From now on these rules are in force.
    pub(super) fn stand_under(
        &mut self,
        rules: &Arc<Rules>,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        self.ruled_before = false;
        let keys: Vec<Arc<Key>> = self.groups.keys().cloned().collect();
        // What is over by now is over by the rules before; whether one fires, the new ones say.
        for key in &keys {
            let group = self.groups.get(key);
            let turn = group.and_then(|group| group.turn(now_ns, &self.limits));
            if turn != Some(Turn::Fires) {
                self.catch_up(key, now_ns, changes);
            }
        }
        self.rules = Arc::clone(rules);
        // What has just left may come back to where it was: that may be another alert now.
        self.left.parts.clear();
        let hashes: Vec<(PathHash, &Rule)> = rules
            .iter()
            .map(|(path, rule)| (PathHash::of(path), rule))
            .collect();
        // What mended has left a ticket.
        let keys: Vec<Arc<Key>> = self.groups.keys().cloned().collect();
        for key in &keys {
            self.rule(key, &hashes, now_ns, changes);
        }
    }

    /// Has the connections of one alert go where the rules have them.
    fn rule(
        &mut self,
        from: &Arc<Key>,
        hashes: &[(PathHash, &Rule)],
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        let Some(group) = self.groups.get(from) else {
            return;
        };
        let rule_of = |hash: PathHash| {
            let found = hashes.iter().find(|(of, _)| *of == hash);
            found.map_or(&Rule::NONE, |(_, rule)| *rule)
        };
        let mut leaving = Leaving::new();
        for (member, part) in group.parts.iter() {
            let to = from.under(rule_of(part.path), part.worth);
            if to != **from {
                leaving.entry(to).or_default().push((member, *part));
            }
        }
        // Those that it only counts go where it goes itself.
        let rule = rule_of(PathHash::of(&from.path));
        let own = match from.name {
            MORE => (**from).clone(),
            // Nobody has joined it.
            _ if from.counts_times() => from.under(rule, Severity::Ticket),
            // One that was taken up without its connections was worth what it is, at the least.
            _ => from.under(rule, group.worst.max(from.severity)),
        };
        let going: usize = leaving.values().map(Vec::len).sum();
        let others = group.parts.count() > going as u64;
        let elsewhere = own != **from || going > 0 && !others;
        let whole = going == group.parts.known() && elsewhere;
        if leaving.is_empty() && !whole {
            return;
        }
        let left = if whole {
            let words = rule.words(&from.path);
            let Some(left) = self.end_by_rule(from, words, now_ns, changes) else {
                return;
            };
            if left.parts.until(self.limits.page_after_ns) < now_ns {
                // It only fired on, for whoever looks rarely.
                return;
            }
            if going == 0 || others {
                leaving.entry(own).or_default();
            }
            left
        } else if let Some(left) = self.part_off(from, &leaving) {
            left
        } else {
            return;
        };
        self.changed = true;
        let mut left = Leaver {
            key: Arc::clone(from),
            group: left,
            whole,
        };
        for (to, parts) in leaving {
            self.go_on(&mut left, to, parts, now_ns, changes);
        }
    }

    /// Takes these connections out of an alert that goes on with the others; what they have of it.
    fn part_off(&mut self, from: &Arc<Key>, leaving: &Leaving) -> Option<Group> {
        let members = leaving.values().flatten().map(|(member, _)| *member);
        for member in members {
            if let Some(group) = self.groups.get_mut(from) {
                group.parts.remove(member);
            }
            self.forget(member);
        }
        let stays = self.groups.get(from)?;
        let mut left = Group::begin(stays.holder.clone(), stays.since);
        left.summary.clone_from(&stays.summary);
        left.example.clone_from(&stays.example);
        left.lost.clone_from(&stays.lost);
        Some(left)
    }

    /// The alert is over, because the rules of its path are others.
    fn end_by_rule(
        &mut self,
        key: &Arc<Key>,
        words: String,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) -> Option<Group> {
        let group = self.remove(key)?;
        if !key.is_quiet() {
            let mut alert = group.shown_over(key, now_ns);
            alert.reason = Some(words);
            changes.push(AlertChange::Over(alert.clone()));
            if group.fired_ns.is_some() {
                let at_ns = now_ns;
                self.stats.over_full_total += self.over.push(Ended { at_ns, alert });
            }
        }
        Some(group)
    }

    /// These connections are part of another alert now, with the clock that they had.
    fn go_on(
        &mut self,
        left: &mut Leaver,
        to: Key,
        parts: Vec<(Member, Part)>,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        let page_after_ns = self.limits.page_after_ns;
        let parts = parts.into_iter().map(|(member, part)| {
            let state = match part.state {
                // Who is paged for somebody who hangs need not know of what was left behind.
                State::Left { seen_ns, .. } if to.is_page() => State::Badly { at_ns: seen_ns },
                state => state,
            };
            (member, Part { state, ..part })
        });
        let parts = parts.filter(|(_, part)| part.until(page_after_ns) >= now_ns);
        let parts: Vec<(Member, Part)> = parts.collect();
        let (held_until_ns, nameless) = match left.whole {
            true => (
                left.group.parts.held_until_ns(),
                left.group.parts.take_nameless(),
            ),
            false => (0, (0, 0)),
        };
        let counts = to.counts_times();
        // Of trouble that has ended at this very moment the next may begin: that is no pause.
        let until_now = left.whole && left.group.parts.left_ns >= now_ns;
        let empty = parts.is_empty() && nameless.0 == 0 && !until_now;
        if counts && to.is_quiet() || !counts && empty {
            return;
        }
        let to = self.placed(to, &left.group.holder);
        let since = parts.iter().map(|(_, part)| part.since).min();
        let since = since.unwrap_or(left.group.since);
        let begins = self.open(&to, left.group.holder.clone(), since);
        let mut at_once = counts;
        for (member, part) in &parts {
            at_once |= fires_at_once(&to, *member, part);
            self.put(&to, *member, *part, now_ns);
        }
        let Some(group) = self.groups.get_mut(&to) else {
            return;
        };
        group.parts.absorb_nameless(nameless);
        if counts {
            group.parts.hold_until(held_until_ns);
        }
        if left.whole {
            // It was affected all the while, also by those that have gone.
            group.from = group.from.min(left.group.from);
            if group.fired_ns.is_none() {
                group.since = group.since.min(left.group.since);
            }
            group.parts.left_ns = group.parts.left_ns.max(left.group.parts.left_ns);
            group.worst = group.worst.max(left.group.worst);
            group.mended |= left.group.mended;
            group.at_once |= left.group.at_once && left.key.severity == to.severity;
            group.count += std::mem::take(&mut left.group.count);
        } else {
            group.count += parts.len() as u64;
        }
        group.at_once |= at_once && !to.is_quiet();
        if begins || group.summary.is_empty() {
            group.summary.clone_from(&left.group.summary);
            group.example.clone_from(&left.group.example);
            group.lost.clone_from(&left.group.lost);
        }
        self.catch_up(&to, now_ns, changes);
        if let Some(group) = self.groups.get(&to)
            && begins
            && group.fired_ns.is_none()
            && !to.is_quiet()
        {
            changes.push(AlertChange::Pending(group.shown(&to)));
        }
    }
}
