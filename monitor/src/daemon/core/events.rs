//! What the daemon tells of itself, for whoever looks back later: what it did not see, and since when.

use super::Core;
use crate::rate::ALWAYS;
use crate::surfaces::api::Peer;
use monitor_common::Counter;
use monitor_kernel::Reading;
use monitor_model::agent::{AgentChange, AgentEvent};
use monitor_model::api::Cut;
use monitor_model::format;
use monitor_model::time::Timestamp;

/// How often it is asked for facts that were lost, in ns.
const EVERY_NS: u64 = 60_000_000_000;

impl Core {
    /// Tells that something happened to the daemon itself.
    pub(super) fn tell_of_agent(&mut self, change: AgentChange) {
        self.tell_event(change);
    }

    fn tell_event(&mut self, change: AgentChange) -> Option<AgentEvent> {
        let time = Timestamp::of(self.now()?.wall_unix_ns);
        let event = AgentEvent { time, change };
        self.sinks.tell_of_agent(event.clone());
        Some(event)
    }

    /// Somebody has ended connections: what is told of that.
    pub(in super::super) fn note_cut(&mut self, peer: Peer, cut: Cut) -> Option<AgentEvent> {
        let Peer { uid, login_uid } = peer;
        let Cut { alert, ended, ids } = cut;
        let who = match login_uid {
            Some(login) if login != uid => format!("uid {uid} (logged in as uid {login})"),
            _ => format!("uid {uid}"),
        };
        let of = alert.as_ref();
        let of = of.map_or_else(String::new, |alert| format!(" of alert {alert}"));
        let count = format::count(ended, "connection");
        let more = ended.saturating_sub(ids.len() as u64);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        tracing::info!(target: ALWAYS, "cut by {who}: {count}{of}: {}{more}", ids.join(" "));
        self.tell_event(AgentChange::ConnectionsCut {
            uid,
            login_uid,
            alert,
            ended,
            ids,
        })
    }

    /// Somebody has stopped heal: what is told of that.
    pub(in super::super) fn note_heal_stop(
        &mut self,
        peer: Peer,
        undone: AgentChange,
    ) -> Option<AgentEvent> {
        let AgentChange::HealUndone {
            back,
            left,
            sockets,
            ..
        } = undone
        else {
            return None;
        };
        let Peer { uid, login_uid } = peer;
        let count = format::count(back, "socket");
        tracing::info!(target: ALWAYS, "heal: stopped by uid {uid}: {count} set back, until the next start or reload");
        self.tell_event(AgentChange::HealUndone {
            uid: Some(uid),
            login_uid,
            back,
            left,
            sockets,
        })
    }

    /// A sweep worked, or failed. The first of either is told.
    pub(super) fn tell_sweeps(&mut self, work: bool) {
        let Some(now) = self.now() else { return };
        match (self.events.sweeps_fail_since, work) {
            (None, false) => {
                self.events.sweeps_fail_since = Some(Timestamp::of(now.wall_unix_ns));
                self.tell_of_agent(AgentChange::SweepsFail);
            }
            (Some(since), true) => {
                self.events.sweeps_fail_since = None;
                self.tell_of_agent(AgentChange::SweepsWork { since });
            }
            _ => {}
        }
    }

    /// Tells of facts that were lost, once a minute at most.
    pub(super) fn tell_lost_facts(&mut self, now: Reading) {
        if now.boot_ns.saturating_sub(self.events.asked_ns) < EVERY_NS {
            return;
        }
        self.events.asked_ns = now.boot_ns;
        let Some(tables) = &self.tables else { return };
        let Ok(counters) = tables.counters() else {
            return;
        };
        let lost = counters.get(Counter::FactsDroppedRingFull);
        // Lower than before: the kernel side was loaded anew.
        let facts = lost.checked_sub(self.events.lost).unwrap_or(lost);
        self.events.lost = lost;
        if facts > 0 {
            self.tell_of_agent(AgentChange::FactsLost { facts });
        }
    }
}
