//! What this machine's kernel forbids to everybody, by a policy of its own: no fault of the programs under test, and no
//! package brings it.

use aya::Btf;
use aya_obj::btf::BtfKind;
use nix::errno::Errno;
use nix::libc;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::OnceLock;

/// The way of watching that a daemon chooses here by itself.
pub fn way_by_default() -> &'static str {
    match permits_snapshots() {
        true => "snapshots",
        false => "global",
    }
}

/// Whether sockets can be watched by snapshots as far as this kernel is concerned: whether it lets even a program that does
/// nothing look at the sockets that have storage. Some refuse iterators whose programs may write into a map.
pub fn permits_snapshots() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let forbidden = does_nothing("bpf_iter_bpf_sk_storage_map")
            .is_err_and(|error| error.raw_os_error() == Some(Errno::EPERM as i32));
        // Without root nothing may be loaded, which says nothing of this.
        let forbids = forbidden && nix::unistd::geteuid().is_root();
        if forbids {
            eprintln!(
                "this kernel permits nobody to iterate over sockets with storage: the tests of --watch snapshots are left out"
            );
        }
        !forbids
    })
}

/// Numbers of include/uapi/linux/bpf.h.
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_PROG_TYPE_TRACING: u32 = 26;
const BPF_TRACE_ITER: u32 = 28;

/// The start of `union bpf_attr` for a load.
#[repr(C)]
#[derive(Default)]
struct Load {
    kind: u32,
    instructions: u32,
    code: u64,
    license: u64,
    log: [u32; 2],
    log_buffer: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
    expected_attach_type: u32,
    types: [u32; 2],
    function_info: u64,
    functions: [u32; 2],
    line_info: u64,
    lines: u32,
    attach_btf_id: u32,
}

/// Loads a program for this iterator that does nothing, and lets it go.
fn does_nothing(iterator: &str) -> io::Result<()> {
    let btf = Btf::from_sys_fs().map_err(io::Error::other)?;
    let id = btf.id_by_type_name_kind(iterator, BtfKind::Func);
    // `struct bpf_insn`: r0 = 0; exit.
    let code: [u64; 2] = [0x0000_0000_0000_00b7, 0x0000_0000_0000_0095];
    let load = Load {
        kind: BPF_PROG_TYPE_TRACING,
        instructions: 2,
        code: code.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        expected_attach_type: BPF_TRACE_ITER,
        attach_btf_id: id.map_err(io::Error::other)?,
        ..Load::default()
    };
    // SAFETY: the call takes as many bytes as are said, of a struct that lives until it is over, as does what it points to.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            BPF_PROG_LOAD,
            &raw const load,
            size_of::<Load>(),
        )
    };
    let loaded = Errno::result(answer)?;
    let descriptor = i32::try_from(loaded).map_err(io::Error::other)?;
    // SAFETY: a descriptor that the kernel has just given to this process.
    drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
    Ok(())
}
