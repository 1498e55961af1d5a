//! Callbacks of watched sockets: healthy traffic runs none of this.
//!
//! They emit the same facts as the hooks on all sockets. For a segment that takes the fast
//! path there is no callback; it shows in what it changed at the next one: when the stack
//! acknowledges it (at once after a silence, `tcp_event_data_recv`), when it acknowledged
//! something itself (a sample of the round trip), or when this host sends.

use crate::emit::Arrival;
use crate::hooks::{receive, send};
use crate::silence::{self, Silence};
use crate::snapshot::{Snapshot, with_timestamp};
use crate::sock::TcpSock;
use crate::suspects::Suspect;
use crate::task::Task;
use crate::watched;
use aya_ebpf::bindings::{
    BPF_SOCK_OPS_HDR_OPT_LEN_CB, BPF_SOCK_OPS_PARSE_HDR_OPT_CB, BPF_SOCK_OPS_RTT_CB, bpf_sock_ops,
};
use aya_ebpf::helpers::generated::bpf_get_current_task_btf;
use aya_ebpf::macros::sock_ops;
use aya_ebpf::programs::SockOpsContext;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr;
use monitor_common::Segment;

/// `BPF_WRITE_HDR_TCP_CURRENT_MSS` (include/uapi/linux/bpf.h): `tcp_current_mss` asks,
/// as it does before each send. There is no segment yet.
const CURRENT_MSS: u32 = 1;

/// Bytes of a TCP header without options (RFC 9293, section 3.1).
const HEADER: usize = 20;

#[sock_ops]
pub fn watch_socket(context: SockOpsContext) -> u32 {
    // This runs for every connection of the host when it opens, too.
    if is(context.ops, BPF_SOCK_OPS_RTT_CB)
        || is(context.ops, BPF_SOCK_OPS_PARSE_HDR_OPT_CB)
        || is(context.ops, BPF_SOCK_OPS_HDR_OPT_LEN_CB)
    {
        on_callback(context.ops);
    }
    1
}

/// Whether this callback runs. Loaded anew each time: see [`crate::verifier`].
#[inline(always)]
fn is(ops: *mut bpf_sock_ops, callback: u32) -> bool {
    load::<u32>(ops, offset_of!(bpf_sock_ops, op)) == callback
}

#[inline(always)]
fn on_callback(ops: *mut bpf_sock_ops) {
    let Some(sock) = TcpSock::from_sock(sock_of(ops)) else {
        return;
    };
    // On a socket that is not watched they are the callbacks of another program.
    if watched::of(sock).is_none_or(|entry| entry.active == 0) {
        return;
    }
    let Some(snapshot) = Snapshot::of(sock) else {
        return;
    };
    arrival(ops, sock, snapshot);
    if is(ops, BPF_SOCK_OPS_HDR_OPT_LEN_CB)
        && argument(ops) == CURRENT_MSS
        && sock.write_seq() == sock.snd_nxt()
        && sock.packets_out() == 0
    {
        // Nothing is queued and nothing in flight: a send is about to begin.
        let silence = Silence::of(sock);
        if let Some(suspect) = send::decide_send(sock, Suspect::of(sock), &silence) {
            // SAFETY: the helper takes nothing and has no failure.
            let task = Task::of(unsafe { bpf_get_current_task_btf() }.cast());
            send::emit_send(sock, suspect, &silence, task);
        }
    }
    if Suspect::of(sock).is_none() && silence::is_busy(sock) {
        if let Some(entry) = watched::of(sock) {
            watched::end_in_callback(sock, entry, ops);
        }
        Snapshot::forget(sock);
    } else {
        let put_off = snapshot.put_off.get() != 0;
        snapshot.renew(sock);
        if put_off {
            snapshot.without(u32::from(header(ops).payload_len > 0));
        }
    }
}

/// Emits what arrived. If something came before that had no callback, that goes first, and
/// the segment that is being parsed is left to the next snapshot.
#[inline(always)]
fn arrival(ops: *mut bpf_sock_ops, sock: TcpSock, snapshot: &mut Snapshot) {
    let parsing = is(ops, BPF_SOCK_OPS_PARSE_HDR_OPT_CB);
    let mut segment = snapshot.arrived(sock, parsing);
    snapshot
        .put_off
        .put(u32::from(parsing && segment.tcp_flags != 0));
    if parsing && segment.tcp_flags == 0 {
        segment = with_timestamp(sock, header(ops));
    }
    if segment.tcp_flags == 0 {
        return;
    }
    let silence = snapshot.silence();
    let suspect =
        receive::decide_arrival(sock, Suspect::of(sock), segment, &silence, snapshot.edges());
    if let Some(suspect) = suspect {
        receive::emit_arrival(sock, suspect, whole(segment), &silence, Some(snapshot));
    }
}

/// A segment that no more can be read of.
#[inline(always)]
fn whole(segment: Segment) -> Arrival {
    Arrival {
        segment,
        skb: ptr::null(),
    }
}

/// The socket that the callback is about.
#[inline(always)]
fn sock_of(ops: *mut bpf_sock_ops) -> *const c_void {
    // The union that holds `sk` alone.
    load(ops, offset_of!(bpf_sock_ops, __bindgen_anon_2))
}

/// The callback's first argument.
#[inline(always)]
fn argument(ops: *mut bpf_sock_ops) -> u32 {
    // The union that begins with `args`.
    load(ops, offset_of!(bpf_sock_ops, __bindgen_anon_1))
}

/// Loads a member of the context.
#[inline(always)]
fn load<T: Copy>(ops: *mut bpf_sock_ops, byte_offset: usize) -> T {
    let at = ops.cast_const().wrapping_byte_add(byte_offset).cast::<T>();
    // SAFETY: the context of this program; the verifier accepts loads at a member's own
    // width and offset only. Volatile, so that it is loaded each time.
    unsafe { ptr::read_volatile(at) }
}

/// The segment that is being parsed; one without flags if it cannot be read. By now the stack
/// has read its timestamp (`tcp_validate_incoming`), and nothing else of it.
#[inline(always)]
fn header(ops: *mut bpf_sock_ops) -> Segment {
    // The unions that hold `skb_data` alone, and `skb_data_end` alone.
    let data: *const u8 = load(ops, offset_of!(bpf_sock_ops, __bindgen_anon_3));
    let end: *const u8 = load(ops, offset_of!(bpf_sock_ops, __bindgen_anon_4));
    let len: u32 = load(ops, offset_of!(bpf_sock_ops, skb_len));
    if data.wrapping_add(HEADER) > end {
        return Segment::default();
    }
    // SAFETY: within the bytes that were compared with their end just now, which the
    // verifier checks.
    let byte = |at: usize| unsafe { ptr::read_volatile(data.wrapping_add(at)) };
    let four = |at| u32::from_be_bytes([byte(at), byte(at + 1), byte(at + 2), byte(at + 3)]);
    let header_len = u32::from(byte(12) >> 4) * 4;
    Segment {
        seq: four(4),
        ack: four(8),
        payload_len: len.saturating_sub(header_len),
        window: u16::from_be_bytes([byte(14), byte(15)]),
        tcp_flags: byte(13),
        ..Segment::default()
    }
}
