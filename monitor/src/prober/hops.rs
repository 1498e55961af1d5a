//! Which routers lie on the way: a SYN that lives for so many hops ends at one of them, which says so by ICMP, or arrives.

use super::line::Counts;
use super::socket;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::time::timeout;

/// No target is further away.
const FARTHEST: u8 = 30;

/// How long the answer to one SYN is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The routers on the way there, each by the address that it has in its ICMP, as far as it sends any; `None` where the target is
/// further away than any is. Each SYN is counted as a connection.
pub(super) async fn hops(
    address: SocketAddr,
    counts: &Counts,
) -> io::Result<Option<Vec<Option<IpAddr>>>> {
    let mut hops = Vec::new();
    for ttl in 1..=FARTHEST {
        let socket = match address.is_ipv4() {
            true => TcpSocket::new_v4()?,
            false => TcpSocket::new_v6()?,
        };
        socket::lives_for(&socket, address.is_ipv4(), Some(ttl))?;
        socket::hear_icmp_of(&socket, address.is_ipv4())?;
        // What ICMP said is read when the socket is connected no more.
        let other = socket.as_fd().try_clone_to_owned()?;
        counts.connections.fetch_add(1, Ordering::Relaxed);
        match timeout(PATIENCE, socket.connect(address)).await {
            Ok(Ok(_)) => return Ok(Some(hops)),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Ok(Some(hops));
            }
            Ok(Err(_)) => hops.push(offender(&other)),
            Err(_) => hops.push(None),
        }
    }
    Ok(None)
}

/// Who said that there is no way.
fn offender(socket: &OwnedFd) -> Option<IpAddr> {
    let mut bytes = [0; 128];
    let mut parts = [IoSliceMut::new(&mut bytes)];
    let mut space = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags);
    let message = message.ok()?;
    message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(_, Some(address)) => {
            let bits = u32::from_be(address.sin_addr.s_addr);
            Some(Ipv4Addr::from_bits(bits).into())
        }
        ControlMessageOwned::Ipv6RecvErr(_, Some(address)) => {
            Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
        }
        _ => None,
    })
}
