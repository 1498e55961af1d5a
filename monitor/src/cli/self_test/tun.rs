//! The network device of a host in the self-test: what it sends is read from a file, and what is written there it receives.
//! No other program is needed, and the kernel takes it away with the file.

use libc::{Ioctl, c_char, c_short, ifreq, sockaddr};
use std::fs::{File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};

/// Where such devices come from.
const PLACE: &str = "/dev/net/tun";

/// Of the network that both hosts are in: 24 bits.
const NETMASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

/// Makes a device in the calling thread's network namespace, with this address, and turns it on. It has no checksum or
/// segmentation offload, so packets are as on the wire.
pub(super) fn open(name: &str, address: Ipv4Addr) -> io::Result<File> {
    let device = OpenOptions::new().read(true).write(true).open(PLACE);
    let device = device.map_err(|error| {
        io::Error::other(format!(
            "{PLACE}: {error}; load the module (modprobe tun), or give a container the device (--device {PLACE})"
        ))
    })?;
    let flags = |flags: i32| {
        let ifru_flags = c_short::try_from(flags).map_err(io::Error::other)?;
        Ok::<_, io::Error>(libc::__c_anonymous_ifr_ifru { ifru_flags })
    };
    let order = |to: &dyn AsFd, number, ifr_ifru| {
        let ifr_name = fixed(name.as_bytes());
        request(to, number, &ifreq { ifr_name, ifr_ifru })
    };
    order(
        &device,
        libc::TUNSETIFF,
        flags(libc::IFF_TUN | libc::IFF_NO_PI)?,
    )?;
    // Any socket of the namespace takes orders for its devices. Port 0: it is bound to nobody's port.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    order(&socket, libc::SIOCSIFADDR, of_address(address)?)?;
    order(&socket, libc::SIOCSIFNETMASK, of_address(NETMASK)?)?;
    order(&socket, libc::SIOCSIFFLAGS, flags(libc::IFF_UP)?)?;
    Ok(device)
}

/// An address where an order has one: `struct sockaddr_in`, of which the port comes first.
fn of_address(address: Ipv4Addr) -> io::Result<libc::__c_anonymous_ifr_ifru> {
    let port_and_address = [&[0, 0][..], &address.octets()].concat();
    Ok(libc::__c_anonymous_ifr_ifru {
        ifru_addr: sockaddr {
            sa_family: libc::AF_INET.try_into().map_err(io::Error::other)?,
            sa_data: fixed(&port_and_address),
        },
    })
}

/// These bytes at the start of an array of C's, zeros behind; the last byte is always one.
fn fixed<const SIZE: usize>(bytes: &[u8]) -> [c_char; SIZE] {
    let mut fixed = [0; SIZE];
    for (to, from) in fixed.iter_mut().take(SIZE - 1).zip(bytes) {
        *to = c_char::from_ne_bytes([*from]);
    }
    fixed
}

fn request(to: &dyn AsFd, number: Ioctl, request: &ifreq) -> io::Result<()> {
    // SAFETY: the descriptor is open while it is borrowed, and the kernel reads one `ifreq`, which lives until the call
    // returns.
    let answer = unsafe { libc::ioctl(to.as_fd().as_raw_fd(), number, request) };
    match answer {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
