//! One file a hook family. A hook with several mechanisms has one program for
//! each, all with the same body; user space loads the first that works.

mod receive;
mod reset;
mod retransmit;
mod send;
mod sockets;
mod state;
mod sweep;
mod tables;

pub use receive::Edges;

use crate::gap;
use crate::kernel::TcpSock;
use aya_ebpf::EbpfContext;
use core::ffi::c_void;

/// The `n`th argument, a pointer, of a BTF tracepoint or fentry program: the
/// context of both is an array of words.
#[inline(always)]
fn pointer_argument(context: &impl EbpfContext, n: usize) -> *const c_void {
    crate::kernel::pointer_at(context.as_ptr(), n * size_of::<u64>())
}

/// Where the path of every healthy segment ends: the connection is not silent, and no
/// program keeps storage with it, so it is no suspect. Asked before anything else, so that
/// what it takes lies in one piece at the beginning of the program.
#[inline(always)]
fn is_healthy(sock: TcpSock) -> bool {
    gap::is_busy(sock) && !sock.has_storage()
}
