//! The sweep: sees what no event can. It walks sockets, and writes out those
//! that are at risk, crossed or stalled, as facts.

use crate::counters::count;
use crate::emit::{Context, Task, tell, write};
use crate::gap;
use crate::globals::offset;
use crate::kernel::{TcpSock, guarded, pointer_at};
use crate::paths;
use crate::suspects::Suspect;
use aya_ebpf::helpers::generated::{bpf_seq_write, bpf_sock_from_file};
use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, PerCpuArray};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use monitor_common::{Counter, Fact, FactKind, NO_PATH, SweepMode, SweepOrder, TcpState};

/// What the next pass writes out.
#[map]
static SWEEP_ORDER: Array<SweepOrder> = Array::with_max_entries(1, 0);

/// Room for one row: a fact is too large for the stack. One entry does, because
/// user space runs one sweep of a load at a time.
#[map]
static SWEEP_ROW: PerCpuArray<Fact> = PerCpuArray::with_max_entries(1, 0);

/// Word offsets in `struct bpf_iter__task_file` and `struct bpf_iter__tcp`: each
/// member there is 8 bytes wide (`__bpf_md_ptr`), by the kernel's own contract.
const META: usize = 0;
const TASK: usize = 8;
const SOCK_COMMON: usize = 8;
const FILE: usize = 24;

/// Every open file of every process, in all network namespaces.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task_file")]
pub extern "C" fn sweep_task_file(context: *mut c_void) -> i32 {
    let task = pointer_at(context, TASK);
    let file = pointer_at(context, FILE);
    if task.is_null() || file.is_null() {
        return 0;
    }
    // SAFETY: a file of the iterator's, not null; the helper answers null for
    // what is no socket.
    let socket = unsafe { bpf_sock_from_file(file.cast_mut().cast()) };
    if socket.is_null() {
        return 0;
    }
    let sk = pointer_at(
        socket.cast_const().cast(),
        offset(|offsets| &offsets.socket_sk) as usize,
    );
    if let Some(sock) = TcpSock::from_sock(sk) {
        visit(context, sock, Some(task));
    }
    0
}

/// Every socket of the network namespace it is opened in, also those that no
/// process holds.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/tcp")]
pub extern "C" fn sweep_tcp(context: *mut c_void) -> i32 {
    if let Some(sock) = TcpSock::from_sock(pointer_at(context, SOCK_COMMON)) {
        visit(context, sock, None);
    }
    0
}

#[inline(always)]
fn visit(context: *const c_void, sock: TcpSock, task: Option<*const c_void>) {
    count(Counter::SweepSockets);
    let all = SWEEP_ORDER
        .get(0)
        .is_some_and(|order| order.mode == SweepMode::All as u32);
    let state = sock.state();
    let can_send = state == TcpState::Established as u32 || state == TcpState::CloseWait as u32;
    let suspected = sock.has_storage();
    let wanted = can_send || is_closing(state) && (all || suspected);
    if !wanted {
        return;
    }
    // Something is out and no answer is in: data, or a probe.
    let stalled = sock.icsk_retransmits() > 0 || sock.icsk_probes_out() > 0;
    if !all && !stalled && !suspected && gap::is_busy(sock) {
        return;
    }
    let silence = gap::silence(sock);
    let measured = paths::threshold(sock);
    let (path_id, route) = match measured {
        Some((threshold, route)) => (threshold.path_id, Some(route)),
        None => (NO_PATH, Some(crate::kernel::Route::Loopback)),
    };
    let silent = can_send
        && measured.is_some_and(|(threshold, _)| {
            threshold.path_id != NO_PATH && silence.at_most(threshold.clock) >= threshold.warn_ns
        });
    // A suspect is shown whatever it does: what the receive hook cannot see (it runs
    // in ESTABLISHED only) shows in its counters.
    if let Some(suspect) = Suspect::of(sock)
        && suspect.is_done(sock, silence.now_ns)
    {
        let context = Context::of_path(suspect.path_id);
        tell(FactKind::ProbationOver, sock, &silence, &context);
        Suspect::end(sock);
    }
    let told = all || silent || suspected || stalled && measured.is_some();
    if !told {
        return;
    }
    let context_of_row = Context {
        route,
        task: task.map(holder),
        ..Context::of_path(path_id)
    };
    write_row(context, sock, &silence, &context_of_row);
}

#[inline(always)]
fn write_row(context: *const c_void, sock: TcpSock, silence: &gap::Silence, row: &Context) {
    let Some(room) = SWEEP_ROW.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: this CPU's room; user space runs one sweep of a load at a time.
    let room = unsafe { &mut *room.cast::<MaybeUninit<Fact>>() };
    write(room, FactKind::Swept, sock, silence, row);
    let seq = pointer_at(pointer_at(context, META), 0);
    // A full buffer is no loss: the kernel hands it over and comes back here.
    // SAFETY: the iterator's own seq_file, and a whole fact written just above.
    let _ = unsafe {
        bpf_seq_write(
            seq.cast_mut().cast(),
            room.as_ptr().cast(),
            size_of::<Fact>() as u32,
        )
    };
}

/// The process that holds the socket.
#[inline(always)]
fn holder(task: *const c_void) -> Task {
    Task {
        pid: guarded(task as u64, |offsets| &offsets.task_tgid),
        comm: guarded(task as u64, |offsets| &offsets.task_comm),
    }
}

#[inline(always)]
fn is_closing(state: u32) -> bool {
    state == TcpState::FinWait1 as u32
        || state == TcpState::FinWait2 as u32
        || state == TcpState::LastAck as u32
        || state == TcpState::Closing as u32
}
