//! A client of this host that is lost: whether it alone has gone away, or more than it has.

use crate::blame::Before;
use crate::connection::Identity;
use crate::evidence::EvidenceList;
use crate::paths::{JudgedPath, PeerRole};
use crate::peers::clients::{Clients, Lost};
use crate::peers::prefix;
use crate::peers::siblings::{Beside, SiblingCounts, Siblings};
use monitor_model::finding::Severity;
use monitor_model::format;

/// How far the failure of a client reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nobody knows: there are no others to compare it with.
    AsEver,
    /// The client alone is gone.
    Client,
    /// Few of those that were silent as long fail, and others came out of it.
    FewCrossed,
    /// A share of the port's clients fail, or most of them.
    Share,
    /// All that are known in its prefix.
    Prefix,
    /// All that are known on its path.
    Path,
}

/// What others of its port say of a client that is lost.
#[derive(Clone, Debug)]
pub(crate) struct Vanished {
    pub(crate) reach: Reach,
    clients: Clients,
    port: u16,
    /// The severity of one that is gone alone.
    alone: Severity,
    /// Its prefix, or its path, as people write it.
    place: String,
}

/// What the others say of a connection that is lost, which its peer opened; `None` where that peer lives on another
/// connection.
pub(crate) fn vanished(
    identity: &Identity,
    path: Option<&JudgedPath>,
    before: Option<&Before>,
    (siblings, counts): (&Siblings, &SiblingCounts),
    beside: &Beside,
) -> Option<Vanished> {
    let silence_ns = before.map(|before| before.ns);
    let crossed = path.is_some_and(|path| {
        path.stated && silence_ns.is_some_and(|silence_ns| silence_ns >= path.timeout_ns)
    });
    if counts.moving > 0 && !crossed {
        return None;
    }
    let clients = siblings.clients_beside(&Lost {
        identity,
        path,
        since_ns: beside.fate_ns,
        silence_ns,
        now_ns: beside.now_ns,
    });
    let reach = if crossed {
        if clients.few_crossed_fail() {
            Reach::FewCrossed
        } else {
            Reach::AsEver
        }
    } else {
        reach(&clients)
    };
    Some(Vanished {
        reach,
        clients,
        port: identity.local().port(),
        alone: match path.map(|path| path.role) {
            Some(PeerRole::Servers) => Severity::Ticket,
            Some(PeerRole::Clients) | None => Severity::None,
        },
        place: match (reach, path) {
            (Reach::Path, Some(path)) => path.name.clone(),
            _ => prefix::written(identity.remote().ip()),
        },
    })
}

/// How far it reaches, by what others of the port meet.
fn reach(clients: &Clients) -> Reach {
    if clients.whole_path.is_some() {
        Reach::Path
    } else if clients.whole_prefix.is_some() {
        Reach::Prefix
    } else if clients.most_fail() || clients.share_died() {
        Reach::Share
    } else if clients.fine + clients.quiet > 0 {
        Reach::Client
    } else {
        Reach::AsEver
    }
}

impl Vanished {
    /// The most that it wakes.
    pub(crate) fn severity(&self) -> Severity {
        match self.reach {
            Reach::Client => self.alone,
            Reach::FewCrossed => Severity::Ticket,
            Reach::AsEver | Reach::Share | Reach::Prefix | Reach::Path => Severity::Page,
        }
    }

    /// Adds what is known to the evidence.
    pub(crate) fn add_to(&self, evidence: &mut EvidenceList) {
        let Clients { failing, fine, .. } = self.clients;
        match self.reach {
            Reach::FewCrossed => {
                evidence
                    .count("crossed_fine", self.clients.crossed_fine)
                    .count("crossed_failing", self.clients.crossed_failing + 1);
            }
            Reach::AsEver => {}
            Reach::Client | Reach::Share | Reach::Prefix | Reach::Path => {
                if self.reach == Reach::Client {
                    evidence.flag("client_vanished", true);
                }
                evidence
                    .count("clients_fine", fine)
                    .count("clients_failing", failing + 1);
            }
        }
    }

    /// The same in words, for the end of a summary.
    pub(crate) fn words(&self) -> Option<String> {
        let Self { port, place, .. } = self;
        let Clients { failing, fine, .. } = self.clients;
        let whole = |count: Option<u64>, of: &str| {
            let others = fine_of(fine, "other", *port);
            format!(
                "all {} clients known {of} {place} fail, {others}: the way there is down",
                count.unwrap_or(0)
            )
        };
        Some(match self.reach {
            Reach::AsEver => return None,
            Reach::Client if fine == 0 => {
                format!("the client has vanished, no other of port {port} fails")
            }
            Reach::Client => format!(
                "the client has vanished, {}",
                fine_of(fine, "other client", *port)
            ),
            Reach::Share => format!(
                "{} of the {} clients known of port {port} fail",
                failing + 1,
                failing + 1 + fine
            ),
            Reach::Prefix => whole(self.clients.whole_prefix, "in"),
            Reach::Path => whole(self.clients.whole_path, "on"),
            Reach::FewCrossed => format!(
                "{} that came out of a silence as long {} fine",
                format::count(self.clients.crossed_fine, "connection"),
                are(self.clients.crossed_fine)
            ),
        })
    }
}

/// "12 others of port 5432 are fine".
fn fine_of(count: u64, noun: &str, port: u16) -> String {
    format!(
        "{} of port {port} {} fine",
        format::count(count, noun),
        are(count)
    )
}

fn are(count: u64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
