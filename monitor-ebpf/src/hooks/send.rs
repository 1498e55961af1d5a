//! The application sends.

use crate::emit::{Context, emit_decided};
use crate::gap;
use crate::kernel::pointer_argument;
use crate::silence::{self, Silence};
use crate::sock::{TcpSock, is_open};
use crate::suspects::{Decision, Suspect};
use crate::task::Task;
use aya_ebpf::EbpfContext;
use aya_ebpf::macros::{btf_tracepoint, fentry};
use aya_ebpf::programs::{BtfTracePointContext, FEntryContext};
use monitor_common::FactKind;

/// On kernel 6.16 and later.
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

/// Before 6.5 `sendfile` and `splice` do not call `tcp_sendmsg_locked`.
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
    if silence::is_healthy(sock) {
        return 0;
    }
    // Few segments get here.
    let suspect = Suspect::of(sock);
    if suspect.is_none() {
        if silence::is_busy(sock) {
            return 0;
        }
        sock.ensure_cookie();
    }
    let silence = Silence::of(sock);
    if let Some(suspect) = decide_send(sock, suspect, &silence) {
        emit_send(sock, suspect, &silence, Task::current());
    }
    0
}

/// Emits the fact that [`decide_send`] has decided on.
#[inline(always)]
pub fn emit_send(sock: TcpSock, suspect: &Suspect, silence: &Silence, task: Task) {
    let context = Context {
        task: Some(task),
        ..Context::of_path(suspect.path_id)
    };
    emit_decided(sock, suspect, silence, &context);
}

/// Decides which fact a send after `silence` gives, if any. Returns the suspect that the
/// decision is kept with.
#[inline(always)]
pub fn decide_send(
    sock: TcpSock,
    suspect: Option<&'static mut Suspect>,
    silence: &Silence,
) -> Option<&'static mut Suspect> {
    // In another state the kernel refuses to send.
    if !is_open(sock.state()) {
        return None;
    }
    match suspect {
        None => from_silence(sock, silence),
        Some(suspect) => from_suspect(sock, suspect, silence),
    }
}

#[inline(always)]
fn from_silence(sock: TcpSock, silence: &Silence) -> Option<&'static mut Suspect> {
    let (threshold, route) = gap::ended(sock, silence, |_| true)?;
    let suspect = Suspect::begin(sock, threshold, silence.now_ns)?;
    suspect.facts += 1;
    suspect.decide(Decision::of(FactKind::GapEndedBySend).on(route));
    Some(suspect)
}

#[inline(always)]
fn from_suspect(
    sock: TcpSock,
    suspect: &'static mut Suspect,
    silence: &Silence,
) -> Option<&'static mut Suspect> {
    if let Some(threshold) = gap::ended_another(sock, suspect, silence, |_| true) {
        suspect.renew(sock, threshold, silence.now_ns);
        suspect.decide(Decision::of(FactKind::GapEndedBySend));
    } else if suspect.is_done(sock, silence.now_ns) {
        suspect.decide(Decision::of(FactKind::ProbationOver).ending(true));
    } else if suspect.is_news(sock, silence.now_ns) && suspect.may_emit() {
        suspect.decide(Decision::of(FactKind::Sent));
    } else {
        return None;
    }
    Some(suspect)
}
