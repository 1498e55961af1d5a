//! What happens to a middlebox's table of connections: it is flushed, or filled with others. By ctnetlink, as
//! `conntrack -F` and `conntrack -I` do.

use super::namespace::Namespace;
use crate::LabError;
use netlink_packet_core::{
    NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_netfilter::conntrack::{
    ConntrackAttribute, ConntrackMessage, IPTuple, ProtoTuple, Protocol, Status, Tuple,
};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, send, socket};
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::{fs, io};

/// Where a namespace tells of its table, for who is in it.
const TABLE: &str = "/proc/sys/net/netfilter";

/// Entries that are made at once: as many as a send buffer surely takes.
const BATCH: u32 = 128;

/// The largest table that is filled, in entries: each takes some 300 bytes of the kernel's memory.
const LARGEST: u32 = 1 << 20;

/// How long the entries last, in s: longer than any story.
const LAST: u32 = 600;

/// Removes every entry.
pub(super) fn flush(middlebox: &Namespace) -> Result<(), LabError> {
    let flushed = middlebox.within(|| {
        let message = NetfilterMessage::new(
            NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, 0),
            ConntrackMessage::Delete(Vec::new()),
        );
        send_all(&open()?, &bytes(message, NLM_F_REQUEST))
    })?;
    flushed.map_err(LabError::io("flushing the table of connections"))
}

/// Replaces every entry by those of others, until there is no room for one more.
pub(super) fn fill(middlebox: &Namespace) -> Result<(), LabError> {
    flush(middlebox)?;
    let filled = middlebox.within(|| -> io::Result<(u32, u32)> {
        let most = number("nf_conntrack_max")?;
        if most > LARGEST {
            return Ok((0, most));
        }
        let socket = open()?;
        let mut next = 0;
        while next < most {
            let mut batch = Vec::new();
            for one in next..(next + BATCH).min(most) {
                batch.extend(bytes(entry(one), NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL));
            }
            send_all(&socket, &batch)?;
            next += BATCH;
        }
        Ok((number("nf_conntrack_count")?, most))
    })?;
    let (count, most) = filled.map_err(LabError::io("filling the table of connections"))?;
    if count < most {
        return Err(LabError::Premise(format!(
            "the table of connections was to be full, and has {count} entries of {most} (of more than {LARGEST} none is filled)"
        )));
    }
    Ok(())
}

/// The entry of a connection that nobody has, from a private address to one of TEST-NET-2 (RFC 5737): one that packets have
/// passed in both directions, which no other pushes out.
fn entry(number: u32) -> NetfilterMessage {
    let [_, high, middle, low] = number.to_be_bytes();
    let from = IpAddr::V4(Ipv4Addr::new(10, high, middle, low));
    let to = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
    NetfilterMessage::new(
        NetfilterHeader::new(NetfilterProtoFamily::IPv4, 0, 0),
        ConntrackMessage::New(vec![
            ConntrackAttribute::CtaTupleOrig(tuple((from, 1024), (to, 9))),
            ConntrackAttribute::CtaTupleReply(tuple((to, 9), (from, 1024))),
            ConntrackAttribute::CtaStatus(Status::Confirmed | Status::SeenReply | Status::Assured),
            ConntrackAttribute::CtaTimeout(LAST),
        ]),
    )
}

fn tuple(from: (IpAddr, u16), to: (IpAddr, u16)) -> Vec<Tuple> {
    vec![
        Tuple::Ip(vec![
            IPTuple::SourceAddress(from.0),
            IPTuple::DestinationAddress(to.0),
        ]),
        Tuple::Proto(vec![
            ProtoTuple::Protocol(Protocol::Tcp),
            ProtoTuple::SourcePort(from.1),
            ProtoTuple::DestinationPort(to.1),
        ]),
    ]
}

fn bytes(message: NetfilterMessage, flags: u16) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

fn open() -> io::Result<OwnedFd> {
    let (family, flags) = (AddressFamily::Netlink, SockFlag::SOCK_CLOEXEC);
    let protocol = SockProtocol::NetlinkNetFilter;
    Ok(socket(family, SockType::Raw, flags, protocol)?)
}

fn send_all(socket: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    send(socket.as_raw_fd(), bytes, MsgFlags::empty())?;
    Ok(())
}

fn number(name: &str) -> io::Result<u32> {
    let text = fs::read_to_string(format!("{TABLE}/{name}"))?;
    text.trim().parse().map_err(io::Error::other)
}
