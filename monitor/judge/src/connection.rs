//! From a socket to the connection that users see.

use monitor_common::{Family, Socket};
use monitor_model::finding::{self, Connection, Role};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What makes a connection itself. It is taken once and kept: later facts may
/// show less (a closed socket has lost its port).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    cookie: u64,
    flow: (u32, u32),
    role: Role,
    local: Address,
    remote: Address,
    netns: u32,
}

/// Address and port. A [`SocketAddr`] has room for what no socket here has, and takes half as much again.
type Address = (IpAddr, u16);

impl Identity {
    /// The identity of the connection that `socket` has now.
    pub(crate) fn of(socket: &Socket) -> Self {
        let role = role(socket);
        Self {
            cookie: socket.cookie,
            flow: flow(socket, role),
            role,
            local: address(socket.family, socket.local, socket.local_port),
            remote: address(socket.family, socket.remote, socket.remote_port),
            netns: socket.netns,
        }
    }

    /// The socket's cookie.
    pub(crate) fn cookie(&self) -> u64 {
        self.cookie
    }

    /// Inode of the network namespace; 0 if unknown.
    pub(crate) fn netns(&self) -> u32 {
        self.netns
    }

    /// This host's end.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local.into()
    }

    /// The peer.
    pub(crate) fn remote(&self) -> SocketAddr {
        self.remote.into()
    }

    /// Which side opened the connection.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// The port on which the side that was called listens.
    pub(crate) fn service_port(&self) -> u16 {
        match self.role {
            Role::Client => self.remote.1,
            Role::Server => self.local.1,
        }
    }

    /// Cookie and flow id: unique on this host since boot.
    pub(crate) fn id(&self) -> String {
        format!("{:x}-{:08x}-{:08x}", self.cookie, self.flow.0, self.flow.1)
    }

    /// The connection as it is shown.
    pub(crate) fn shown(&self) -> Connection {
        let mut texts = String::new();
        let shown = self.shown_in(&mut texts);
        Connection {
            id: shown.id.to_owned(),
            flow_id: shown.flow_id.to_owned(),
            family: shown.family,
            local: shown.local.to_owned(),
            remote: shown.remote.to_owned(),
            netns: shown.netns,
            role: shown.role,
        }
    }

    /// The same, with its texts in `texts`, in place of what stands there.
    fn shown_in<'a>(&self, texts: &'a mut String) -> Connection<&'a str> {
        texts.clear();
        // A text takes whatever is written.
        let _ = write!(texts, "{:x}-", self.cookie);
        let flow = texts.len();
        let _ = write!(texts, "{:08x}-{:08x}", self.flow.0, self.flow.1);
        let local = texts.len();
        let _ = write!(texts, "{}", self.local());
        let remote = texts.len();
        let _ = write!(texts, "{}", self.remote());
        Connection {
            id: &texts[..local],
            flow_id: &texts[flow..local],
            family: if self.remote.0.is_ipv4() {
                finding::Family::Ipv4
            } else {
                finding::Family::Ipv6
            },
            local: &texts[local..remote],
            remote: &texts[remote..],
            netns: self.netns,
            role: self.role,
        }
    }
}

/// The connection that `socket` has now, as it is shown.
pub fn connection(socket: &Socket) -> Connection {
    Identity::of(socket).shown()
}

/// The same, with its texts in `texts`, in place of what stands there: of a long list none need be made anew.
pub fn connection_in<'a>(socket: &Socket, texts: &'a mut String) -> Connection<&'a str> {
    Identity::of(socket).shown_in(texts)
}

/// This host's end of `socket`, and the peer.
pub fn addresses(socket: &Socket) -> (SocketAddr, SocketAddr) {
    (local(socket), remote(socket))
}

/// The peer of `socket`.
pub(crate) fn remote(socket: &Socket) -> SocketAddr {
    address(socket.family, socket.remote, socket.remote_port).into()
}

/// This host's end of `socket`.
pub(crate) fn local(socket: &Socket) -> SocketAddr {
    address(socket.family, socket.local, socket.local_port).into()
}

fn address(family: u16, bytes: [u8; 16], port: u16) -> Address {
    let [a, b, c, d, ..] = bytes;
    let ip = if family == Family::Ipv4 as u16 {
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    } else {
        IpAddr::V6(Ipv6Addr::from(bytes))
    };
    (ip, port)
}

/// Whether this host opened the connection of `socket`.
pub(crate) fn is_client(socket: &Socket) -> bool {
    role(socket) == Role::Client
}

/// Which side opened the connection. Who accepted it says so, unless its listener had
/// no backlog at all: then its `bytes_acked` is the payload that was acknowledged, while
/// the opener's counts its SYN too.
pub fn role(socket: &Socket) -> Role {
    if socket.accepted != 0 {
        return Role::Server;
    }
    let in_flight = socket.snd_nxt.wrapping_sub(socket.snd_una);
    // The counters are 64 bits wide, sequence numbers 32: the difference is
    // small, so the low half decides. It can be any other than 0 and 1: `bytes_sent`
    // counts what this host itself refused to let out (`__tcp_transmit_skb`).
    let payload_acked = (socket.bytes_sent as u32)
        .wrapping_sub(socket.bytes_retrans as u32)
        .wrapping_sub(in_flight);
    if socket.bytes_acked as u32 != payload_acked {
        return Role::Client;
    }
    // One byte that this host refused makes an opener look so, too. What it refused waits unsent: the port says then who
    // opened it, for servers are asked at lower ports than clients ask from (`ip_local_port_range`).
    let unsent = socket.write_seq.wrapping_sub(socket.snd_nxt) as i32;
    if unsent > 0 && socket.local_port > socket.remote_port {
        Role::Client
    } else {
        Role::Server
    }
}

/// The first data sequence number of each direction, sorted: both initial
/// sequence numbers plus one, as both ends can work them out.
fn flow(socket: &Socket, role: Role) -> (u32, u32) {
    let own = socket.snd_una.wrapping_sub(socket.bytes_acked as u32);
    let own = match role {
        Role::Client => own.wrapping_add(1),
        Role::Server => own,
    };
    let peer = socket.rcv_nxt.wrapping_sub(socket.bytes_received as u32);
    (own.min(peer), own.max(peer))
}
