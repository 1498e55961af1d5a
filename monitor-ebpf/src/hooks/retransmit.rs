//! A suspect's segment is sent again.

use crate::emit::{Context, emit};
use crate::globals::setting;
use crate::kernel::pointer_argument;
use crate::silence::Silence;
use crate::sock::TcpSock;
use crate::suspects::Suspect;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use monitor_common::FactKind;

#[btf_tracepoint(function = "tcp_retransmit_skb")]
pub fn retransmit_tracepoint(context: BtfTracePointContext) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_argument(&context, 0)) else {
        return 0;
    };
    let Some(suspect) = Suspect::of(sock) else {
        return 0;
    };
    // Newer kernels trace failed transmissions too, which never left the host.
    if setting(|settings| &settings.retransmit_has_err) != 0 && context.arg::<i32>(2) != 0 {
        return 0;
    }
    if suspect.may_emit() {
        let silence = Silence::of(sock);
        let context = Context::of_path(suspect.path_id);
        emit(FactKind::Retransmitted, sock, &silence, &context);
    }
    0
}
