//! A connection changes its state.

use crate::emit::{Context, emit};
use crate::kernel::pointer_argument;
use crate::paths;
use crate::silence::{self, Silence};
use crate::sock::{TcpSock, is_open};
use crate::suspects::Suspect;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use monitor_common::{FactKind, TcpState};

#[btf_tracepoint(function = "inet_sock_set_state")]
pub fn state_tracepoint(context: BtfTracePointContext) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_argument(&context, 0)) else {
        return 0;
    };
    let states = (context.arg::<i32>(1) as u32, context.arg::<i32>(2) as u32);
    if let Some(suspect) = Suspect::of(sock) {
        let silence = Silence::of(sock);
        let context = Context {
            states,
            ..Context::of_path(suspect.path_id)
        };
        // The receive hook runs in ESTABLISHED only. Payload that came while the connection
        // was half-closed shows in the counters since the gap.
        let answered = suspect.was_answered(sock);
        if answered {
            emit(FactKind::PayloadArrived, sock, &silence, &context);
        }
        emit(FactKind::StateChanged, sock, &silence, &context);
        if answered || states.1 == TcpState::Close as u32 {
            suspect.end(sock);
        }
        return 0;
    }
    // A silence can end with the connection, which no other hook sees.
    if !is_open(states.0) || silence::is_busy(sock) {
        return 0;
    }
    let Some((threshold, route)) = paths::threshold(sock) else {
        return 0;
    };
    let silence = Silence::of(sock);
    if silence.at_most(threshold.clock) >= threshold.warn_ns {
        let context = Context {
            states,
            route: Some(route),
            ..Context::of_path(threshold.path_id)
        };
        sock.ensure_cookie();
        emit(FactKind::StateChanged, sock, &silence, &context);
    }
    0
}
