//! A segment arrives on an established connection. The hooks run before the stack validates
//! it: what they see has arrived, but need not be accepted.

use crate::emit::{Arrival, Context, emit_decided};
use crate::kernel::pointer_argument;
use crate::serial::is_after;
use crate::silence::{self, Silence};
use crate::snapshot::{Edges, Snapshot};
use crate::sock::TcpSock;
use crate::suspects::{ACKED, ANSWERED, Decision, Suspect};
use crate::{gap, segment};
use aya_ebpf::EbpfContext;
use aya_ebpf::macros::{btf_tracepoint, fentry};
use aya_ebpf::programs::{BtfTracePointContext, FEntryContext};
use monitor_common::{FactKind, Segment, tcp_flags};

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
    if silence::is_healthy(sock) {
        return 0;
    }
    // Few segments get here.
    let suspect = Suspect::of(sock);
    if suspect.is_none() && silence::is_busy(sock) {
        return 0;
    }
    let skb = pointer_argument(context, 1);
    if let Some(segment) = segment::segment(skb) {
        if suspect.is_none() {
            sock.ensure_cookie();
        }
        let silence = Silence::of(sock);
        let before = Edges {
            rcv_nxt: sock.rcv_nxt(),
            snd_una: sock.snd_una(),
        };
        if let Some(suspect) = decide_arrival(sock, suspect, segment, &silence, before) {
            emit_arrival(sock, suspect, Arrival { segment, skb }, &silence, None);
        }
    }
    0
}

/// Emits the fact that [`decide_arrival`] has decided on. `before` is the socket before the
/// segment, where the socket is read only after it.
#[inline(always)]
pub fn emit_arrival(
    sock: TcpSock,
    suspect: &Suspect,
    arrival: Arrival,
    silence: &Silence,
    before: Option<&Snapshot>,
) {
    let context = Context {
        segment: Some(arrival),
        before,
        ..Context::of_path(suspect.path_id)
    };
    emit_decided(sock, suspect, silence, &context);
}

/// Decides which fact a segment that arrived after `silence` gives, if any. Returns the
/// suspect that the decision is kept with. `before` is where the connection stood before it.
#[inline(always)]
pub fn decide_arrival(
    sock: TcpSock,
    suspect: Option<&'static mut Suspect>,
    segment: Segment,
    silence: &Silence,
    before: Edges,
) -> Option<&'static mut Suspect> {
    match suspect {
        None => from_silence(sock, segment, silence, before),
        Some(suspect) => from_suspect(sock, suspect, segment, silence, before),
    }
}

#[inline(always)]
fn from_silence(
    sock: TcpSock,
    segment: Segment,
    silence: &Silence,
    before: Edges,
) -> Option<&'static mut Suspect> {
    let (threshold, route) = gap::ended(sock, silence, |clock| gap::moves(segment, clock))?;
    let suspect = Suspect::begin(sock, threshold, silence.now_ns)?;
    suspect.facts += 1;
    let settles = notes(sock, suspect, segment, before);
    let decision = Decision::of(FactKind::GapEndedByReceive).on(route);
    suspect.decide(decision.ending(settles));
    Some(suspect)
}

#[inline(always)]
fn from_suspect(
    sock: TcpSock,
    suspect: &'static mut Suspect,
    segment: Segment,
    silence: &Silence,
    before: Edges,
) -> Option<&'static mut Suspect> {
    let another = gap::ended_another(sock, suspect, silence, |clock| gap::moves(segment, clock));
    if let Some(threshold) = another {
        suspect.renew(sock, threshold, silence.now_ns);
        let settles = notes(sock, suspect, segment, before);
        suspect.decide(Decision::of(FactKind::GapEndedByReceive).ending(settles));
        return Some(suspect);
    }
    let seen = suspect.seen;
    let settles = notes(sock, suspect, segment, before);
    if brings_payload(sock, segment, before) {
        // Without an answer of ours the peer's later words are no news.
        if !settles && (seen & ANSWERED != 0 || !suspect.may_emit()) {
            return None;
        }
        suspect.decide(Decision::of(FactKind::PayloadArrived).ending(settles));
    } else if settles {
        suspect.decide(Decision::of(FactKind::AckArrived).ending(true));
    } else if is_worth_a_fact(sock, suspect, seen & ACKED == 0, segment, before)
        && suspect.may_emit()
    {
        suspect.decide(Decision::of(FactKind::AckArrived));
    } else if suspect.is_done(sock, silence.now_ns) {
        suspect.decide(Decision::of(FactKind::ProbationOver).ending(true));
    } else {
        return None;
    }
    Some(suspect)
}

/// Notes what the segment shows of both ways. Returns whether both have shown by now that they work. Payload is
/// the peer's own, but says nothing of the way there; and an ACK, which a box may forge, nothing of the way back.
#[inline(always)]
fn notes(sock: TcpSock, suspect: &mut Suspect, segment: Segment, before: Edges) -> bool {
    if is_after(segment.ack, before.snd_una) {
        suspect.seen |= ACKED;
    }
    if brings_payload(sock, segment, before) {
        suspect.seen |= ANSWERED;
    }
    suspect.seen == ACKED | ANSWERED
}

/// Whether a segment without payload is worth a fact. It is if it acknowledges new data for
/// the `first` time, or leaves nothing unacknowledged of what was told to be sent (not every ACK of a long upload), if it
/// is a reset, and whatever it is while something stands unanswered.
#[inline(always)]
fn is_worth_a_fact(
    sock: TcpSock,
    suspect: &mut Suspect,
    first: bool,
    segment: Segment,
    before: Edges,
) -> bool {
    if is_after(segment.ack, before.snd_una) {
        let all = segment.ack == sock.snd_nxt() && suspect.is_settled_at_last();
        if all || first {
            return true;
        }
    }
    segment.tcp_flags & tcp_flags::RST != 0 || sock.retransmits() > 0 || sock.probes_out() > 0
}

/// Whether the segment holds new payload that the stack will take: it ends after `rcv_nxt`,
/// starts within the window, and acknowledges nothing that was never sent. A retransmission
/// of old data holds none.
#[inline(always)]
fn brings_payload(sock: TcpSock, segment: Segment, before: Edges) -> bool {
    let rcv_nxt = before.rcv_nxt;
    segment.payload_len > 0
        && segment.tcp_flags & (tcp_flags::RST | tcp_flags::ACK) == tcp_flags::ACK
        && !is_after(segment.ack, sock.snd_nxt())
        && is_after(segment.seq.wrapping_add(segment.payload_len), rcv_nxt)
        && !is_after(segment.seq, rcv_nxt.wrapping_add(sock.rcv_wnd()))
}
