//! Resets, in and out. They end a connection, so they are emitted whatever is left of the
//! suspect's budget; of others than suspects, only those that cut an exchange off.

use crate::emit::{Context, emit};
use crate::kernel::pointer_argument;
use crate::missed;
use crate::paths;
use crate::silence::{self, Silence};
use crate::sock::TcpSock;
use crate::suspects::Suspect;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use monitor_common::{FactKind, NOT_SILENT_NS, TcpState};

/// A reset that the stack accepted.
#[btf_tracepoint(function = "tcp_receive_reset")]
pub fn reset_received_tracepoint(context: BtfTracePointContext) -> i32 {
    on_reset(&context, FactKind::ResetReceived)
}

/// This host sends a reset; the socket may be missing or in TIME_WAIT.
#[btf_tracepoint(function = "tcp_send_reset")]
pub fn reset_sent_tracepoint(context: BtfTracePointContext) -> i32 {
    on_reset(&context, FactKind::ResetSent)
}

#[inline(always)]
fn on_reset(context: &BtfTracePointContext, kind: FactKind) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_argument(context, 0)) else {
        return 0;
    };
    if let Some(suspect) = Suspect::of(sock).or_else(|| missed::in_hook(sock, true, false)) {
        let silence = Silence::of(sock);
        emit(kind, sock, &silence, &Context::of_path(suspect.path_id));
        return 0;
    }
    if !matches!(kind, FactKind::ResetReceived) {
        return 0;
    }
    let cuts_off = cuts_off(sock);
    if !cuts_off && !sock.has_storage() {
        return 0;
    }
    let Some((threshold, route)) = paths::threshold(sock) else {
        return 0;
    };
    let silence = missed::silence(sock);
    if !cuts_off && silence.at_most(threshold.clock) < threshold.warn_ns {
        return 0;
    }
    let about = Context {
        flags: route,
        ..Context::of_path(threshold.path_id)
    };
    sock.ensure_cookie();
    emit(kind, sock, &silence, &about);
    0
}

/// Whether a reset cuts off what this host asked: something is due on a connection that it opened, or the
/// answer to what it said just now. Clients that abort are everyday life of a server, but for those that had
/// closed their window over what waits.
#[inline(always)]
fn cuts_off(sock: TcpSock) -> bool {
    if sock.state() != TcpState::Established as u32 {
        return false;
    }
    let due = sock.snd_una() != sock.write_seq();
    if sock.accepted() {
        return due && sock.packets_out() == 0;
    }
    if due {
        return true;
    }
    let spoke_last = (sock.lsndtime().wrapping_sub(sock.lrcvtime()) as i32) > 0;
    spoke_last && silence::since_send_ns(sock) < NOT_SILENT_NS
}
