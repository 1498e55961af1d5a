//! The device that packets come from and go to.

use nix::fcntl::OFlag;
use nix::libc::{self, c_char, c_int, c_short, ifreq};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::size_of;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

// TUNSETIFF takes a whole `ifreq`, although its number was made for an int
// (linux/if_tun.h).
nix::ioctl_write_ptr_bad!(
    tunsetiff,
    nix::request_code_write!(b'T', 202, size_of::<c_int>()),
    ifreq
);

/// Makes the TUN device `name` in the calling thread's network namespace and
/// opens it, non-blocking. Each read gives one IP packet, each write sends one.
/// It has no checksum or segmentation offload, so packets are as on the wire. It
/// goes when the file is closed.
///
/// # Errors
/// The kernel's reason; without TUN in the kernel there is no `/dev/net/tun`.
pub(super) fn open(name: &str) -> io::Result<File> {
    let device = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open("/dev/net/tun")?;
    let mut ifr_name: [c_char; libc::IFNAMSIZ] = [0; libc::IFNAMSIZ];
    // The last byte stays the end of the name.
    for (to, from) in ifr_name
        .iter_mut()
        .take(libc::IFNAMSIZ - 1)
        .zip(name.bytes())
    {
        *to = c_char::from_ne_bytes([from]);
    }
    let flags = libc::IFF_TUN | libc::IFF_NO_PI;
    let request = ifreq {
        ifr_name,
        ifr_ifru: libc::__c_anonymous_ifr_ifru {
            ifru_flags: c_short::try_from(flags).map_err(io::Error::other)?,
        },
    };
    // SAFETY: the descriptor is open, and the kernel reads one `ifreq`, which lives until the
    // call returns.
    unsafe { tunsetiff(device.as_raw_fd(), &request) }?;
    Ok(device)
}
