//! A port for a server that is started later, and that nobody else is given meanwhile.

use crate::LabError;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, setsockopt, socket, sockopt,
};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::AsRawFd;

/// A port of an address in the network namespace where it was reserved. While this is held, the kernel gives the port to
/// nobody who asks for any port (`inet_csk_find_open_port`, `__inet_hash_connect`), but to whoever names it and, like nearly
/// every server, sets `SO_REUSEADDR`.
#[derive(Debug)]
pub struct Port {
    address: SocketAddr,
    /// Bound, and never listens.
    _held: TcpListener,
}

impl Port {
    /// Reserves a free port of `address`.
    ///
    /// # Errors
    /// If none can be had.
    pub fn reserve(address: IpAddr) -> Result<Self, LabError> {
        reserve(address).map_err(LabError::io("looking for a free port"))
    }

    /// The address with the port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn reserve(address: IpAddr) -> io::Result<Port> {
    let family = match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    let held = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&held, sockopt::ReuseAddr, &true)?;
    bind(
        held.as_raw_fd(),
        &SockaddrStorage::from(SocketAddr::new(address, 0)),
    )?;
    let held = TcpListener::from(held);
    Ok(Port {
        address: held.local_addr()?,
        _held: held,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::net::Ipv4Addr;

    #[test]
    fn many_servers_of_one_address_get_a_port_each() {
        let address = Ipv4Addr::LOCALHOST;
        let ports = (0..300).map(|_| Port::reserve(address.into()));
        let ports = ports.collect::<Result<Vec<_>, _>>().unwrap();
        let different: HashSet<SocketAddr> = ports.iter().map(Port::address).collect();
        assert_eq!(different.len(), ports.len());
        // Each can be listened on where it is named, and is given to nobody else.
        let servers = ports.iter().map(|port| TcpListener::bind(port.address()));
        let servers = servers.collect::<Result<Vec<_>, _>>().unwrap();
        drop(servers);
        let others = (0..300).map(|_| TcpListener::bind((address, 0)));
        for other in others.collect::<Result<Vec<_>, _>>().unwrap() {
            assert!(!different.contains(&other.local_addr().unwrap()));
        }
    }
}
