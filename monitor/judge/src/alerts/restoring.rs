//! Saving the alerts, and taking them up again: a daemon that was killed goes on where it was.

use super::confirming::Confirming;
use super::group::Group;
use super::key::{INTERRUPTED, Key, MISSTATED, MORE, UNREACHABLE, names_loss};
use super::lifecycle::Alerts;
use super::limits::Limits;
use super::member::{ConnectionId, Member, PathHash, known_name};
use super::over::Ended;
use super::parts::{Moment, Part, State};
use super::saved::{MOST_ALERTS, MOST_PARTS, MOST_PARTS_OF_ONE, Saved, SavedAlert, SavedPart};
use monitor_model::finding::Severity;
use std::cmp::Reverse;
use std::sync::Arc;

impl Alerts {
    /// The alerts of a daemon that ended before `now_ns`, on the same boot. Connections that were stuck then must be
    /// found stuck again soon, or count as ended in peace.
    pub fn restored(saved: Saved, limits: Limits, now_ns: u64) -> Self {
        let mut alerts = Self::new(limits);
        for ended in saved.over {
            let at_ns = ended.at_ns.min(now_ns);
            alerts.over.push(Ended { at_ns, ..ended });
        }
        for alert in saved.alerts.into_iter().take(MOST_ALERTS) {
            alerts.restore(alert, now_ns);
        }
        alerts.confirming = Some(Confirming::begin(now_ns));
        alerts.ruled_before = true;
        alerts
    }

    /// What is to be saved, if anything has changed since the last time.
    pub fn to_save(&mut self, now_ns: u64) -> Option<Saved> {
        std::mem::take(&mut self.changed).then(|| self.saved(now_ns))
    }

    /// It could not be saved: it is asked for again.
    pub fn not_saved(&mut self) {
        self.changed = true;
    }

    /// A complete sweep is over: what is stuck was seen.
    pub fn swept(&mut self) {
        if let Some(confirming) = &mut self.confirming {
            confirming.swept();
        }
    }

    fn saved(&self, now_ns: u64) -> Saved {
        // What nobody is to know of is found again.
        let loud = self.groups.iter().filter(|(key, _)| !key.is_quiet());
        let mut alerts: Vec<(&Arc<Key>, &Group)> = loud.collect();
        alerts.sort_by_key(|(key, group)| Reverse((key.severity, group.fired_ns.is_some())));
        let mut room = MOST_PARTS;
        let alerts = alerts.into_iter().take(MOST_ALERTS);
        let alerts = alerts.map(|(key, group)| {
            let most = MOST_PARTS_OF_ONE.min(room);
            let parts = group.parts.iter().take(most);
            let parts: Vec<SavedPart> = parts.map(|part| saved_part(key, part)).collect();
            room -= parts.len();
            SavedAlert {
                name: key.name.into(),
                severity: key.severity,
                path: key.path.clone(),
                owner: key.owner.clone(),
                path_owner: key.path_owner.clone(),
                holder: group.holder.clone(),
                at_once: group.at_once,
                since: group.since,
                from: group.from,
                fired_ns: group.fired_ns,
                count: group.count,
                mended: group.mended,
                left_ns: group.parts.seen_until(now_ns),
                held_until_ns: match key.counts_times() {
                    true => group.parts.held_until_ns(),
                    false => 0,
                },
                summary: group.summary.clone(),
                example: group.example.clone(),
                lost: group.lost.clone(),
                parts,
            }
        });
        Saved {
            alerts: alerts.collect(),
            over: self.over.iter().cloned().collect(),
        }
    }

    fn restore(&mut self, saved: SavedAlert, now_ns: u64) {
        let Some(key) = key(&saved) else {
            return;
        };
        let past = |moment: Moment| Moment {
            ns: moment.ns.min(now_ns),
            ..moment
        };
        let wanted = key.clone();
        let key = self.placed(key, &saved.holder);
        if *key != wanted || self.groups.contains_key(&key) {
            // A file that says more than there is room for is not ours.
            return;
        }
        self.open(&key, saved.holder, past(saved.since));
        for part in saved.parts.into_iter().take(MOST_PARTS_OF_ONE) {
            if let Some((member, part)) = restored_part(&key, &part, now_ns) {
                self.put(&key, member, part, now_ns);
            }
        }
        if let Some(group) = self.groups.get_mut(&key) {
            let lost = group.parts.iter().any(|(_, part)| !part.is_stuck());
            group.at_once = saved.at_once || lost && !key.is_page();
            group.since = past(saved.since);
            group.from = past(saved.from);
            // That they joined one after the other just now was no pause.
            group.before_pause = None;
            group.fired_ns = saved.fired_ns.map(|ns| ns.min(now_ns));
            group.count = saved.count;
            group.mended = saved.mended;
            group.summary = saved.summary;
            group.example = saved.example;
            group.lost = saved.lost;
            group.parts.left_ns = saved.left_ns.min(now_ns);
            group.parts.hold_until(saved.held_until_ns);
        }
    }

    /// What was not found stuck again by now is not.
    pub(super) fn give_up_unconfirmed(&mut self, now_ns: u64) {
        if !self
            .confirming
            .is_some_and(|confirming| confirming.is_over(now_ns))
        {
            return;
        }
        self.confirming = None;
        let page_after_ns = self.limits.page_after_ns;
        let mut gone = Vec::new();
        for group in self.groups.values_mut() {
            let unconfirmed = group.parts.unconfirmed();
            for member in &unconfirmed {
                group.parts.leave(*member, now_ns, page_after_ns);
            }
            if !unconfirmed.is_empty() {
                group.mended = true;
                group.stand_on_what_is_known();
            }
            gone.extend(unconfirmed);
        }
        self.changed |= !gone.is_empty();
        for member in gone {
            self.forget(member);
        }
    }
}

fn saved_part(key: &Key, (member, part): (Member, &Part)) -> SavedPart {
    let own = PathHash::of(&key.path);
    SavedPart {
        connection: format!("{:032x}", member.connection.0),
        name: member.name.into(),
        since: part.since,
        state: part.state,
        worth: (part.worth != key.severity).then_some(part.worth),
        path: (part.path != own).then(|| format!("{:032x}", part.path.0)),
    }
}

/// A connection as it was saved, if this build knows what was found of it.
fn restored_part(key: &Key, saved: &SavedPart, now_ns: u64) -> Option<(Member, Part)> {
    let member = Member {
        connection: ConnectionId(u128::from_str_radix(&saved.connection, 16).ok()?),
        name: known_name(&saved.name)?,
    };
    let state = match saved.state {
        State::Badly { at_ns } => State::Badly {
            at_ns: at_ns.min(now_ns),
        },
        // Whether it was answered meanwhile nobody will ever know: it is told.
        State::Left { .. } => State::Badly { at_ns: now_ns },
        stuck => stuck,
    };
    let part = Part {
        since: Moment {
            ns: saved.since.ns.min(now_ns),
            ..saved.since
        },
        state,
        confirmed: false,
        worth: saved.worth.unwrap_or(key.severity),
        path: match &saved.path {
            Some(hash) => PathHash(u128::from_str_radix(hash, 16).ok()?),
            None => PathHash::of(&key.path),
        },
    };
    Some((member, part))
}

/// The key of an alert that was saved, if this build has such ones.
fn key(saved: &SavedAlert) -> Option<Key> {
    let special = [UNREACHABLE, INTERRUPTED, MISSTATED, MORE];
    let special = special.into_iter().find(|name| *name == saved.name);
    let name = special.or_else(|| known_name(&saved.name))?;
    (saved.severity > Severity::None).then(|| Key {
        name,
        severity: saved.severity,
        path: saved.path.clone(),
        owner: saved.owner.clone(),
        path_owner: saved.path_owner.clone(),
        is_loss: names_loss(name),
    })
}
