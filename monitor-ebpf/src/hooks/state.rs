//! A connection changes its state.

use crate::emit::{Context, emit};
use crate::kernel::pointer_argument;
use crate::missed;
use crate::paths;
use crate::silence::{self, Silence};
use crate::sock::{TcpSock, is_open};
use crate::suspects::Suspect;
use crate::task::Task;
use crate::verifier::hidden;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use monitor_common::{FactKind, GOODBYE_WITHIN_NS, TcpState};

#[btf_tracepoint(function = "inet_sock_set_state")]
pub fn state_tracepoint(context: BtfTracePointContext) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_argument(&context, 0)) else {
        return 0;
    };
    let states = (context.arg::<i32>(1) as u32, context.arg::<i32>(2) as u32);
    if let Some(suspect) =
        Suspect::of(sock).or_else(|| missed::in_hook(sock, !acts(states.1), false))
    {
        let silence = Silence::of(sock);
        let context = Context {
            states,
            task: task(states.1),
            ..Context::of_path(suspect.path_id)
        };
        // The receive hook runs in ESTABLISHED only. Payload that came while the connection
        // was half-closed shows in the counters since the gap.
        let answered = suspect.was_answered(sock);
        let settled = answered && sock.snd_una() == sock.snd_nxt();
        if answered {
            emit(FactKind::PayloadArrived, sock, &silence, &context);
        }
        emit(FactKind::StateChanged, sock, &silence, &context);
        if settled || states.1 == TcpState::Close as u32 {
            suspect.end(sock);
        }
        return 0;
    }
    // A silence can end with the connection, which no other hook sees; and so can what its application left behind.
    let left = leaves_behind(sock, states.1);
    let open = is_open(states.0);
    if !left && (!open || silence::is_busy(sock)) || !open && !was_left(sock, states.0) {
        return 0;
    }
    // From here on it matters no more why.
    let Some(left) = hidden(&u32::from(left)) else {
        return 0;
    };
    let Some((threshold, route)) = paths::threshold(sock) else {
        return 0;
    };
    let silence = missed::silence(sock);
    if left != 0 || silence.at_most(threshold.clock) >= threshold.warn_ns {
        let context = Context {
            states,
            task: task(states.1),
            flags: route,
            ..Context::of_path(threshold.path_id)
        };
        sock.ensure_cookie();
        emit(FactKind::StateChanged, sock, &silence, &context);
    }
    0
}

/// The task that runs now, where an application takes the connection to `state`, by a close or a shutdown.
#[inline(always)]
fn task(state: u32) -> Option<Task> {
    acts(state).then(Task::current)
}

/// Whether it is the application that takes the connection to `state`, and no segment that is being processed.
#[inline(always)]
fn acts(state: u32) -> bool {
    state == TcpState::FinWait1 as u32 || state == TcpState::LastAck as u32
}

/// Whether the application has closed before, and data that it left behind has no ACK: this host's own FIN is none.
#[inline(always)]
fn was_left(sock: TcpSock, state: u32) -> bool {
    let closed = acts(state) || state == TcpState::Closing as u32;
    closed && sock.write_seq().wrapping_sub(sock.snd_una()) > 1
}

/// `ETIMEDOUT` (include/uapi/asm-generic/errno.h).
const ETIMEDOUT: u32 = 110;

/// Whether a connection that goes to `state` leaves behind what was sent well before, or dies while it tries
/// again: healthy ones do neither.
#[inline(always)]
fn leaves_behind(sock: TcpSock, state: u32) -> bool {
    if state == TcpState::Close as u32 {
        // TCP_USER_TIMEOUT may be over before the first timeout is.
        let given_up = sock.sk_err() == ETIMEDOUT && sock.snd_una() != sock.write_seq();
        return given_up || sock.retransmits() > 0 || sock.probes_out() > 0;
    }
    if state != TcpState::FinWait1 as u32 && state != TcpState::LastAck as u32 {
        return false;
    }
    sock.packets_out() > 0
        && (sock.retransmits() > 0
            || sock.retrans_out() > 0
            || silence::since_send_ns(sock) > GOODBYE_WITHIN_NS)
}
