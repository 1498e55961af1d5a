//! Listening on addresses.

use super::error::HttpError;
use nix::sys::socket::{setsockopt, sockopt::Ipv6V6Only};
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::task::Poll;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that wait to be taken, of each address.
const BACKLOG: u32 = 1024;

/// All addresses that are listened on.
#[derive(Debug)]
pub(super) struct Listeners {
    listeners: Vec<TcpListener>,
    /// Whose turn it is to be asked first.
    turn: usize,
}

impl Listeners {
    /// Listens on each of these; port 0 takes a free one.
    ///
    /// # Errors
    /// Why one of them cannot be had.
    pub(super) fn bind(addresses: &[SocketAddr]) -> Result<Self, HttpError> {
        let listeners = addresses.iter().map(|&address| listen(address));
        Ok(Self {
            listeners: listeners.collect::<Result<_, _>>()?,
            turn: 0,
        })
    }

    /// Where they listen, with the ports really taken.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let found = self.listeners.iter().map(TcpListener::local_addr);
        found.filter_map(Result::ok).collect()
    }

    /// The same, for the runtime that this is called in.
    ///
    /// # Errors
    /// The system refuses to wait for them there.
    pub(super) fn taken_over(self) -> io::Result<Self> {
        let listeners = self.listeners.into_iter();
        let listeners = listeners.map(|listener| TcpListener::from_std(listener.into_std()?));
        Ok(Self {
            listeners: listeners.collect::<Result<_, _>>()?,
            turn: self.turn,
        })
    }

    /// The next connection; each address has its turn.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let count = self.listeners.len();
        let turn = self.turn;
        let (taken, accepted) = poll_fn(|context| {
            for one in (turn..turn + count).map(|one| one % count) {
                if let Poll::Ready(accepted) = self.listeners[one].poll_accept(context) {
                    return Poll::Ready((one, accepted));
                }
            }
            Poll::Pending
        })
        .await;
        self.turn = (taken + 1) % count;
        accepted
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, HttpError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => HttpError::InUse { address },
        io::ErrorKind::AddrNotAvailable => HttpError::NoSuchAddress { address },
        io::ErrorKind::PermissionDenied => HttpError::Privileged { address },
        _ => HttpError::Other { address, source },
    };
    match try_listen(address) {
        // All addresses of a host without IPv6 are those of IPv4.
        Err(error)
            if address.is_ipv6()
                && address.ip().is_unspecified()
                && error.raw_os_error() == Some(libc::EAFNOSUPPORT) =>
        {
            try_listen((Ipv4Addr::UNSPECIFIED, address.port()).into()).map_err(failed)
        }
        listening => listening.map_err(failed),
    }
}

fn try_listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart need not wait for connections of the one before to be forgotten.
    socket.set_reuseaddr(true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        // All addresses are those of IPv4 too, whatever net.ipv6.bindv6only says.
        setsockopt(&socket, Ipv6V6Only, &false)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
