//! Passes over the table of TCP sockets of one network namespace: the only programs
//! that may set the callbacks of a socket they do not run for.

use crate::kernel::pointer_at;
use crate::marks;
use crate::snapshot::Snapshot;
use crate::sock::TcpSock;
use core::ffi::c_void;
use monitor_common::TcpState;

/// Word offset of the socket in `struct bpf_iter__tcp`.
const SOCK_COMMON: usize = 8;

/// Sets the marks that the sweep asked for.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/tcp")]
pub extern "C" fn mark_tcp(context: *mut c_void) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_at(context, SOCK_COMMON)) else {
        return 0;
    };
    let Some(mark) = marks::of(sock).filter(|mark| mark.set == 0) else {
        return 0;
    };
    let state = sock.state();
    // Never a listener: its children would inherit the callbacks.
    let open = state == TcpState::Established as u32 || state == TcpState::CloseWait as u32;
    if !open {
        marks::clear(sock, mark);
    } else if marks::set(sock, mark) {
        sock.ensure_cookie();
        if Snapshot::begin(sock) {
            log!("socket {}: watched", sock.cookie());
        } else {
            marks::clear(sock, mark);
        }
    }
    0
}

/// Clears every mark, also those of a daemon that was killed.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/tcp")]
pub extern "C" fn unmark_tcp(context: *mut c_void) -> i32 {
    if let Some(sock) = TcpSock::from_sock(pointer_at(context, SOCK_COMMON))
        && let Some(mark) = marks::of(sock)
    {
        marks::clear(sock, mark);
        Snapshot::forget(sock);
    }
    0
}
