//! A segment arrived on an established connection, before it is validated: what
//! is seen here proves arrival, not acceptance.

use super::pointer_argument;
use crate::emit::{Arrival, Context, tell};
use crate::gap::{self, Silence};
use crate::kernel::TcpSock;
use crate::looks::Look;
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
    let suspect = Suspect::of(sock);
    if suspect.is_none() && gap::is_busy(sock) {
        return 0;
    }
    // From here on: rare.
    let skb = pointer_argument(context, 1);
    if let Some(segment) = segment::segment(skb) {
        if suspect.is_none() {
            sock.ensure_cookie();
        }
        let arrival = Arrival { segment, skb };
        arrived(sock, suspect, arrival, &gap::silence(sock), None);
    }
    0
}

/// A segment arrived, after `silence`. `before` is the socket before it, where the
/// socket itself has taken it in already.
#[inline(always)]
pub fn arrived(
    sock: TcpSock,
    suspect: Option<&'static mut Suspect>,
    arrival: Arrival,
    silence: &Silence,
    before: Option<&Look>,
) {
    match suspect {
        None => from_silence(sock, arrival, silence, before),
        Some(suspect) => from_suspect(sock, suspect, arrival, silence, before),
    }
}

#[inline(always)]
fn from_silence(sock: TcpSock, arrival: Arrival, silence: &Silence, before: Option<&Look>) {
    let segment = arrival.segment;
    let Some((threshold, route)) = gap::ended(sock, silence, |clock| moves(segment, clock)) else {
        return;
    };
    let payload = brings_payload(sock, segment, before);
    let Some(suspect) = Suspect::begin(sock, threshold, silence.now_ns) else {
        return;
    };
    suspect.facts += 1;
    let context = Context {
        route: Some(route),
        segment: Some(arrival),
        before,
        ..Context::of_path(threshold.path_id)
    };
    tell(FactKind::GapEndedByReceive, sock, silence, &context);
    if payload {
        // The peer spoke: the path has passed its test.
        suspect.end(sock);
    }
}

#[inline(always)]
fn from_suspect(
    sock: TcpSock,
    suspect: &mut Suspect,
    arrival: Arrival,
    silence: &Silence,
    before: Option<&Look>,
) {
    let segment = arrival.segment;
    let payload = brings_payload(sock, segment, before);
    let another = gap::ended_another(sock, suspect, silence, |clock| moves(segment, clock));
    let kind = if let Some(threshold) = another {
        suspect.renew(sock, threshold, silence.now_ns);
        FactKind::GapEndedByReceive
    } else if payload {
        FactKind::PayloadArrived
    } else if tells_something(sock, suspect, segment, before) && suspect.may_tell() {
        FactKind::AckArrived
    } else if suspect.is_done(sock, silence.now_ns) {
        FactKind::ProbationOver
    } else {
        return;
    };
    let context = Context {
        segment: Some(arrival),
        before,
        ..Context::of_path(suspect.path_id)
    };
    tell(kind, sock, silence, &context);
    if payload || kind == FactKind::ProbationOver {
        suspect.end(sock);
    }
}

/// Whether a segment without payload is worth telling: the first ACK of new data
/// and each that leaves nothing unacknowledged, but not every one of a long upload;
/// a reset; and in trouble, whatever comes through.
#[inline(always)]
fn tells_something(
    sock: TcpSock,
    suspect: &mut Suspect,
    segment: Segment,
    before: Option<&Look>,
) -> bool {
    let snd_una = before.map_or_else(|| sock.snd_una(), |before| before.snd_una);
    if is_after(segment.ack, snd_una) {
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
fn brings_payload(sock: TcpSock, segment: Segment, before: Option<&Look>) -> bool {
    let rcv_nxt = before.map_or_else(|| sock.rcv_nxt(), |before| before.rcv_nxt);
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
