//! Connections without a peer: the kernel opens them in the state that a repaired connection is in (TCP_REPAIR), and no
//! segment is sent. So a million of them, each through a gateway, need no second host.

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use std::io::{self, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};

/// The network of a namespace: an Ethernet link to itself, and a gateway that nobody is.
const LINK: &str = "link add v0 type veth peer name v1
addr add 198.51.100.2/24 dev v0
link set v0 up
link set v1 up
route add default via 198.51.100.1 dev v0
";

/// `TCP_REPAIR_OFF_NO_WP` (include/uapi/linux/tcp.h): no window probe is sent when the connection goes into service.
const REPAIR_OFF_NO_WP: libc::c_int = -1;

/// The first local port.
const PORT: u32 = 10_000;

/// Makes it in this thread's namespace.
pub fn link() -> io::Result<()> {
    let mut ip = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut orders) = ip.stdin.take() {
        orders.write_all(LINK.as_bytes())?;
    }
    let status = ip.wait()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("ip: {status}"))),
    }
}

/// The `n`th connection of a namespace, established, to a peer behind the gateway that is not there.
pub fn connection(n: u32) -> io::Result<TcpStream> {
    let stream = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    let port = u16::try_from(PORT + n).map_err(io::Error::other)?;
    repair(&stream, 1)?;
    bind(stream.as_raw_fd(), &SockaddrIn::new(198, 51, 100, 2, port))?;
    connect(stream.as_raw_fd(), &SockaddrIn::new(203, 0, 113, 1, 5432))?;
    repair(&stream, REPAIR_OFF_NO_WP)?;
    Ok(stream.into())
}

fn repair(socket: &OwnedFd, mode: libc::c_int) -> io::Result<()> {
    // SAFETY: an open socket, and an int of the size that is said.
    let failed = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_REPAIR,
            (&raw const mode).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    match failed {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
