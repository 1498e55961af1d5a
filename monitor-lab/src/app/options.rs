//! Socket options, and the one kind of connect, that the stories need and std does not have.

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::sockopt::{KeepAlive, Linger, TcpKeepIdle, TcpKeepInterval, TcpUserTimeout};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket,
};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

/// Connects from one of this host's addresses, `from`, to `to`.
pub(super) fn connect_from(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let connecting = socket(family(to), SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let from = SockaddrStorage::from(SocketAddr::new(from, 0));
    bind(connecting.as_raw_fd(), &from)?;
    connect(connecting.as_raw_fd(), &SockaddrStorage::from(to))?;
    Ok(TcpStream::from(connecting))
}

fn family(address: SocketAddr) -> AddressFamily {
    match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    }
}

/// Begins to connect to `address`, and does not wait for what comes of it.
pub(super) fn knock(address: SocketAddr) -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let knocking = socket(family(address), SockType::Stream, flags, None)?;
    match connect(knocking.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(knocking),
        Err(error) => Err(error.into()),
    }
}

/// Turns keepalive on; times in seconds.
pub(super) fn keepalive(stream: &TcpStream, idle: u32, interval: u32) -> io::Result<()> {
    setsockopt(stream, TcpKeepIdle, &idle)?;
    setsockopt(stream, TcpKeepInterval, &interval)?;
    setsockopt(stream, KeepAlive, &true)?;
    Ok(())
}

/// Lets the kernel give up after so many milliseconds without an acknowledgment.
pub(super) fn user_timeout(stream: &TcpStream, after_ms: u32) -> io::Result<()> {
    setsockopt(stream, TcpUserTimeout, &after_ms).map_err(io::Error::from)
}

/// Makes the next close a reset.
pub(super) fn reset_on_close(stream: &TcpStream) -> io::Result<()> {
    let at_once = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    setsockopt(stream, Linger, &at_once).map_err(io::Error::from)
}

/// Lets the kernel send no more than so many bytes per second.
pub(super) fn pace(stream: &TcpStream, rate: u32) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<u32>()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads `length` bytes from `rate`, which lives until it
    // returns, and the stream keeps its descriptor open.
    let done = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MAX_PACING_RATE,
            (&raw const rate).cast(),
            length,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
