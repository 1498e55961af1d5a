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

use aya_ebpf::EbpfContext;
use core::ffi::c_void;

/// The `n`th argument, a pointer, of a BTF tracepoint or fentry program: the
/// context of both is an array of words.
#[inline(always)]
fn pointer_argument(context: &impl EbpfContext, n: usize) -> *const c_void {
    crate::kernel::pointer_at(context.as_ptr(), n * size_of::<u64>())
}
