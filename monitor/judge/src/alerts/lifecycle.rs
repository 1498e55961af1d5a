//! The alerts, and the way of each from its first finding to its end.

use super::confirming::Confirming;
use super::group::{Group, Turn};
use super::key::{Key, worth};
use super::limits::{AlertStats, Limits};
use super::member::{CROSSED, ConnectionId, Member, is_pile, is_stall};
use super::over::{Ended, Over};
use super::parts::{Part, State};
use super::room::Room;
use crate::outcomes::OutcomeCard;
use crate::rules::Rules;
use crate::verdict::{End, Verdict};
use monitor_model::alert::{Alert, AlertChange};
use monitor_model::finding::{Finding, FindingKind, Severity};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A connection that has just left its alerts: what follows at the same moment may say that it only moved, or that it
/// is worse than it looked.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) at_ns: u64,
    pub(super) parts: Vec<(Member, Part, Arc<Key>)>,
}

/// The alerts.
#[derive(Debug)]
pub struct Alerts {
    pub(super) limits: Limits,
    pub(super) groups: BTreeMap<Arc<Key>, Group>,
    /// The one alert that each connection is in for what was found of it.
    pub(super) index: BTreeMap<Member, Arc<Key>>,
    pub(super) room: Room,
    pub(super) over: Over,
    pub(super) left: Left,
    pub(super) confirming: Option<Confirming>,
    /// Something changed since this was last asked for.
    pub(super) changed: bool,
    pub(super) stats: AlertStats,
    /// Those of paths that are in force.
    pub(super) rules: Arc<Rules>,
    /// What is here stood under rules that may be others by now.
    pub(super) ruled_before: bool,
}

impl Alerts {
    /// Nobody is in trouble yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            groups: BTreeMap::new(),
            index: BTreeMap::new(),
            room: Room::default(),
            over: Over::default(),
            left: Left::default(),
            confirming: None,
            changed: false,
            stats: AlertStats::default(),
            rules: Arc::default(),
            ruled_before: false,
        }
    }

    /// Takes up a verdict at `now_ns` (CLOCK_MONOTONIC, which may not go back).
    pub fn apply(&mut self, verdict: &Verdict, now_ns: u64) -> Vec<AlertChange> {
        let mut changes = Vec::new();
        match verdict {
            Verdict::Rules(rules) => self.stand_under(rules, now_ns, &mut changes),
            Verdict::SilenceEnded { connection_id } => {
                let of = ConnectionId::of(connection_id);
                self.leave(of, now_ns, true, &mut changes, |member, _| {
                    member.name == CROSSED
                });
            }
            Verdict::StallEnded { connection_id } => {
                let of = ConnectionId::of(connection_id);
                self.leave(of, now_ns, true, &mut changes, |member, part| {
                    is_stall(member.name) && !is_pile(member.name) && part.is_stuck()
                });
            }
            Verdict::PileEnded { connection_id } => {
                let of = ConnectionId::of(connection_id);
                self.leave(of, now_ns, true, &mut changes, |member, _| {
                    is_pile(member.name)
                });
            }
            Verdict::Over { connection_id, end } => {
                let of = ConnectionId::of(connection_id);
                match end {
                    End::Badly => {
                        self.was_not_over(of, now_ns, &mut changes);
                        self.ends_badly(of, now_ns, &mut changes);
                    }
                    End::Left => self.is_left(of, now_ns, &mut changes),
                    End::InPeace | End::ByClient | End::ByOperator => {
                        let mended = *end != End::ByOperator;
                        self.leave(of, now_ns, mended, &mut changes, |member, part| {
                            !is_pile(member.name) && part.is_stuck()
                        });
                    }
                }
            }
            Verdict::Unanswered { connection_id } => {
                let of = ConnectionId::of(connection_id);
                self.is_still_left(of, now_ns, &mut changes);
            }
            Verdict::Answered { connection_id } => {
                let of = ConnectionId::of(connection_id);
                self.leave(of, now_ns, true, &mut changes, |member, part| {
                    member.name != CROSSED && !is_pile(member.name) && part.is_stuck()
                });
            }
            Verdict::Reconnected { connection_id } => {
                let of = ConnectionId::of(connection_id);
                self.leave(of, now_ns, true, &mut changes, |_, part| !part.is_stuck());
                self.has_moved_on(of);
            }
            Verdict::Finding(finding) => self.found(finding, now_ns, &mut changes),
        }
        changes
    }

    /// Time has come to `now_ns`: what has lasted fires, and what has not is over.
    pub fn tick(&mut self, now_ns: u64) -> Vec<AlertChange> {
        let mut changes = Vec::new();
        if self.ruled_before {
            let rules = Arc::clone(&self.rules);
            self.stand_under(&rules, now_ns, &mut changes);
        }
        let keys: Vec<Arc<Key>> = self.groups.keys().cloned().collect();
        for key in &keys {
            self.catch_up(key, now_ns, &mut changes);
        }
        self.give_up_unconfirmed(now_ns);
        for key in &keys {
            let Some(group) = self.groups.get_mut(key) else {
                continue;
            };
            let lapsed = group.parts.lapse(now_ns, self.limits.page_after_ns);
            group.mended |= !lapsed.is_empty();
            self.changed |= !lapsed.is_empty();
            for member in lapsed {
                self.forget(member);
            }
            self.catch_up(key, now_ns, &mut changes);
        }
        self.changed |= self.over.tick(now_ns);
        changes
    }

    /// Every alert: those that are pending or fire, ordered by name, severity, path and owner; then those that are over
    /// and still shown, the latest last.
    pub fn all(&self) -> impl Iterator<Item = Alert> + '_ {
        let loud = self.groups.iter().filter(|(key, _)| !key.is_quiet());
        let now = loud.map(|(key, group)| group.shown(key));
        now.chain(self.over.iter().map(|ended| ended.alert.clone()))
    }

    /// Numbers about the alerts.
    pub fn stats(&self) -> AlertStats {
        self.stats
    }

    fn found(&mut self, finding: &Finding, now_ns: u64, changes: &mut Vec<AlertChange>) {
        if finding.kind == FindingKind::Misstated {
            // It is about the path: what becomes of this connection is no matter.
            self.misstated(finding, now_ns, changes);
            return;
        }
        let of = ConnectionId::of(&finding.connection.id);
        let name = finding.kind.name();
        let wakes = worth(finding) > Severity::None;
        if let FindingKind::Outcome { outcome } = finding.kind {
            // The outcome replaces what was said of the silence.
            self.leave(of, now_ns, true, changes, |member, _| {
                member.name == CROSSED
            });
            // It came back, or it is gone: nothing is awaited any more.
            let ends_stalls = outcome.card().ends_stalls && !finding.still_waits;
            if ends_stalls && wakes {
                self.ends_badly(of, now_ns, changes);
            } else if ends_stalls {
                self.leave(of, now_ns, true, changes, |member, _| !is_pile(member.name));
            }
        }
        if wakes {
            self.join(finding, now_ns, changes);
        } else {
            // Looked at again, it is nothing to wake anybody for.
            self.leave(of, now_ns, true, changes, |member, _| member.name == name);
        }
    }

    /// What the connection is in, in the order of names.
    fn memberships(&self, of: ConnectionId) -> Vec<(Member, Arc<Key>)> {
        let from = self.index.range(Member::first(of)..);
        let its = from.take_while(|(member, _)| member.connection == of);
        its.map(|(member, key)| (*member, Arc::clone(key)))
            .collect()
    }

    /// The connection is in trouble no more where `which` says so.
    fn leave(
        &mut self,
        of: ConnectionId,
        now_ns: u64,
        mended: bool,
        changes: &mut Vec<AlertChange>,
        which: impl Fn(Member, &Part) -> bool,
    ) {
        let mut left = Vec::new();
        for (member, key) in self.memberships(of) {
            self.catch_up(&key, now_ns, changes);
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            if !group
                .parts
                .get(member)
                .is_some_and(|part| which(member, part))
            {
                continue;
            }
            if let Some(part) = group.parts.leave(member, now_ns, self.limits.page_after_ns) {
                group.mended |= mended;
                left.push((member, part, key));
            }
            self.forget(member);
        }
        if !left.is_empty() {
            self.changed = true;
            self.left = Left {
                at_ns: now_ns,
                parts: left,
            };
        }
    }

    /// The connection was stuck, and now it is dead.
    fn ends_badly(&mut self, of: ConnectionId, now_ns: u64, changes: &mut Vec<AlertChange>) {
        // Who gave it up and goes on with another connection is not affected.
        self.leave(of, now_ns, true, changes, |_, part| {
            matches!(part.state, State::Left { moved_on: true, .. })
        });
        self.ends(of, now_ns, changes, |_| State::Badly { at_ns: now_ns });
    }

    /// The connection was stuck, and now its application has closed it. Who is paged for somebody who hangs need not know
    /// of what was left behind; who has a ticket for what is lost waits until it is.
    fn is_left(&mut self, of: ConnectionId, now_ns: u64, changes: &mut Vec<AlertChange>) {
        self.ends(of, now_ns, changes, |key| {
            if key.is_loss && !key.is_page() {
                State::Left {
                    seen_ns: now_ns,
                    moved_on: false,
                }
            } else {
                State::Badly { at_ns: now_ns }
            }
        });
    }

    /// Until now nobody has answered what the application of the connection left behind.
    fn is_still_left(&mut self, of: ConnectionId, now_ns: u64, changes: &mut Vec<AlertChange>) {
        for (member, key) in self.memberships(of) {
            self.catch_up(&key, now_ns, changes);
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            let Some(part) = group.parts.get(member).copied() else {
                continue;
            };
            let State::Left { moved_on, .. } = part.state else {
                continue;
            };
            let seen_ns = now_ns;
            let seen = Part {
                state: State::Left { seen_ns, moved_on },
                ..part
            };
            group.joined_by(&seen, &self.limits);
            group.parts.insert(member, seen);
            self.changed = true;
            self.catch_up(&key, now_ns, changes);
        }
    }

    /// The owner of the connection moves again towards the same address.
    fn has_moved_on(&mut self, of: ConnectionId) {
        for (member, key) in self.memberships(of) {
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            if let Some(part) = group.parts.get(member).copied()
                && let State::Left { seen_ns, .. } = part.state
            {
                let moved_on = true;
                let state = State::Left { seen_ns, moved_on };
                group.parts.insert(member, Part { state, ..part });
                self.changed = true;
            }
        }
    }

    /// The connection was stuck, and is no more: what it is instead depends on the alert that it is in.
    fn ends(
        &mut self,
        of: ConnectionId,
        now_ns: u64,
        changes: &mut Vec<AlertChange>,
        state: impl Fn(&Key) -> State,
    ) {
        for (member, key) in self.memberships(of) {
            if member.name == CROSSED {
                self.leave(of, now_ns, true, changes, |member, _| {
                    member.name == CROSSED
                });
                continue;
            }
            if is_pile(member.name) {
                continue;
            }
            self.catch_up(&key, now_ns, changes);
            let Some(group) = self.groups.get_mut(&key) else {
                continue;
            };
            let Some(part) = group.parts.get(member).copied().filter(Part::is_stuck) else {
                continue;
            };
            // The judge has followed it to its end.
            let ended = Part {
                state: state(&key),
                confirmed: true,
                ..part
            };
            group.joined_by(&ended, &self.limits);
            group.parts.insert(member, ended);
            // What is lost for good need not wait; but who gave it up may yet go on with another.
            let given_up = matches!(part.state, State::Left { .. }) && part.since.ns < now_ns;
            group.at_once |= !key.is_page() && !ended.is_stuck() && !given_up;
            self.changed = true;
            self.catch_up(&key, now_ns, changes);
        }
    }

    /// What was told to move no more at this very moment did so because it is dead: it is back where it was.
    fn was_not_over(&mut self, of: ConnectionId, now_ns: u64, changes: &mut Vec<AlertChange>) {
        if self.left.at_ns != now_ns {
            return;
        }
        for (member, part, key) in std::mem::take(&mut self.left.parts) {
            let was_stuck = part.is_stuck() && member.name != CROSSED;
            if member.connection == of && was_stuck && self.groups.contains_key(&key) {
                self.put(&key, member, part, now_ns);
                self.catch_up(&key, now_ns, changes);
            }
        }
    }

    /// Does what is due of this alert at `now_ns`.
    pub(super) fn catch_up(&mut self, key: &Key, now_ns: u64, changes: &mut Vec<AlertChange>) {
        while let Some(group) = self.groups.get_mut(key) {
            match group.turn(now_ns, &self.limits) {
                None => return,
                // Nobody was told of it.
                Some(Turn::Fires) if key.is_quiet() => {
                    if group.parts.until(self.limits.page_after_ns) >= now_ns {
                        return;
                    }
                    self.remove(key);
                }
                Some(Turn::Mended(_) | Turn::Over(_)) if key.is_quiet() => {
                    self.remove(key);
                }
                Some(Turn::Fires) => {
                    group.fired_ns = Some(now_ns);
                    changes.push(AlertChange::Firing(group.shown(key)));
                    self.changed = true;
                }
                Some(Turn::Mended(at_ns)) => {
                    let over = group.shown_over(key, at_ns);
                    changes.push(AlertChange::Over(over));
                    if let Some(group) = self.remove(key)
                        && group.leaves_ticket(key)
                    {
                        self.interrupted(key, &group, at_ns, now_ns, changes);
                    }
                }
                Some(Turn::Over(at_ns)) => {
                    let alert = group.shown_over(key, at_ns);
                    changes.push(AlertChange::Over(alert.clone()));
                    self.stats.over_full_total += self.over.push(Ended { at_ns, alert });
                    self.remove(key);
                }
            }
        }
    }

    /// Takes an alert out, with all that it knows.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Group> {
        let group = self.groups.remove(key)?;
        self.room.leave(key, &group.holder);
        self.changed = true;
        let members: Vec<Member> = group.parts.iter().map(|(member, _)| member).collect();
        for member in members {
            self.forget(member);
        }
        Some(group)
    }

    /// The connection is in no alert for this any more.
    pub(super) fn forget(&mut self, member: Member) {
        if let Some(key) = self.index.remove(&member) {
            self.room.forgotten(key.severity);
        }
    }
}
