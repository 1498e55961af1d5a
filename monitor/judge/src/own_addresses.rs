//! Whether the addresses of connections in trouble are on an interface of their host: after a change of address what they
//! send is refused here, or its answer goes astray. The kernel does not say so; the judge asks, and whoever tells it of
//! facts answers.

use crate::connection;
use crate::thresholds::{FAILING, MAX_OWN_ADDRESSES, OWN_ADDRESS_NS};
use monitor_common::{Fact, FactKind, Socket, TcpState, flags};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What was answered lately, by network namespace and address. Bounded: the one that was answered longest ago makes room,
/// and is asked for again.
#[derive(Debug, Default)]
pub(crate) struct OwnAddresses(BTreeMap<(u32, IpAddr), Answer>);

#[derive(Clone, Copy, Debug)]
struct Answer {
    at_ns: u64,
    there: bool,
}

impl OwnAddresses {
    /// Takes an answer.
    pub(crate) fn note(&mut self, at_ns: u64, netns: u32, address: IpAddr, there: bool) {
        let key = (netns, address);
        if self.0.len() >= MAX_OWN_ADDRESSES && !self.0.contains_key(&key) {
            let oldest = self.0.iter().min_by_key(|(_, answer)| answer.at_ns);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(key, Answer { at_ns, there });
    }

    /// Namespace and address that are to be looked up before the judge is told of this fact, if any.
    pub(crate) fn asks(&self, fact: &Fact) -> Option<(u32, IpAddr)> {
        let socket = &fact.socket;
        let key = key(socket);
        let fresh = self
            .0
            .get(&key)
            .is_some_and(|known| fact.time_ns.saturating_sub(known.at_ns) < OWN_ADDRESS_NS);
        let asks = in_trouble(fact) && !fresh && !key.1.is_unspecified();
        asks.then_some(key)
    }

    /// Whether the address of this connection is known to be on no interface, where that is what stands in its way: the
    /// kernel sends nothing from an IPv4 address that the host does not have, and from an IPv6 address it does.
    pub(crate) fn is_gone(&self, fact: &Fact) -> bool {
        let socket = &fact.socket;
        let key = key(socket);
        let gone = self.0.get(&key).is_some_and(|known| !known.there);
        if !gone || fact.has(flags::FOREIGN_ADDRESS) {
            return false;
        }
        // A server may answer for addresses that are routed to its host, and on none of its interfaces.
        if key.1.is_ipv6() {
            connection::is_client(socket)
        } else {
            leaves_nothing(socket)
        }
    }

    /// What was answered long ago is forgotten.
    pub(crate) fn forget(&mut self, now_ns: u64) {
        self.0
            .retain(|_, known| now_ns.saturating_sub(known.at_ns) < OWN_ADDRESS_NS * 12);
    }
}

fn key(socket: &Socket) -> (u32, IpAddr) {
    (socket.netns, connection::local(socket).ip())
}

/// Whether nothing comes back on it, so far.
fn in_trouble(fact: &Fact) -> bool {
    let socket = &fact.socket;
    let told = matches!(
        fact.kind(),
        Some(FactKind::Swept | FactKind::Retransmitted | FactKind::StateChanged)
    );
    let open = socket.state != TcpState::SynSent as u32;
    told && open && (socket.retransmits >= FAILING || socket.probes_out >= FAILING)
}

/// Whether what waits does not leave this host: the timer tries again, and nothing is under way for a second time
/// (`tcp_retransmit_skb` counts what has left), or at all.
fn leaves_nothing(socket: &Socket) -> bool {
    let again = socket.retransmits > 0 && socket.retrans_out == 0;
    let never = socket.packets_out == 0 && socket.probes_out > 0;
    again || never
}
