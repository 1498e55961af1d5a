//! What a probe asks of the kernel of one socket. None of it needs privileges.

use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;
use tokio::net::TcpStream;

/// Probes that may stay unanswered before the kernel ends a connection: the most that it takes, for what ends it is to be the
/// path.
const MOST_PROBES: u32 = 127;

/// What the kernel knows of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TcpInfo {
    /// Segments that nobody has acknowledged.
    pub(super) unacknowledged: u32,
    /// How long ago the last ACK came.
    pub(super) last_ack: Duration,
}

/// What the kernel knows of this connection (TCP_INFO).
pub(super) fn tcp_info(stream: &TcpStream) -> io::Result<TcpInfo> {
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: it is a struct of numbers, of which every value is one.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes `length` bytes at most, which `info` has; both live until it has.
    let failed = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(TcpInfo {
        unacknowledged: info.tcpi_unacked,
        last_ack: Duration::from_millis(info.tcpi_last_ack_recv.into()),
    })
}

/// Has the kernel send keepalive probes each so often, in whole seconds, and not give up by them.
pub(super) fn keep_alive(stream: &TcpStream, every: Duration) -> io::Result<()> {
    let seconds = u32::try_from(every.as_secs()).unwrap_or(u32::MAX).max(1);
    setsockopt(stream, sockopt::TcpKeepCount, &MOST_PROBES)?;
    setsockopt(stream, sockopt::TcpKeepInterval, &seconds)?;
    setsockopt(stream, sockopt::TcpKeepIdle, &seconds)?;
    Ok(setsockopt(stream, sockopt::KeepAlive, &true)?)
}

/// From now on ICMP that says that there is no way is an error at once, and not only once the kernel gives up.
pub(super) fn hear_icmp(stream: &TcpStream) -> io::Result<()> {
    hear_icmp_of(stream, stream.peer_addr()?.is_ipv4())
}

/// The same of a socket of IPv4, or of IPv6.
pub(super) fn hear_icmp_of(socket: &impl AsFd, ipv4: bool) -> io::Result<()> {
    match ipv4 {
        true => setsockopt(socket, sockopt::Ipv4RecvErr, &true)?,
        false => setsockopt(socket, sockopt::Ipv6RecvErr, &true)?,
    }
    Ok(())
}

/// From now on what it sends lives for so many hops; `None` for as many as usual.
pub(super) fn lives_for(socket: &impl AsFd, ipv4: bool, hops: Option<u8>) -> io::Result<()> {
    // The kernel's own default has this number (ip(7), ipv6(7)).
    let hops = hops.map_or(-1, i32::from);
    match ipv4 {
        true => setsockopt(socket, sockopt::Ipv4Ttl, &hops)?,
        false => setsockopt(socket, sockopt::Ipv6Ttl, &hops)?,
    }
    Ok(())
}
