//! Connections that ended badly, until their owner moves again towards the same address, or with the same client, on
//! another one; or, where the peer or the network was down for all, until anybody does.

use crate::connection::connection;
use crate::fact_view::FactView;
use crate::report::is_loss;
use crate::thresholds::{ENDED_EXPIRY_NS, MAX_ENDED, OPEN_EXPIRY_NS};
use crate::verdict::{End, Verdict, Verdicts};
use monitor_model::finding::{
    Cause, Connection, Finding, FindingKind, Outcome, Role, Scope, Severity,
};
use monitor_model::owner::Owner;
use std::collections::BTreeMap;

/// Who moves, and whereto.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    netns: u32,
    /// The peer's address.
    address: String,
    /// Of a connection that this host opened, the peer's port. Of one that it accepted, the port here: a client that comes
    /// again does so from another port.
    port: String,
    /// As [`Owner::name`], if known: the one that connects anew may be another.
    owner: Option<String>,
}

impl Way {
    fn of(connection: &Connection, owner: &Owner) -> Option<Self> {
        let (address, port) = connection.remote.rsplit_once(':')?;
        let port = match connection.role {
            Role::Client => port,
            Role::Server => connection.local.rsplit_once(':')?.1,
        };
        Some(Self {
            netns: connection.netns,
            address: address.to_owned(),
            port: port.to_owned(),
            owner: owner.name().map(str::to_owned),
        })
    }
}

#[derive(Clone, Debug)]
struct Entry {
    way: Way,
    at_ns: u64,
    /// It failed with its peer or network, and not alone.
    down: bool,
}

impl Entry {
    /// Whether a connection that moves on this way shows that it need not be so any more.
    fn is_over_by(&self, way: &Way) -> bool {
        let there = self.way.netns == way.netns && self.way.address == way.address;
        let anew = self.way.port == way.port && self.way.owner == way.owner;
        there && (self.down || anew && way.owner.is_some())
    }
}

/// Connections of which trouble was told, and those that ended badly, by id. Both tables are bounded; what does
/// not fit is counted.
#[derive(Debug, Default)]
pub(crate) struct Reconnects {
    troubled: BTreeMap<String, Entry>,
    ended: BTreeMap<String, Entry>,
    /// Connections that found no place.
    pub(crate) dropped: u64,
}

impl Reconnects {
    /// Passes verdicts on to `out`, and learns from them of connections that end badly, at `now_ns`.
    pub(crate) fn listen<'a>(&'a mut self, now_ns: u64, out: &'a mut dyn Verdicts) -> Listener<'a> {
        Listener {
            reconnects: self,
            now_ns,
            out,
        }
    }

    /// Takes up what `view` says of a connection on which payload, or an ACK of new data, came at `exchanged_ns`
    /// last.
    pub(crate) fn note(&mut self, view: &FactView<'_>, exchanged_ns: u64, out: &mut dyn Verdicts) {
        if self.ended.is_empty() || exchanged_ns == 0 {
            return;
        }
        let connection = connection(&view.fact.socket);
        let Some(way) = Way::of(&connection, view.owner) else {
            return;
        };
        // Its id may look another where counters of it were lost: the socket is what tells it apart.
        let cookie = format!("{:x}-", view.fact.socket.cookie);
        self.ended.retain(|id, entry| {
            let another = !id.starts_with(&cookie);
            let again = entry.is_over_by(&way) && exchanged_ns > entry.at_ns && another;
            if again {
                out.push(Verdict::Reconnected {
                    connection_id: id.clone(),
                });
            }
            !again
        });
    }

    /// Forgets what nobody asks for any more, at `now_ns`.
    pub(crate) fn forget(&mut self, now_ns: u64) {
        let keep = |entry: &mut Entry, limit_ns: u64| {
            // No fact is from the future; one that says so must not stay for ever.
            entry.at_ns = entry.at_ns.min(now_ns);
            now_ns - entry.at_ns < limit_ns
        };
        self.troubled.retain(|_, entry| keep(entry, OPEN_EXPIRY_NS));
        self.ended.retain(|_, entry| keep(entry, ENDED_EXPIRY_NS));
    }

    /// Connections that ended badly and whose owner is not known to move again.
    pub(crate) fn len(&self) -> usize {
        self.ended.len()
    }

    fn on_finding(&mut self, finding: &Finding, now_ns: u64) {
        let id = &finding.connection.id;
        let wakes = finding.severity > Severity::None;
        let (trouble, over) = match finding.kind {
            FindingKind::AtRisk | FindingKind::Crossed | FindingKind::Misstated => return,
            // Of an owner: nothing has become of the connection that is shown.
            FindingKind::Stall {
                cause: Cause::CloseWait,
            } => return,
            FindingKind::Stall { .. } => (wakes, false),
            FindingKind::Outcome { outcome } => {
                let over = matches!(outcome, Outcome::Reset | Outcome::Closed);
                (wakes, wakes && over)
            }
        };
        if !trouble {
            self.troubled.remove(id);
            return;
        }
        let down = finding.scope == Some(Scope::PeerOrNetwork) && is_loss(finding.kind);
        let way = Way::of(&finding.connection, &finding.owner);
        let Some(way) = way.filter(|way| down || way.owner.is_some()) else {
            return;
        };
        let entry = Entry {
            way,
            at_ns: now_ns,
            down,
        };
        if over || finding.given_up {
            self.troubled.remove(id);
            self.end(id, entry);
        } else if self.troubled.contains_key(id) || self.troubled.len() < MAX_ENDED {
            self.troubled.insert(id.clone(), entry);
        } else {
            self.dropped += 1;
        }
    }

    fn end(&mut self, id: &str, entry: Entry) {
        if self.ended.len() < MAX_ENDED {
            self.ended.insert(id.into(), entry);
        } else {
            self.dropped += 1;
        }
    }

    fn on_verdict(&mut self, verdict: &Verdict, now_ns: u64) {
        match verdict {
            Verdict::Finding(finding) => self.on_finding(finding, now_ns),
            Verdict::Over { connection_id, end } => {
                if let Some(entry) = self.troubled.remove(connection_id)
                    && matches!(end, End::Badly | End::Left)
                {
                    self.end(
                        connection_id,
                        Entry {
                            at_ns: now_ns,
                            ..entry
                        },
                    );
                }
            }
            Verdict::StallEnded { connection_id } => {
                self.troubled.remove(connection_id);
            }
            Verdict::Rules(_)
            | Verdict::SilenceEnded { .. }
            | Verdict::PileEnded { .. }
            | Verdict::Reconnected { .. }
            | Verdict::Unanswered { .. }
            | Verdict::Answered { .. } => {}
        }
    }
}

/// Hears what is said, and passes it on.
pub(crate) struct Listener<'a> {
    reconnects: &'a mut Reconnects,
    now_ns: u64,
    out: &'a mut dyn Verdicts,
}

impl Verdicts for Listener<'_> {
    fn push(&mut self, verdict: Verdict) {
        self.reconnects.on_verdict(&verdict, self.now_ns);
        self.out.push(verdict);
    }
}
