//! Revisits of the sockets of which a snapshot is kept: in all network namespaces, and of no others.

use crate::counters::count;
use crate::kernel::pointer_at;
use crate::missed;
use crate::sock::TcpSock;
use aya_ebpf::macros::map;
use aya_ebpf::maps::Array;
use core::ffi::c_void;
use monitor_common::{Counter, REVISITS_AT_ONCE};

/// Byte offset of the socket in `struct bpf_iter__bpf_sk_storage_map`: see [`super::sweep`].
const SOCK: usize = 16;

/// Sockets that were looked at without a pause.
#[map]
static IN_ONE_PIECE: Array<u64> = Array::with_max_entries(1, 0);

/// Asks for the same object again once the reader has come back to the kernel (`bpf_iter_run_prog`).
const AGAIN: i32 = 1;

/// Every socket that has an element in the map that the link names.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_sk_storage_map")]
pub extern "C" fn revisit_silent(context: *mut c_void) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_at(context, SOCK)) else {
        return 0;
    };
    if is_due_a_pause() {
        return AGAIN;
    }
    count(Counter::SnapshotsRevisited);
    missed::revisit(sock);
    0
}

/// Whether so many were looked at that others should have their turn on this CPU. Says so once.
#[inline(always)]
fn is_due_a_pause() -> bool {
    let Some(number) = IN_ONE_PIECE.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: a value of the map's; user space runs one revisit of a load at a time.
    let before = unsafe { core::ptr::read_volatile(number) };
    let due = before >= REVISITS_AT_ONCE;
    let after = if due { 0 } else { before + 1 };
    // SAFETY: as above.
    unsafe { core::ptr::write_volatile(number, after) };
    due
}
