//! An iterator over the elements of one map: what aya's link leaves out is which map.

use aya::programs::ProgramFd;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Of `enum bpf_cmd` and `enum bpf_attach_type` (include/uapi/linux/bpf.h).
const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_ITER_CREATE: libc::c_long = 33;
const BPF_TRACE_ITER: u32 = 28;

/// The part of `union bpf_attr` for `BPF_LINK_CREATE` with an iterator.
#[repr(C)]
struct LinkCreate {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
    info: u64,
    info_len: u32,
    reserved: u32,
}

/// `union bpf_iter_link_info`, as it is for maps.
#[repr(C)]
struct LinkInfo {
    map: u32,
    /// The other members of the union are longer.
    reserved: [u32; 3],
}

/// The same for `BPF_ITER_CREATE`.
#[repr(C)]
struct IterCreate {
    link: u32,
    flags: u32,
}

/// A loaded iterator, linked to a map.
pub(crate) struct MapIterator {
    link: OwnedFd,
}

impl MapIterator {
    /// Links a loaded program to the map that it is to iterate over.
    pub(crate) fn link(program: &ProgramFd, map: BorrowedFd<'_>) -> io::Result<Self> {
        let info = LinkInfo {
            map: number(map)?,
            reserved: [0; 3],
        };
        let attributes = LinkCreate {
            program: number(program.as_fd())?,
            target: 0,
            attach_type: BPF_TRACE_ITER,
            flags: 0,
            info: &raw const info as u64,
            info_len: size_of::<LinkInfo>() as u32,
            reserved: 0,
        };
        let link = bpf(BPF_LINK_CREATE, &attributes)?;
        Ok(Self { link })
    }

    /// Runs it over all elements.
    pub(crate) fn run(&self) -> io::Result<()> {
        let attributes = IterCreate {
            link: number(self.link.as_fd())?,
            flags: 0,
        };
        let mut pass = File::from(bpf(BPF_ITER_CREATE, &attributes)?);
        // It writes nothing out. Where it makes a pause the kernel says EAGAIN, and goes on where it was.
        let mut nothing = [0; 64];
        loop {
            match pass.read(&mut nothing) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn number(fd: BorrowedFd<'_>) -> io::Result<u32> {
    u32::try_from(fd.as_raw_fd()).map_err(io::Error::other)
}

/// `bpf(2)` with a command that answers a descriptor.
fn bpf<T>(command: libc::c_long, attributes: &T) -> io::Result<OwnedFd> {
    // SAFETY: the attributes are as long as they are said to be, the kernel takes what is behind them for zeros, and what
    // they point to outlives the call.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size_of::<T>()) };
    match i32::try_from(fd) {
        // SAFETY: a descriptor that the kernel has just given to this process.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
