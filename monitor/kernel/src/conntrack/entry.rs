//! The entry of one connection in the table of this thread's network namespace, by ctnetlink.

use super::netlink::ask;
use netlink_packet_netfilter::conntrack::{
    ConntrackAttribute, ConntrackMessage, IPTuple, ProtoTuple, Protocol, Status, Tuple,
};
use netlink_packet_netfilter::{
    NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily,
};
use nix::sys::socket::SockProtocol;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// What is read of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Packets have passed in both directions.
    pub(super) answered: bool,
    /// It was begun by what our end sent, not by the other.
    pub(super) ours: bool,
    /// It goes after so much silence more, in s.
    pub(super) left_s: u32,
    /// Our end, as the other sees it.
    pub(super) local: SocketAddr,
    /// The other end, as it is behind the table.
    pub(super) remote: SocketAddr,
}

/// Looks up the entry of what goes from `local` to `remote`, whoever began it.
///
/// # Errors
/// The kernel's: EPERM without CAP_NET_ADMIN.
pub(super) fn find(
    local: SocketAddr,
    remote: SocketAddr,
    until: Instant,
) -> io::Result<Option<Entry>> {
    let family = match local.ip() {
        IpAddr::V4(_) => NetfilterProtoFamily::IPv4,
        IpAddr::V6(_) => NetfilterProtoFamily::IPv6,
    };
    let wanted = ConntrackAttribute::CtaTupleOrig(tuple(local, remote));
    let question = NetfilterMessage::new(
        NetfilterHeader::new(family, 0, 0),
        ConntrackMessage::Get(vec![wanted]),
    );
    match ask(SockProtocol::NetlinkNetFilter, question, until) {
        Ok(answer) => Ok(answer.and_then(|answer| read(&answer, local, remote))),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn tuple(from: SocketAddr, to: SocketAddr) -> Vec<Tuple> {
    vec![
        Tuple::Ip(vec![
            IPTuple::SourceAddress(from.ip()),
            IPTuple::DestinationAddress(to.ip()),
        ]),
        Tuple::Proto(vec![
            ProtoTuple::Protocol(Protocol::Tcp),
            ProtoTuple::SourcePort(from.port()),
            ProtoTuple::DestinationPort(to.port()),
        ]),
    ]
}

fn read(message: &NetfilterMessage, local: SocketAddr, remote: SocketAddr) -> Option<Entry> {
    let NetfilterMessageInner::Conntrack(ConntrackMessage::New(attributes)) = &message.inner else {
        return None;
    };
    let (mut begun, mut back, mut answered, mut left_s) = (None, None, false, 0);
    for attribute in attributes {
        match attribute {
            ConntrackAttribute::CtaTupleOrig(tuple) => begun = ends(tuple),
            ConntrackAttribute::CtaTupleReply(tuple) => back = ends(tuple),
            ConntrackAttribute::CtaStatus(status) => answered = status.contains(Status::SeenReply),
            ConntrackAttribute::CtaTimeout(seconds) => left_s = *seconds,
            _ => {}
        }
    }
    let (begun, back) = (begun?, back?);
    let ours = begun == (local, remote);
    // What comes to us as answers to what we send is the tuple of the other direction.
    let (remote, local) = if ours { back } else { begun };
    Some(Entry {
        answered,
        ours,
        left_s,
        local,
        remote,
    })
}

/// Whence and whereto.
fn ends(tuple: &[Tuple]) -> Option<(SocketAddr, SocketAddr)> {
    let [mut from, mut to] = [None, None];
    let [mut source, mut destination] = [None, None];
    for part in tuple {
        match part {
            Tuple::Ip(addresses) => {
                for address in addresses {
                    match address {
                        IPTuple::SourceAddress(address) => from = Some(*address),
                        IPTuple::DestinationAddress(address) => to = Some(*address),
                        _ => {}
                    }
                }
            }
            Tuple::Proto(ports) => {
                for port in ports {
                    match port {
                        ProtoTuple::SourcePort(port) => source = Some(*port),
                        ProtoTuple::DestinationPort(port) => destination = Some(*port),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some((
        SocketAddr::new(from?, source?),
        SocketAddr::new(to?, destination?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "10.244.0.7:40000";
    const SERVICE: &str = "10.96.0.10:5432";
    const BACKEND: &str = "10.244.1.9:15432";
    const NODE: &str = "192.0.2.4:61000";

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// An entry that the client began; the service is translated to the backend, the client to the node.
    fn kept() -> NetfilterMessage {
        NetfilterMessage::new(
            NetfilterHeader::new(NetfilterProtoFamily::IPv4, 0, 0),
            ConntrackMessage::New(vec![
                ConntrackAttribute::CtaTupleOrig(tuple(at(CLIENT), at(SERVICE))),
                ConntrackAttribute::CtaTupleReply(tuple(at(BACKEND), at(NODE))),
                ConntrackAttribute::CtaStatus(Status::SeenReply | Status::Assured),
                ConntrackAttribute::CtaTimeout(431_990),
            ]),
        )
    }

    #[test]
    fn who_began_it_meets_the_backend_as_the_node() {
        let entry = read(&kept(), at(CLIENT), at(SERVICE)).unwrap();
        let due = Entry {
            answered: true,
            ours: true,
            left_s: 431_990,
            local: at(NODE),
            remote: at(BACKEND),
        };
        assert_eq!(entry, due);
    }

    #[test]
    fn whom_it_was_begun_to_is_called_by_the_client_at_the_service() {
        let entry = read(&kept(), at(BACKEND), at(NODE)).unwrap();
        assert!(!entry.ours);
        assert_eq!((entry.local, entry.remote), (at(SERVICE), at(CLIENT)));
    }

    #[test]
    fn an_answer_that_lacks_an_end_is_none() {
        let message = NetfilterMessage::new(
            NetfilterHeader::new(NetfilterProtoFamily::IPv4, 0, 0),
            ConntrackMessage::New(vec![ConntrackAttribute::CtaTimeout(3)]),
        );
        assert_eq!(read(&message, at(CLIENT), at(SERVICE)), None);
    }
}
