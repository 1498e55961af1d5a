//! The kernel's NETLINK_SOCK_DIAG, as far as it finds and ends TCP sockets (include/uapi/linux/sock_diag.h, inet_diag.h).

use crate::netlink;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockProtocol, recv, send};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_DUMP: u16 = 0x300;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const SOCK_DESTROY: u16 = 21;

/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;

/// Length of `struct inet_diag_req_v2` before its id.
const BEFORE_ID: usize = 8;

/// Place of the id in `struct inet_diag_msg`.
const ID_AT: usize = 4;

/// Length of `struct inet_diag_sockid`.
const ID: usize = 48;

/// Room for one answer: the kernel fills 32 KiB at the most (`netlink_dump`).
const ANSWER: usize = 64 << 10;

/// The states of a connection: all but LISTEN, TIME_WAIT and those of a request, which are no connections of an
/// application (include/net/tcp_states.h).
const CONNECTIONS: u32 = 0b1011_0011_1110;

/// How long the kernel may take for an answer. It answers at once.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A socket as the kernel names it (`struct inet_diag_sockid`): addresses, interface and cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SocketId([u8; ID]);

impl SocketId {
    /// Of a socket that is bound to no interface.
    pub(super) fn of(local: SocketAddr, remote: SocketAddr, cookie: u64) -> Self {
        let mut id = [0; ID];
        id[0..2].copy_from_slice(&local.port().to_be_bytes());
        id[2..4].copy_from_slice(&remote.port().to_be_bytes());
        put(&mut id[4..20], local.ip());
        put(&mut id[20..36], remote.ip());
        // Two words, the lower first.
        id[40..44].copy_from_slice(&(cookie as u32).to_ne_bytes());
        id[44..48].copy_from_slice(&((cookie >> 32) as u32).to_ne_bytes());
        Self(id)
    }

    pub(super) fn cookie(&self) -> u64 {
        u64::from(word(&self.0, 44)) << 32 | u64::from(word(&self.0, 40))
    }

    /// Local and remote address of a socket of this family.
    pub(super) fn ends(&self, family: AddressFamily) -> (SocketAddr, SocketAddr) {
        let ip = |at: usize| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&self.0[at..at + 16]);
            match family {
                AddressFamily::Inet => {
                    let [a, b, c, d, ..] = bytes;
                    IpAddr::from([a, b, c, d])
                }
                _ => IpAddr::from(bytes).to_canonical(),
            }
        };
        let port = |at: usize| u16::from_be_bytes([self.0[at], self.0[at + 1]]);
        (
            SocketAddr::new(ip(4), port(0)),
            SocketAddr::new(ip(20), port(2)),
        )
    }
}

fn put(place: &mut [u8], address: IpAddr) {
    match address {
        IpAddr::V4(address) => place[..4].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => place.copy_from_slice(&address.octets()),
    }
}

/// The family by which a socket with this address is looked up.
pub(super) fn family(address: SocketAddr) -> AddressFamily {
    match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    }
}

/// A way to the kernel, in the network namespace of the thread that opened it.
pub(super) struct SockDiag {
    socket: OwnedFd,
    answer: Vec<u8>,
}

impl SockDiag {
    pub(super) fn open() -> nix::Result<Self> {
        Ok(Self {
            socket: netlink::open(SockProtocol::NetlinkSockDiag, ANSWER_WITHIN)?,
            answer: vec![0; ANSWER],
        })
    }

    /// Ends the socket with this id, whose cookie must be that of `id`: ENOENT where there is none.
    pub(super) fn destroy(&mut self, family: AddressFamily, id: &SocketId) -> nix::Result<()> {
        self.ask(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, family, id)?;
        self.answers(|_| ())
    }

    /// Every connection of this family.
    pub(super) fn each(
        &mut self,
        family: AddressFamily,
        found: impl FnMut(SocketId),
    ) -> nix::Result<()> {
        let flags = NLM_F_REQUEST | NLM_F_DUMP;
        self.ask(SOCK_DIAG_BY_FAMILY, flags, family, &SocketId([0; ID]))?;
        self.answers(found)
    }

    fn ask(&self, kind: u16, flags: u16, family: AddressFamily, id: &SocketId) -> nix::Result<()> {
        send(
            self.socket.as_raw_fd(),
            &request(kind, flags, family, id),
            MsgFlags::empty(),
        )?;
        Ok(())
    }

    /// Takes answers until the one that says how it ended.
    fn answers(&mut self, mut found: impl FnMut(SocketId)) -> nix::Result<()> {
        loop {
            let length = recv(self.socket.as_raw_fd(), &mut self.answer, MsgFlags::empty())?;
            if let Some(ended) = read(&self.answer[..length], &mut found) {
                return ended;
            }
            if length == 0 {
                return Err(Errno::EPROTO);
            }
        }
    }
}

fn request(kind: u16, flags: u16, family: AddressFamily, id: &SocketId) -> Vec<u8> {
    let length = HEADER + BEFORE_ID + ID;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend((length as u32).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    // Sequence number and sender: one question at a time, and the kernel knows the sender.
    bytes.extend([0; 8]);
    bytes.extend([family as u8, libc::IPPROTO_TCP as u8, 0, 0]);
    bytes.extend(CONNECTIONS.to_ne_bytes());
    bytes.extend(id.0);
    bytes
}

/// Reads the messages of one answer; how it ended, where that is among them.
fn read(mut bytes: &[u8], found: &mut impl FnMut(SocketId)) -> Option<nix::Result<()>> {
    while bytes.len() >= HEADER {
        let length = word(bytes, 0) as usize;
        let Some(message) = bytes.get(HEADER..length) else {
            return Some(Err(Errno::EPROTO));
        };
        match u16::from_ne_bytes([bytes[4], bytes[5]]) {
            NLMSG_ERROR | NLMSG_DONE if message.len() < 4 => return Some(Err(Errno::EPROTO)),
            NLMSG_ERROR | NLMSG_DONE => {
                let error = word(message, 0) as i32;
                return Some(match error.checked_neg() {
                    Some(0) => Ok(()),
                    Some(number) => Err(Errno::from_raw(number)),
                    None => Err(Errno::EPROTO),
                });
            }
            SOCK_DIAG_BY_FAMILY => {
                if let Some(id) = message.get(ID_AT..ID_AT + ID) {
                    let mut whole = [0; ID];
                    whole.copy_from_slice(id);
                    found(SocketId(whole));
                }
            }
            _ => {}
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_ne_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_and_both_ends_are_read_as_they_were_written() {
        for (local, remote) in [
            ("192.0.2.1:1", "192.0.2.2:65535"),
            ("[2001:db8::1]:5432", "[2001:db8::2]:80"),
        ] {
            let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
            let id = SocketId::of(local, remote, 0x0123_4567_89ab_cdef);
            assert_eq!(id.cookie(), 0x0123_4567_89ab_cdef);
            assert_eq!(id.ends(family(local)), (local, remote));
        }
    }

    #[test]
    fn no_answer_however_it_is_cut_makes_it_panic_or_run_on() {
        let id = SocketId::of("[::1]:1".parse().unwrap(), "[::1]:2".parse().unwrap(), 7);
        let mut whole = request(SOCK_DIAG_BY_FAMILY, 0, AddressFamily::Inet6, &id);
        whole.extend(request(NLMSG_DONE, 0, AddressFamily::Inet6, &id));
        for end in 0..whole.len() {
            for (place, byte) in [(0, 0), (0, 255), (3, 255), (4, 3), (72, 1)] {
                let mut bytes = whole[..end].to_vec();
                if let Some(one) = bytes.get_mut(place) {
                    *one = byte;
                }
                let _ = read(&bytes, &mut |_| ());
            }
        }
    }
}
