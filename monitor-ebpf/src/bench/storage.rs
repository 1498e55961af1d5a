//! Watching with state: every connection has an entry in socket storage, and every segment looks it up, measures the
//! silence that it ends, and writes down its own time. The least that such a program can do.

use aya_ebpf::EbpfContext;
use aya_ebpf::bindings::BPF_SK_STORAGE_GET_F_CREATE;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::helpers::generated::{bpf_ktime_get_ns, bpf_sk_storage_get, bpf_skc_to_tcp_sock};
use aya_ebpf::macros::{btf_map, btf_tracepoint, map};
use aya_ebpf::maps::PerCpuArray;
use aya_ebpf::programs::BtfTracePointContext;
use core::ffi::c_void;

/// Silences up to this are of no interest, in ns: the product's own default.
const MIN_GAP_NS: u64 = 1_000_000_000;

#[repr(C)]
struct Connection {
    /// When it last moved, CLOCK_MONOTONIC in ns.
    moved_ns: u64,
}

#[btf_map]
static CONNECTIONS: SkStorage<Connection> = SkStorage::new();

/// Silences that were found: without a use of the measurement the compiler would leave it out.
#[map]
static SILENCES: PerCpuArray<u64> = PerCpuArray::with_max_entries(1, 0);

#[btf_tracepoint(function = "tcp_sendmsg_locked")]
pub fn storage_send(context: BtfTracePointContext) -> i32 {
    on_segment(&context)
}

#[btf_tracepoint(function = "tcp_probe")]
pub fn storage_receive(context: BtfTracePointContext) -> i32 {
    on_segment(&context)
}

#[inline(always)]
fn on_segment(context: &BtfTracePointContext) -> i32 {
    // SAFETY: the first argument of both tracepoints is a `struct sock *`.
    let sk = unsafe { core::ptr::read_volatile(context.as_ptr().cast::<*mut c_void>()) };
    if sk.is_null() {
        return 0;
    }
    // SAFETY: the hook's own argument, not null.
    let sock = unsafe { bpf_skc_to_tcp_sock(sk) };
    if sock.is_null() {
        return 0;
    }
    let map = (&raw const CONNECTIONS).cast_mut().cast();
    let flags = u64::from(BPF_SK_STORAGE_GET_F_CREATE);
    // SAFETY: the map and a full socket; null is an answer.
    let entry = unsafe { bpf_sk_storage_get(map, sock.cast(), core::ptr::null_mut(), flags) };
    // SAFETY: null or a value of this map, which lives as long as the program runs (RCU).
    let Some(connection) = (unsafe { entry.cast::<Connection>().as_mut() }) else {
        return 0;
    };
    // SAFETY: the helper takes nothing and has no failure.
    let now_ns = unsafe { bpf_ktime_get_ns() };
    let silence_ns = now_ns.wrapping_sub(connection.moved_ns);
    connection.moved_ns = now_ns;
    if silence_ns > MIN_GAP_NS
        && let Some(count) = SILENCES.get_ptr_mut(0)
    {
        // SAFETY: a value of this CPU's; a count lost to an interrupt does no harm.
        unsafe { *count += 1 };
    }
    0
}
