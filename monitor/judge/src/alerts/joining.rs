//! How connections come into alerts, and go from one to another.

use super::group::Group;
use super::key::{ANY, Key, MISSTATED, UNREACHABLE, holder, path_of, worth};
use super::lifecycle::Alerts;
use super::limits::{INTERRUPTED_NS, MISSTATED_NS};
use super::member::{ConnectionId, Member, PathHash};
use super::parts::{Moment, Part, State};
use crate::outcomes::OutcomeCard;
use monitor_model::alert::AlertChange;
use monitor_model::finding::{Finding, FindingKind, Outcome};
use std::sync::Arc;

/// A connection on its way from one alert to another.
pub(super) type Moved = (Arc<Key>, Member, Part);

impl Alerts {
    /// The connection of `finding` is in trouble.
    pub(super) fn join(&mut self, finding: &Finding, now_ns: u64, changes: &mut Vec<AlertChange>) {
        let member = Member {
            connection: ConnectionId::of(&finding.connection.id),
            name: finding.kind.name(),
        };
        // What is due by now is due to what was known before.
        if let Some(known) = self.index.get(&member).cloned() {
            self.catch_up(&known, now_ns, changes);
        }
        let key = self.key_for(member, finding, now_ns, changes);
        self.catch_up(&key, now_ns, changes);
        let mut moved = self.gathered(&key, member, now_ns, changes);
        let before = self.taken_out(member, &key, now_ns);
        let since = match &before {
            // It has been in trouble since, only worse or for another owner now.
            Some((_, _, part)) if part.until(self.limits.page_after_ns) >= now_ns => part.since,
            _ => Moment {
                ns: now_ns,
                time: finding.time,
            },
        };
        let is_new = before.is_none();
        let part = Part {
            since,
            state: state(finding, now_ns),
            confirmed: true,
            worth: worth(finding),
            path: PathHash::of(path_of(finding)),
        };
        moved.extend(before);
        let begins = self.open(&key, holder_of(&key, finding), part.since);
        for (_, member, part) in moved.iter().filter(|(_, other, _)| *other != member) {
            self.put(&key, *member, *part, now_ns);
        }
        self.put(&key, member, part, now_ns);
        self.move_nameless(&key, &moved);
        if let Some(group) = self.groups.get_mut(&key) {
            let elsewhere = moved.iter().filter(|(from, ..)| **from != *key).count();
            group.count += u64::from(is_new) + elsewhere as u64;
            group.at_once |= fires_at_once(&key, member, &part);
            group.tell(finding);
            if begins && !group.at_once && !key.is_quiet() {
                changes.push(AlertChange::Pending(group.shown(&key)));
            }
        }
        self.changed = true;
        self.catch_up(&key, now_ns, changes);
        self.close_emptied(&key, &moved, now_ns, changes);
    }

    /// The alert that `finding` belongs to.
    fn key_for(
        &mut self,
        member: Member,
        finding: &Finding,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) -> Arc<Key> {
        let wanted = Key::of(finding, self.rules.of(path_of(finding)));
        // Once part of an outage, it is so until it moves.
        if let Some(known) = self.index.get(&member)
            && known.name == UNREACHABLE
            && wanted.is_loss
            && wanted.path == known.path
        {
            return Arc::clone(known);
        }
        // One that is due to end must not take the place of one that begins, nor be gone when it is joined.
        self.catch_up(&wanted, now_ns, changes);
        let holder = holder_of(&wanted, finding);
        self.placed(wanted, &holder)
    }

    /// The key of an alert that is there, or may begin.
    pub(super) fn placed(&mut self, wanted: Key, holder: &str) -> Arc<Key> {
        if let Some((known, _)) = self.groups.get_key_value(&wanted) {
            return Arc::clone(known);
        }
        let groups = &self.groups;
        let place = self
            .room
            .place(wanted, holder, &self.limits, &mut self.stats, |key| {
                groups.contains_key(key)
            });
        match self.groups.get_key_value(&place) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::new(place),
        }
    }

    /// Takes the connection out of where it is, or has been until this very moment, for it to go `to` this alert.
    fn taken_out(&mut self, member: Member, to: &Key, now_ns: u64) -> Option<Moved> {
        if let Some(key) = self.index.get(&member).cloned() {
            self.forget(member);
            let parts = &mut self.groups.get_mut(&key)?.parts;
            let part = if *key == *to {
                // It comes back, and was in trouble until now: that is no pause.
                parts.leave(member, now_ns, self.limits.page_after_ns)?
            } else {
                parts.remove(member)?
            };
            return Some((key, member, part));
        }
        let left = &mut self.left;
        let position = left.parts.iter().position(|(other, ..)| *other == member);
        let position = position.filter(|_| left.at_ns == now_ns)?;
        let (_, part, key) = left.parts.swap_remove(position);
        Some((key, member, part))
    }

    /// Begins the alert where it is not there; answers whether it was not.
    pub(super) fn open(&mut self, key: &Arc<Key>, holder: String, since: Moment) -> bool {
        if self.groups.contains_key(key) {
            return false;
        }
        self.room.enter(key, &holder);
        let group = Group::begin(holder, since);
        self.groups.insert(Arc::clone(key), group);
        true
    }

    /// Puts a connection into an alert, by name where there is room.
    pub(super) fn put(&mut self, key: &Arc<Key>, member: Member, part: Part, now_ns: u64) {
        let known = self.index.contains_key(&member);
        let knows_one_more = self.room.knows_one_more(key.severity, &self.limits);
        let Some(group) = self.groups.get_mut(key) else {
            return;
        };
        group.joined_by(&part, &self.limits);
        if known || knows_one_more && group.parts.known() < self.limits.max_members {
            group.parts.insert(member, part);
            if !known {
                self.room.known(key.severity);
            }
            self.index.insert(member, Arc::clone(key));
        } else {
            group.parts.count_only(now_ns);
            self.stats.members_full_total += u64::from(!key.is_quiet());
        }
    }

    /// Those that are only counted go where all others went.
    fn move_nameless(&mut self, to: &Key, moved: &[Moved]) {
        for (from, ..) in moved.iter().filter(|(from, ..)| **from != *to) {
            let Some(group) = self.groups.get_mut(from) else {
                continue;
            };
            if group.parts.known() > 0 {
                continue;
            }
            let nameless = group.parts.take_nameless();
            if let Some(group) = self.groups.get_mut(to) {
                group.parts.absorb_nameless(nameless);
            }
        }
    }

    /// Whoever moved from there to `to` has left nothing: an alert that is empty by that alone is over, unless it fires
    /// and the other one does not yet.
    fn close_emptied(
        &mut self,
        to: &Key,
        moved: &[Moved],
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        let fires = |key: &Key| {
            let group = self.groups.get(key);
            group.is_some_and(|group| group.fired_ns.is_some())
        };
        let goes_on = fires(to);
        let mut emptied: Vec<&Arc<Key>> = moved.iter().map(|(from, ..)| from).collect();
        emptied.sort_unstable();
        emptied.dedup();
        emptied.retain(|from| {
            let group = self.groups.get(*from);
            ***from != *to
                && group.is_some_and(|group| group.parts.is_empty())
                && (goes_on || !fires(from))
        });
        for from in emptied {
            if let Some(group) = self.remove(from)
                && !from.is_quiet()
            {
                changes.push(AlertChange::Over(group.shown_over(from, now_ns)));
            }
        }
    }

    /// A page has mended before it fired: one more for the ticket that counts that.
    pub(super) fn interrupted(
        &mut self,
        key: &Key,
        mended: &Group,
        at_ns: u64,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        let ticket = key.interrupted();
        self.catch_up(&ticket, now_ns, changes);
        let ticket = self.placed(ticket, &mended.holder);
        self.open(&ticket, mended.holder.clone(), mended.since);
        if let Some(group) = self.groups.get_mut(&ticket) {
            group.at_once = true;
            group.count += 1;
            group.parts.hold_until(at_ns.saturating_add(INTERRUPTED_NS));
            group.summary.clone_from(&mended.summary);
            group.example.clone_from(&mended.example);
            group.lost.clone_from(&mended.lost);
        }
        self.catch_up(&ticket, now_ns, changes);
    }

    /// A stated timeout is wrong, or is still: a ticket that stands for a while, whatever becomes of connections.
    pub(super) fn misstated(
        &mut self,
        finding: &Finding,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
    ) {
        let wanted = Key::of(finding, self.rules.of(path_of(finding)));
        self.catch_up(&wanted, now_ns, changes);
        let holder = holder_of(&wanted, finding);
        let key = self.placed(wanted, &holder);
        let since = Moment {
            ns: now_ns,
            time: finding.time,
        };
        self.open(&key, holder, since);
        if let Some(group) = self.groups.get_mut(&key) {
            group.worst = worth(finding);
            group.at_once = true;
            group.count += 1;
            group.parts.hold_until(now_ns.saturating_add(MISSTATED_NS));
            group.tell(finding);
        }
        self.changed = true;
        self.catch_up(&key, now_ns, changes);
    }
}

/// Whose share the alert takes.
fn holder_of(key: &Key, finding: &Finding) -> String {
    match key.name {
        UNREACHABLE | MISSTATED => ANY.into(),
        _ => holder(&finding.owner),
    }
}

/// A ticket wakes nobody, and of what was acknowledged and not delivered nobody else will ever know. But a ticket on what
/// nobody answers waits as pages do while it may yet be answered: an outage that is over soon has lost nothing.
pub(super) fn fires_at_once(key: &Key, member: Member, part: &Part) -> bool {
    // An outage is no ticket of its own; by a rule of its path it may be one.
    let may_mend = (key.is_loss || key.name == UNREACHABLE) && part.is_stuck();
    member.name == Outcome::Undelivered.name() || !key.is_page() && !may_mend
}

/// How the connection of `finding` fares. What nothing comes back of hangs until its end is told, and so does a stall,
/// unless the kernel has given it up. Any other outcome is the end of a matter: of what comes of the connection then
/// the judge says no more.
fn state(finding: &Finding, now_ns: u64) -> State {
    let outcome = match finding.kind {
        FindingKind::Outcome { outcome } => Some(outcome),
        _ => None,
    };
    let ended = outcome.is_some_and(|outcome| !outcome.card().is_loss);
    if finding.given_up || ended {
        State::Badly { at_ns: now_ns }
    } else {
        State::Stuck {
            after_silence: outcome.is_some(),
        }
    }
}
