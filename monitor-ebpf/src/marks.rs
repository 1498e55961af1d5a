//! Sockets whose traffic is watched one by one: each carries a mark while it is.
//!
//! The sweep asks for a mark; the pass over a network namespace's table sets it, for
//! only there may a program set a socket's callbacks; the callbacks clear it.

use crate::counters::count;
use crate::sock::TcpSock;
use crate::storage;
use aya_ebpf::bindings::bpf_sock_ops;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::helpers::generated::{bpf_setsockopt, bpf_sock_ops_cb_flags_set};
use aya_ebpf::macros::{btf_map, map};
use aya_ebpf::maps::HashMap;
use monitor_common::{Counter, MAX_WANTED, Mark, callbacks};

/// `IPPROTO_TCP` and `TCP_BPF_SOCK_OPS_CB_FLAGS` (include/uapi/linux/bpf.h, since 6.12).
const IPPROTO_TCP: i32 = 6;
const TCP_BPF_SOCK_OPS_CB_FLAGS: i32 = 1008;

#[btf_map]
static MARKS: SkStorage<Mark> = SkStorage::new();

/// Network namespaces with sockets to be marked, by their inode: a process that holds
/// such a socket, or 0 where none was seen. User space empties it after each sweep.
#[map]
static WANTED: HashMap<u32, u32> = HashMap::with_max_entries(MAX_WANTED, 0);

/// The mark of a socket, asked for or set.
#[inline(always)]
pub fn of(sock: TcpSock) -> Option<&'static mut Mark> {
    storage::get(&MARKS, sock)
}

/// Asks for a mark where there is none that works; `pid` holds the socket.
#[inline(always)]
pub fn want(sock: TcpSock, pid: u32) {
    let mark = match of(sock) {
        // Who wrote the flags anew took ours with them.
        Some(mark) if mark.set != 0 && has_all(sock) => return,
        Some(mark) => mark,
        None => match storage::get_or_create(&MARKS, sock) {
            Some(mark) => mark,
            None => return count(Counter::MarksRefused),
        },
    };
    mark.set = 0;
    let netns = sock.netns();
    // SAFETY: a plain number is read, and only compared.
    let known = unsafe { WANTED.get(netns) }.is_some_and(|known| *known != 0 || pid == 0);
    if !known && WANTED.insert(netns, pid, 0).is_err() {
        count(Counter::MarksRefused);
    }
}

#[inline(always)]
fn has_all(sock: TcpSock) -> bool {
    sock.callbacks() & callbacks::ALL == callbacks::ALL
}

/// Sets a mark that was asked for. Only from the iterator over TCP sockets, which
/// holds the socket's lock. Answers whether the socket is watched now.
#[inline(always)]
pub fn set(sock: TcpSock, mark: &mut Mark) -> bool {
    let before = sock.callbacks();
    if !write(sock, before | callbacks::ALL) {
        count(Counter::MarksRefused);
        storage::remove(&MARKS, sock);
        return false;
    }
    // What stands there already belongs to others, also if it was ours: they have
    // written the flags since.
    mark.ours = callbacks::ALL & !before;
    mark.set = 1;
    count(Counter::MarksSet);
    true
}

/// Clears a mark of whatever daemon. Only from the iterator over TCP sockets.
#[inline(always)]
pub fn clear(sock: TcpSock, mark: &Mark) {
    if mark.set != 0 {
        if let Some(left) = without_ours(sock.callbacks(), mark)
            && !write(sock, left)
        {
            // It stays known, and can be tried again.
            return;
        }
        count(Counter::MarksCleared);
        log!("socket {}: watched no more", sock.cookie());
    }
    storage::remove(&MARKS, sock);
}

/// Clears a mark from a callback of the socket's own.
#[inline(always)]
pub fn clear_in_callback(sock: TcpSock, mark: &Mark, context: *mut bpf_sock_ops) {
    if let Some(left) = without_ours(sock.callbacks(), mark) {
        // SAFETY: the callback's own context.
        unsafe { bpf_sock_ops_cb_flags_set(context, left as i32) };
    }
    count(Counter::MarksCleared);
    log!("socket {}: watched no more", sock.cookie());
    storage::remove(&MARKS, sock);
}

/// The flags without ours; `None` where there is nothing to clear. Where one of ours is
/// missing, another program has written them all since: what stands there is its own.
#[inline(always)]
fn without_ours(now: u32, mark: &Mark) -> Option<u32> {
    let ours = mark.ours;
    (ours != 0 && now & ours == ours).then_some(now & !ours)
}

#[inline(always)]
fn write(sock: TcpSock, flags: u32) -> bool {
    let mut flags = flags;
    // SAFETY: a full socket whose lock the iterator holds, and an int of one's own.
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
