//! Which connections a sweep has shown already. Another process may hold one too, and the pass over one namespace's table
//! comes by nearly all of them again: there a list need not be told of it a second time.
//!
//! A bit each, by the cookies, which the kernel counts up: those of a host stand close together. Where two groups of them
//! have one place the first is forgotten, so "no" may be wrong and "yes" never is: user space drops what comes twice.

use crate::sock::TcpSock;
use aya_ebpf::macros::map;
use aya_ebpf::maps::Array;

/// Groups that are remembered, in 400 KB: those of a million connections with one cookie after the other.
const GROUPS: u32 = 1 << 14;

/// Connections of a group.
const GROUP: u64 = u64::BITS as u64;

/// Some connections whose cookies differ in their last bits alone.
#[derive(Clone, Copy)]
#[repr(C)]
struct Group {
    /// The sweep that has shown them, by its number.
    sweep: u64,
    /// What their cookies have in common.
    cookies: u64,
    /// Those that were shown.
    shown: u64,
}

#[map]
static SWEEP_SHOWN: Array<Group> = Array::with_max_entries(GROUPS, 0);

/// Whether the sweep of this number is known to have shown the connection.
#[inline(always)]
pub fn has(sweep: u64, sock: TcpSock) -> bool {
    let cookie = sock.cookie();
    let Some(group) = group(cookie) else {
        return false;
    };
    let bit = group.shown >> (cookie % GROUP) & 1;
    // One comparison and not three, each of which the verifier would follow.
    let others = (group.sweep ^ sweep) | (group.cookies ^ (cookie / GROUP));
    bit > others
}

/// The sweep of this number has shown the connection, which has its cookie; or has not (0), and is to show it again.
#[inline(always)]
pub fn note(sweep: u64, sock: TcpSock, shown: u32) {
    let cookie = sock.cookie();
    let Some(group) = group(cookie) else {
        return;
    };
    let cookies = cookie / GROUP;
    let before = match (group.sweep, group.cookies) == (sweep, cookies) {
        true => group.shown,
        false => 0,
    };
    *group = Group {
        sweep,
        cookies,
        shown: before | u64::from(shown) << (cookie % GROUP),
    };
}

/// The place of the connection's group.
#[inline(always)]
fn group(cookie: u64) -> Option<&'static mut Group> {
    let place = (cookie / GROUP) as u32 % GROUPS;
    let group = SWEEP_SHOWN.get_ptr_mut(place)?;
    // SAFETY: a value of the map's; user space runs one sweep of a load at a time, and nobody else reads or writes.
    Some(unsafe { &mut *group })
}
