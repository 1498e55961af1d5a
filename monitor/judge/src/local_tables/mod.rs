//! What this host's own tables of connections (nf_conntrack) say of connections that are in trouble, or silent for too long:
//! where the host is itself the middlebox, they know. The judge asks, and whoever tells it of facts answers.

mod table;

use crate::connection;
use crate::fact_view::FactView;
use crate::thresholds::{
    FAILING, LOCAL_TABLE_AGAIN_NS, LOCAL_TABLE_NS, LOCAL_TABLE_STOOD_NS, MAX_LOCAL_TABLES,
};
use monitor_common::{FactKind, TcpState, flags};
use monitor_model::finding::FindingKind;
use std::collections::BTreeMap;
use std::net::SocketAddr;
pub use table::{LocalBackend, LocalEntry, LocalTable};

/// What is to be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableQuestion {
    /// Cookie of the socket.
    pub cookie: u64,
    /// Inode of its network namespace.
    pub netns: u32,
    /// Its own end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// Whether it is in trouble; else it is silent for too long.
    pub in_trouble: bool,
}

/// What was answered, by cookie. Bounded: the one that was answered longest ago makes room.
#[derive(Debug, Default)]
pub(crate) struct LocalTables(BTreeMap<u64, Known>);

#[derive(Debug, Default)]
struct Known {
    at_ns: u64,
    silent: Option<Answer>,
    in_trouble: Option<Answer>,
    /// Whether the host's table had an entry, and that of its own namespace.
    stood: [bool; 2],
}

#[derive(Debug)]
struct Answer {
    at_ns: u64,
    tables: Vec<LocalTable>,
}

impl LocalTables {
    /// Takes an answer.
    pub(crate) fn note(
        &mut self,
        at_ns: u64,
        cookie: u64,
        in_trouble: bool,
        tables: &[LocalTable],
    ) {
        if self.0.len() >= MAX_LOCAL_TABLES && !self.0.contains_key(&cookie) {
            let oldest = self.0.iter().min_by_key(|(_, known)| known.at_ns);
            if let Some(oldest) = oldest.map(|(cookie, _)| *cookie) {
                self.0.remove(&oldest);
            }
        }
        let known = self.0.entry(cookie).or_default();
        known.at_ns = at_ns;
        for table in tables {
            // One that was begun anew says nothing of one before.
            if table.entry.as_ref().is_some_and(|entry| entry.answered) {
                known.stood[usize::from(!table.host)] = true;
            }
        }
        let tables = tables.to_vec();
        let answer = Some(Answer { at_ns, tables });
        if in_trouble {
            known.in_trouble = answer;
        } else {
            known.silent = answer;
        }
    }

    /// What is to be looked up before the judge is told of this fact, if anything.
    pub(crate) fn asks(&self, view: &FactView<'_>) -> Option<TableQuestion> {
        let (fact, socket) = (view.fact, &view.fact.socket);
        let known = self.0.get(&socket.cookie);
        let in_trouble = in_trouble(view);
        let asks = if in_trouble {
            let last = known.and_then(|known| known.in_trouble.as_ref());
            last.is_none_or(|last| fact.time_ns.saturating_sub(last.at_ns) >= LOCAL_TABLE_AGAIN_NS)
        } else {
            let last = known.and_then(|known| known.silent.as_ref());
            silent_since(view).is_some_and(|since_ns| last.is_none_or(|last| last.at_ns < since_ns))
        };
        (asks && socket.cookie != 0 && !fact.has(flags::LOOPBACK)).then(|| TableQuestion {
            cookie: socket.cookie,
            netns: socket.netns,
            local: connection::local(socket),
            remote: connection::remote(socket),
            in_trouble,
        })
    }

    /// What they say of the connection with this cookie to a finding of this kind, which says that nothing comes back or not;
    /// and whether each was seen to have an entry.
    pub(crate) fn answered(
        &self,
        cookie: u64,
        kind: FindingKind,
        is_loss: bool,
    ) -> impl Iterator<Item = (&LocalTable, bool)> {
        let known = self.0.get(&cookie);
        let answer = known.and_then(|known| match kind {
            FindingKind::AtRisk | FindingKind::Crossed => known.silent.as_ref(),
            _ if is_loss => known.in_trouble.as_ref(),
            _ => None,
        });
        let tables = answer.into_iter().flat_map(|answer| &answer.tables);
        tables.map(move |table| {
            let stood = known.is_some_and(|known| known.stood[usize::from(!table.host)]);
            (table, stood)
        })
    }

    /// What was answered long ago is forgotten; that an entry stood holds for longer.
    pub(crate) fn forget(&mut self, now_ns: u64) {
        self.0.retain(|_, known| {
            for answer in [&mut known.silent, &mut known.in_trouble] {
                if answer
                    .as_ref()
                    .is_some_and(|answer| now_ns.saturating_sub(answer.at_ns) >= LOCAL_TABLE_NS)
                {
                    *answer = None;
                }
            }
            let stood = known.stood.contains(&true)
                && now_ns.saturating_sub(known.at_ns) < LOCAL_TABLE_STOOD_NS;
            stood || known.silent.is_some() || known.in_trouble.is_some()
        });
    }
}

/// Whether nothing comes back on it, so far. A retransmission is told of what is suspected, or times out for a third time.
fn in_trouble(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    let fails = socket.retransmits >= FAILING || socket.probes_out >= FAILING;
    match view.kind {
        FactKind::Retransmitted => socket.state != TcpState::SynSent as u32,
        FactKind::Swept => socket.state != TcpState::SynSent as u32 && fails,
        _ => false,
    }
}

/// Since when a sweep would tell of its silence: that it is at risk, or that it has crossed.
fn silent_since(view: &FactView<'_>) -> Option<u64> {
    if view.kind != FactKind::Swept {
        return None;
    }
    let path = view.silent_on()?;
    let begun_ns = view.silent_since_ns();
    let crossed = view.idle_ns() >= path.timeout_ns;
    Some(if crossed {
        begun_ns.saturating_add(path.timeout_ns)
    } else {
        begun_ns
    })
}
