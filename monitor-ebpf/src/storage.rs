//! Socket storage: what the kernel keeps with a socket, and frees with it.

use crate::sock::TcpSock;
use aya_ebpf::bindings::BPF_SK_STORAGE_GET_F_CREATE;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::helpers::generated::{bpf_sk_storage_delete, bpf_sk_storage_get};
use core::ffi::c_void;
use core::ptr;
use monitor_common::Record;

/// What `map` keeps with a socket, if anything.
#[inline(always)]
pub fn get<T: Record>(map: &'static SkStorage<T>, sock: TcpSock) -> Option<&'static mut T> {
    // The one-load test: a socket without any storage is in no map.
    if !sock.has_storage() {
        return None;
    }
    look_up(pointer(map), sock, ptr::null_mut(), 0)
}

/// The same, zeros if there was nothing; `None` where the kernel gives no room.
#[inline(always)]
pub fn get_or_create<T: Record>(
    map: &'static SkStorage<T>,
    sock: TcpSock,
) -> Option<&'static mut T> {
    let flags = u64::from(BPF_SK_STORAGE_GET_F_CREATE);
    look_up(pointer(map), sock, ptr::null_mut(), flags)
}

/// What `map` keeps with a socket, and if that is nothing, `initial` from now on, whole: whoever finds it finds all of
/// it. `None` where the kernel gives no room.
#[inline(always)]
pub fn get_or_put<T: Record>(
    map: &'static SkStorage<T>,
    sock: TcpSock,
    initial: &T,
) -> Option<&'static mut T> {
    let initial = (&raw const *initial).cast_mut().cast();
    let made = look_up(
        pointer(map),
        sock,
        initial,
        u64::from(BPF_SK_STORAGE_GET_F_CREATE),
    );
    // The kernel refuses also the loser of two that do this at once (`bpf_sk_storage_update`, -EEXIST).
    made.or_else(|| look_up(pointer(map), sock, ptr::null_mut(), 0))
}

/// Removes what `map` keeps with a socket. Returns whether there was anything.
#[inline(always)]
pub fn remove<T: Record>(map: &'static SkStorage<T>, sock: TcpSock) -> bool {
    // SAFETY: the map and a full socket.
    unsafe { bpf_sk_storage_delete(pointer(map), sock.as_ptr()) == 0 }
}

#[inline(always)]
fn look_up<T: Record>(
    map: *mut c_void,
    sock: TcpSock,
    initial: *mut c_void,
    flags: u64,
) -> Option<&'static mut T> {
    // SAFETY: the map, a full socket, and a value of the map's type or null, for which the kernel gives zeros.
    let value = unsafe { bpf_sk_storage_get(map, sock.as_ptr(), initial, flags) };
    // SAFETY: null or a value of this map, which lives as long as the program runs (RCU);
    // every bit pattern is a valid `T` (it is a `Record`).
    unsafe { value.cast::<T>().as_mut() }
}

fn pointer<T>(map: &'static SkStorage<T>) -> *mut c_void {
    (&raw const *map).cast_mut().cast()
}
