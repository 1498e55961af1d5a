//! Sockets that are watched one by one: the kernel runs a program at what happens on them.
//!
//! The sweep requests it. It begins in the pass over the network namespace's socket table,
//! for only there may a program set a socket's callbacks. It ends in one of the callbacks.

use crate::counters::count;
use crate::sock::TcpSock;
use crate::storage;
use aya_ebpf::bindings::bpf_sock_ops;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::helpers::generated::{bpf_setsockopt, bpf_sock_ops_cb_flags_set};
use aya_ebpf::macros::{btf_map, map};
use aya_ebpf::maps::HashMap;
use monitor_common::{Counter, MAX_WANTED, WatchedSocket, callbacks};

/// `IPPROTO_TCP` and `TCP_BPF_SOCK_OPS_CB_FLAGS` (include/uapi/linux/bpf.h, since 6.12).
const IPPROTO_TCP: i32 = 6;
const TCP_BPF_SOCK_OPS_CB_FLAGS: i32 = 1008;

/// Pinned, under a name and with a layout that outlive this program.
#[btf_map]
static MARKS: SkStorage<WatchedSocket> = SkStorage::new();

/// Network namespaces with requested sockets, by their inode: a process that holds such a
/// socket, or 0 where none was seen. User space empties it after each sweep.
#[map]
static WANTED: HashMap<u32, u32> = HashMap::with_max_entries(MAX_WANTED, 0);

/// What is kept of a socket that is watched, or requested.
#[inline(always)]
pub fn of(sock: TcpSock) -> Option<&'static mut WatchedSocket> {
    storage::get(&MARKS, sock)
}

/// Requests that a socket be watched, unless it is; `pid` holds the socket.
#[inline(always)]
pub fn request(sock: TcpSock, pid: u32) {
    let entry = match of(sock) {
        // Another program that has written the flags anew has removed ours.
        Some(entry) if entry.active != 0 && has_all_callbacks(sock) => return,
        Some(entry) => entry,
        None => match storage::get_or_create(&MARKS, sock) {
            Some(entry) => entry,
            None => return count(Counter::WatchesRefused),
        },
    };
    entry.active = 0;
    let netns = sock.netns();
    // SAFETY: a plain number is read, and only compared.
    let known = unsafe { WANTED.get(netns) }.is_some_and(|known| *known != 0 || pid == 0);
    if !known && WANTED.insert(netns, pid, 0).is_err() {
        count(Counter::WatchesRefused);
    }
}

#[inline(always)]
fn has_all_callbacks(sock: TcpSock) -> bool {
    sock.callbacks() & callbacks::ALL == callbacks::ALL
}

/// Begins to watch a socket. Only from the iterator over TCP sockets, which holds the
/// socket's lock. Returns whether the socket is watched now.
#[inline(always)]
pub fn begin(sock: TcpSock, entry: &mut WatchedSocket) -> bool {
    let before = sock.callbacks();
    if !set_callbacks(sock, before | callbacks::ALL) {
        count(Counter::WatchesRefused);
        storage::remove(&MARKS, sock);
        return false;
    }
    // A flag that was set before belongs to another program. Even if it was ours once: the
    // other one has written the flags since.
    entry.ours = callbacks::ALL & !before;
    entry.active = 1;
    count(Counter::SocketsWatched);
    true
}

/// Ends the watch, whichever daemon began it. Only from the iterator over TCP sockets.
#[inline(always)]
pub fn end(sock: TcpSock, entry: &WatchedSocket) {
    if entry.active != 0 {
        if let Some(left) = without_ours(sock.callbacks(), entry)
            && !set_callbacks(sock, left)
        {
            // The entry stays, so that this can be tried again.
            return;
        }
        count(Counter::SocketsUnwatched);
        log!("socket {}: watched no more", sock.cookie());
    }
    storage::remove(&MARKS, sock);
}

/// The same from a callback of the socket's own.
#[inline(always)]
pub fn end_in_callback(sock: TcpSock, entry: &WatchedSocket, context: *mut bpf_sock_ops) {
    if let Some(left) = without_ours(sock.callbacks(), entry) {
        // SAFETY: the callback's own context.
        unsafe { bpf_sock_ops_cb_flags_set(context, left as i32) };
    }
    count(Counter::SocketsUnwatched);
    log!("socket {}: watched no more", sock.cookie());
    storage::remove(&MARKS, sock);
}

/// The flags without ours; `None` if there is nothing to clear. If one of ours is missing,
/// another program has written them all since, and those that are set are its own.
#[inline(always)]
fn without_ours(now: u32, entry: &WatchedSocket) -> Option<u32> {
    let ours = entry.ours;
    (ours != 0 && now & ours == ours).then_some(now & !ours)
}

#[inline(always)]
fn set_callbacks(sock: TcpSock, flags: u32) -> bool {
    let mut flags = flags;
    // SAFETY: a full socket whose lock the iterator holds, and an int on the stack.
    let error = unsafe {
        bpf_setsockopt(
            sock.as_ptr(),
            IPPROTO_TCP,
            TCP_BPF_SOCK_OPS_CB_FLAGS,
            (&raw mut flags).cast(),
            size_of::<u32>() as i32,
        )
    };
    error == 0
}
