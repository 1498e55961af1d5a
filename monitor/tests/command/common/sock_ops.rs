//! Another program that watches sockets by their callbacks, as a user of the kernel's
//! own interface may have it: eight instructions, loaded by hand.

use libtest_mimic::Failed;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Commands and numbers of include/uapi/linux/bpf.h.
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_LINK_CREATE: libc::c_long = 28;
const BPF_LINK_GET_FD_BY_ID: libc::c_long = 30;
const BPF_LINK_DETACH: libc::c_long = 34;
const BPF_PROG_TYPE_SOCK_OPS: u32 = 13;
const BPF_CGROUP_SOCK_OPS: u32 = 3;
const BPF_FUNC_SOCK_OPS_CB_FLAGS_SET: i32 = 59;

/// When the program acts: numbers of `BPF_SOCK_OPS_*_CB`.
#[derive(Clone, Copy)]
pub enum Callback {
    /// A connection has come to a listener.
    PassiveEstablished = 5,
    /// A segment is to be sent, on a socket that asks to be told.
    HeaderLength = 14,
}

/// `struct bpf_insn`: opcode, registers (destination in the lower half), offset, number.
#[repr(C)]
struct Instruction(u8, u8, i16, i32);

/// The start of `union bpf_attr` for a load.
#[repr(C)]
struct Load {
    kind: u32,
    instructions: u32,
    code: u64,
    license: u64,
}

/// The start of `union bpf_attr` for a link.
#[repr(C)]
struct Link {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
}

/// A program that writes a socket's callback flags anew as soon as it hears of it; it goes
/// when this is dropped.
pub struct Overwriter {
    _program: OwnedFd,
    _link: OwnedFd,
}

impl Overwriter {
    /// Attaches it to `cgroup`; it writes `flags` to sockets of this local port.
    pub fn attach(cgroup: &File, at: Callback, port: u16, flags: u32) -> Result<Self, Failed> {
        let code = [
            // r0 = context->op; if it is another one, skip the call.
            Instruction(0x61, 0x10, 0, 0),
            Instruction(0x55, 0x00, 4, at as i32),
            // r0 = context->local_port, likewise.
            Instruction(0x61, 0x10, 68, 0),
            Instruction(0x55, 0x00, 2, port.into()),
            // bpf_sock_ops_cb_flags_set(r1, flags)
            Instruction(0xb7, 0x02, 0, i32::try_from(flags)?),
            Instruction(0x85, 0x00, 0, BPF_FUNC_SOCK_OPS_CB_FLAGS_SET),
            // return 1
            Instruction(0xb7, 0x00, 0, 1),
            Instruction(0x95, 0x00, 0, 0),
        ];
        let program = call(
            BPF_PROG_LOAD,
            &Load {
                kind: BPF_PROG_TYPE_SOCK_OPS,
                instructions: code.len().try_into()?,
                code: code.as_ptr() as u64,
                license: c"GPL".as_ptr() as u64,
            },
        )?;
        let link = call(
            BPF_LINK_CREATE,
            &Link {
                program: program.as_raw_fd().try_into()?,
                target: cgroup.as_raw_fd().try_into()?,
                attach_type: BPF_CGROUP_SOCK_OPS,
                flags: 0,
            },
        )?;
        Ok(Self {
            _program: program,
            _link: link,
        })
    }
}

/// The root of the host's cgroup v2 hierarchy.
pub fn root_cgroup() -> Result<File, Failed> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let root = mounts
        .lines()
        .find(|line| line.contains(" - cgroup2 "))
        .and_then(|line| line.split(' ').nth(4))
        .ok_or("no cgroup v2 hierarchy")?;
    Ok(File::open(root)?)
}

/// Detaches every program that the process `pid` has attached to a control group, as anybody with CAP_BPF and
/// CAP_SYS_ADMIN may; answers how many.
pub fn detach_all_of(pid: u32) -> io::Result<u32> {
    let mut detached = 0;
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo"))? {
        // A descriptor may be closed again by now.
        let text = fs::read_to_string(entry?.path()).unwrap_or_default();
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name));
            value.map(str::trim)
        };
        let attached = field("link_type:") == Some("cgroup") && field("cgroup_id:") != Some("0");
        let id = field("link_id:").and_then(|id| id.parse::<u32>().ok());
        if let Some(id) = id.filter(|_| attached) {
            let link = call(BPF_LINK_GET_FD_BY_ID, &id)?;
            answer(BPF_LINK_DETACH, &link.as_raw_fd())?;
            detached += 1;
        }
    }
    Ok(detached)
}

/// `bpf(2)` with a command that answers a descriptor.
pub fn call<T>(command: libc::c_long, attributes: &T) -> io::Result<OwnedFd> {
    let fd = answer(command, attributes)?;
    // SAFETY: a descriptor that the kernel has just given to this process.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `bpf(2)` with any command.
fn answer<T>(command: libc::c_long, attributes: &T) -> io::Result<i32> {
    // SAFETY: the attributes are as long as they are said to be, the kernel takes what is
    // behind them for zeros, and the memory that they point to outlives the call.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size_of::<T>()) };
    match i32::try_from(answer) {
        Ok(answer) if answer >= 0 => Ok(answer),
        _ => Err(io::Error::last_os_error()),
    }
}
