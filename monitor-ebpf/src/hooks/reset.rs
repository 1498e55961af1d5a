//! Resets, in and out. They end a connection, so they are emitted whatever is left of the
//! suspect's budget.

use crate::emit::{Context, emit};
use crate::kernel::pointer_argument;
use crate::silence::Silence;
use crate::sock::TcpSock;
use crate::suspects::Suspect;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use monitor_common::FactKind;

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
    if let Some(suspect) = Suspect::of(sock) {
        let silence = Silence::of(sock);
        emit(kind, sock, &silence, &Context::of_path(suspect.path_id));
    }
    0
}
