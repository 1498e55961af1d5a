//! A way to the kernel by netlink, in the network namespace of the thread that opens it.

use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, setsockopt, socket, sockopt::ReceiveTimeout,
};
use nix::sys::time::{TimeVal, TimeValLike};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Opens it. Who waits for an answer for longer than `within` is told EAGAIN; less than a microsecond counts as one, for 0 means
/// for ever (socket(7), SO_RCVTIMEO).
///
/// # Errors
/// The kernel's.
pub(crate) fn open(protocol: SockProtocol, within: Duration) -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
    let us = i64::try_from(within.as_micros()).unwrap_or(i64::MAX).max(1);
    setsockopt(&socket, ReceiveTimeout, &TimeVal::microseconds(us))?;
    Ok(socket)
}
