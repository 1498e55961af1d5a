//! The application sends.

use super::pointer_argument;
use crate::emit::{Context, Task, tell};
use crate::gap;
use crate::kernel::TcpSock;
use crate::suspects::Suspect;
use aya_ebpf::EbpfContext;
use aya_ebpf::macros::{btf_tracepoint, fentry};
use aya_ebpf::programs::{BtfTracePointContext, FEntryContext};
use monitor_common::{FactKind, TcpState};

/// Kernel 6.16 and later.
#[btf_tracepoint(function = "tcp_sendmsg_locked")]
#[inline(always)]
pub fn send_tracepoint(context: BtfTracePointContext) -> i32 {
    on_send(&context)
}

#[fentry(function = "tcp_sendmsg_locked")]
#[inline(always)]
pub fn send_fentry(context: FEntryContext) -> i32 {
    on_send(&context)
}

/// Before 6.5 `sendfile` and `splice` do not come by `tcp_sendmsg_locked`.
#[fentry(function = "do_tcp_sendpages")]
#[inline(always)]
pub fn send_pages_fentry(context: FEntryContext) -> i32 {
    on_send(&context)
}

#[inline(always)]
fn on_send(context: &impl EbpfContext) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_argument(context, 0)) else {
        return 0;
    };
    match Suspect::of(sock) {
        None if gap::is_busy(sock) => {}
        // From here on: rare.
        None => {
            sock.ensure_cookie();
            from_silence(sock, Task::current());
        }
        Some(suspect) => from_suspect(sock, suspect, Task::current()),
    }
    0
}

/// Whether data can be sent: what is asked for in another state is refused.
#[inline(always)]
fn can_send(sock: TcpSock) -> bool {
    let state = sock.state();
    state == TcpState::Established as u32 || state == TcpState::CloseWait as u32
}

/// A socket sends that is no suspect.
#[inline(always)]
pub fn from_silence(sock: TcpSock, task: Task) {
    if !can_send(sock) {
        return;
    }
    let silence = gap::silence(sock);
    if let Some((threshold, route)) = gap::ended(sock, &silence, |_| true)
        && let Some(suspect) = Suspect::begin(sock, threshold, silence.now_ns)
    {
        suspect.facts += 1;
        let context = Context {
            route: Some(route),
            task: Some(task),
            ..Context::of_path(threshold.path_id)
        };
        tell(FactKind::GapEndedBySend, sock, &silence, &context);
    }
}

/// A suspect sends.
#[inline(always)]
pub fn from_suspect(sock: TcpSock, suspect: &mut Suspect, task: Task) {
    if !can_send(sock) {
        return;
    }
    let silence = gap::silence(sock);
    let kind = if let Some(threshold) = gap::ended_another(sock, suspect, &silence, |_| true) {
        suspect.renew(sock, threshold, silence.now_ns);
        FactKind::GapEndedBySend
    } else if suspect.is_done(sock, silence.now_ns) {
        FactKind::ProbationOver
    } else if sock.packets_out() == 0 && suspect.may_tell() {
        // With data in flight already, more of it tells nothing new.
        FactKind::Sent
    } else {
        return;
    };
    let context = Context {
        task: Some(task),
        ..Context::of_path(suspect.path_id)
    };
    tell(kind, sock, &silence, &context);
    if kind == FactKind::ProbationOver {
        suspect.end(sock);
    }
}
