//! Passes over the table of TCP sockets of one network namespace. Only iterators over it may
//! set the callbacks of a socket that they do not run for.

use crate::kernel::pointer_at;
use crate::snapshot::Snapshot;
use crate::sock::{TcpSock, is_open};
use crate::watched;
use core::ffi::c_void;

/// Byte offset of the socket in `struct bpf_iter__tcp`.
const SOCK_COMMON: usize = 8;

/// Begins to watch the sockets that the sweep requested.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/tcp")]
pub extern "C" fn mark_tcp(context: *mut c_void) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_at(context, SOCK_COMMON)) else {
        return 0;
    };
    let Some(entry) = watched::of(sock).filter(|entry| entry.active == 0) else {
        return 0;
    };
    // Never a listener: its children would inherit the callbacks.
    if !is_open(sock.state()) {
        watched::end(sock, entry);
    } else if watched::begin(sock, entry) {
        sock.ensure_cookie();
        if Snapshot::begin(sock) {
            log!("socket {}: watched", sock.cookie());
        } else {
            watched::end(sock, entry);
        }
    }
    0
}

/// Ends the watch of every socket, also what a killed daemon has begun.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/tcp")]
pub extern "C" fn unmark_tcp(context: *mut c_void) -> i32 {
    if let Some(sock) = TcpSock::from_sock(pointer_at(context, SOCK_COMMON))
        && let Some(entry) = watched::of(sock)
    {
        watched::end(sock, entry);
        Snapshot::forget(sock);
    }
    0
}
