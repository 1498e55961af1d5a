//! A segment arrived on an established connection, before it is validated: what
//! is seen here proves arrival, not acceptance.

use super::pointer_argument;
use crate::emit::{Arrival, Context, tell};
use crate::gap;
use crate::kernel::TcpSock;
use crate::segment;
use crate::suspects::Suspect;
use aya_ebpf::EbpfContext;
use aya_ebpf::macros::{btf_tracepoint, fentry};
use aya_ebpf::programs::{BtfTracePointContext, FEntryContext};
use core::ffi::c_void;
use monitor_common::{FactKind, PathClock, Segment, tcp_flags};

#[btf_tracepoint(function = "tcp_probe")]
#[inline(always)]
pub fn receive_tracepoint(context: BtfTracePointContext) -> i32 {
    on_receive(&context)
}

#[fentry(function = "tcp_rcv_established")]
#[inline(always)]
pub fn receive_fentry(context: FEntryContext) -> i32 {
    on_receive(&context)
}

#[inline(always)]
fn on_receive(context: &impl EbpfContext) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_argument(context, 0)) else {
        return 0;
    };
    match Suspect::of(sock) {
        None if gap::is_busy(sock) => {}
        // From here on: rare.
        None => from_silence(sock, pointer_argument(context, 1)),
        Some(suspect) => from_suspect(sock, suspect, pointer_argument(context, 1)),
    }
    0
}

#[inline(always)]
fn from_silence(sock: TcpSock, skb: *const c_void) {
    let Some(segment) = segment::segment(skb) else {
        return;
    };
    let silence = gap::silence(sock);
    let Some((threshold, route)) = gap::ended(sock, &silence, |clock| moves(segment, clock)) else {
        return;
    };
    let Some(suspect) = Suspect::begin(sock, threshold, silence.now_ns) else {
        return;
    };
    suspect.facts += 1;
    let context = Context {
        route: Some(route),
        segment: Some(Arrival { segment, skb }),
        ..Context::of_path(threshold.path_id)
    };
    tell(FactKind::GapEndedByReceive, sock, &silence, &context);
    if brings_payload(sock, segment) {
        // The peer spoke: the path has passed its test.
        suspect.end(sock);
    }
}

#[inline(always)]
fn from_suspect(sock: TcpSock, suspect: &mut Suspect, skb: *const c_void) {
    let Some(segment) = segment::segment(skb) else {
        return;
    };
    let silence = gap::silence(sock);
    let payload = brings_payload(sock, segment);
    let another = gap::ended_another(sock, suspect, &silence, |clock| moves(segment, clock));
    let kind = if let Some(threshold) = another {
        suspect.renew(sock, threshold, silence.now_ns);
        FactKind::GapEndedByReceive
    } else if payload {
        FactKind::PayloadArrived
    } else if tells_something(sock, suspect, segment) && suspect.may_tell() {
        FactKind::AckArrived
    } else if suspect.is_done(sock, silence.now_ns) {
        FactKind::ProbationOver
    } else {
        return;
    };
    let context = Context {
        segment: Some(Arrival { segment, skb }),
        ..Context::of_path(suspect.path_id)
    };
    tell(kind, sock, &silence, &context);
    if payload || kind == FactKind::ProbationOver {
        suspect.end(sock);
    }
}

/// Whether a segment without payload is worth telling: the first ACK of new data
/// and each that leaves nothing unacknowledged, but not every one of a long upload;
/// a reset; and in trouble, whatever comes through.
#[inline(always)]
fn tells_something(sock: TcpSock, suspect: &mut Suspect, segment: Segment) -> bool {
    if is_after(segment.ack, sock.snd_una()) {
        let first = suspect.progress_told == 0;
        suspect.progress_told = 1;
        if first || segment.ack == sock.snd_nxt() {
            return true;
        }
    }
    segment.tcp_flags & tcp_flags::RST != 0
        || sock.icsk_retransmits() > 0
        || sock.icsk_probes_out() > 0
}

/// Whether a segment moves this clock (a `PathClock` number). Any moves the packet
/// clock; a probe or a bare ACK does not move the payload clock.
#[inline(always)]
fn moves(segment: Segment, clock: u32) -> bool {
    clock == PathClock::Packets as u32
        || segment.payload_len > 0
        || segment.tcp_flags & (tcp_flags::FIN | tcp_flags::RST) != 0
}

/// Whether the segment holds payload that was not there before and that the stack
/// will take: it ends after `rcv_nxt`, starts within the window, and acknowledges
/// nothing that was never sent. A retransmission of old data does not.
#[inline(always)]
fn brings_payload(sock: TcpSock, segment: Segment) -> bool {
    let rcv_nxt = sock.rcv_nxt();
    segment.payload_len > 0
        && segment.tcp_flags & (tcp_flags::RST | tcp_flags::ACK) == tcp_flags::ACK
        && !is_after(segment.ack, sock.snd_nxt())
        && is_after(segment.seq.wrapping_add(segment.payload_len), rcv_nxt)
        && !is_after(segment.seq, rcv_nxt.wrapping_add(sock.rcv_wnd()))
}

/// Serial number arithmetic (RFC 9293, section 3.4): `a` comes after `b`.
#[inline(always)]
fn is_after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}
