//! One question to the kernel by netlink, and its answer, within a time.

use crate::netlink::open;
use netlink_packet_core::{
    NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use nix::sys::socket::{MsgFlags, SockProtocol, recv, send};
use std::io;
use std::os::fd::AsRawFd;
use std::time::Instant;

/// Room for one answer, in bytes: an entry or a route takes some hundred (`NLMSG_GOODSIZE` is a page at the most).
const ANSWER: usize = 8192;

/// Numbers the one question of a socket.
const SEQUENCE: u32 = 1;

/// Asks in this thread's network namespace; `None` where the kernel confirms and tells nothing.
///
/// # Errors
/// What the kernel answers (ENOENT: there is no such thing), or that no answer came by `until`.
pub(super) fn ask<M>(protocol: SockProtocol, question: M, until: Instant) -> io::Result<Option<M>>
where
    M: NetlinkSerializable + NetlinkDeserializable,
{
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let socket = open(protocol, left)?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    header.sequence_number = SEQUENCE;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(question));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    send(socket.as_raw_fd(), &bytes, MsgFlags::empty())?;
    let mut room = [0; ANSWER];
    let length = recv(socket.as_raw_fd(), &mut room, MsgFlags::empty())?;
    let answer = NetlinkMessage::<M>::deserialize(room.get(..length).unwrap_or_default())
        .map_err(io::Error::other)?;
    match answer.payload {
        NetlinkPayload::InnerMessage(answer) => Ok(Some(answer)),
        NetlinkPayload::Error(error) if error.code.is_some() => Err(error.to_io()),
        _ => Ok(None),
    }
}
