//! Socket options that the stories need.

use nix::libc;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{KeepAlive, Linger, TcpKeepIdle, TcpKeepInterval, TcpUserTimeout};
use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;

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
