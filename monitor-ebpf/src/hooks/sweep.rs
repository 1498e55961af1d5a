//! The sweep: sees what no event can. It walks sockets, and writes out those
//! that are at risk, crossed, stalled or waiting, and a sample, as facts.

use crate::counters::count;
use crate::emit::{Context, Task, tell, write};
use crate::gap;
use crate::globals::offset;
use crate::kernel::{Route, TcpSock, pointer_at};
use crate::marks;
use crate::paths;
use crate::suspects::Suspect;
use aya_ebpf::helpers::generated::{bpf_seq_write, bpf_sock_from_file};
use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, PerCpuArray};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use monitor_common::{Counter, Fact, FactKind, NO_PATH, SweepMode, SweepOrder, TcpState, flags};

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
    let Some(order) = SWEEP_ORDER.get(0) else {
        return;
    };
    let all = order.mode == SweepMode::All as u32;
    let state = sock.state();
    let open = state == TcpState::Established as u32 || state == TcpState::CloseWait as u32;
    let half_closed = state == TcpState::FinWait1 as u32 || state == TcpState::FinWait2 as u32;
    let suspect = Suspect::of(sock);
    let suspected = suspect.is_some();
    let matters = open || half_closed || suspected || all && is_closing(state);
    if !matters {
        return;
    }
    // Up to here and through the next lines comes every healthy socket: single
    // loads only.
    let stalled = open && is_stalled(sock);
    let sampled = open && sock.hash() & order.sample_mask == order.sample_turn;
    if !all && !stalled && !suspected && !sampled && gap::is_busy(sock) {
        return;
    }
    let silence = gap::silence(sock);
    let measured = paths::threshold(sock);
    let (path_id, route) = match measured {
        Some((threshold, route)) => (threshold.path_id, Some(route)),
        None => (NO_PATH, Some(Route::Loopback)),
    };
    let on_path = path_id != NO_PATH;
    let (silent, waiting) = match measured {
        Some((threshold, _)) if on_path => (
            silence.at_most(threshold.clock) >= threshold.warn_ns,
            silence.payload_ns >= threshold.timeout_ns
                && state == TcpState::Established as u32
                && waits_for_reply(sock),
        ),
        _ => (false, false),
    };
    if order.mark != 0
        && open
        && let Some((threshold, _)) = measured
        && silence
            .at_most(threshold.clock)
            .saturating_add(order.mark_ahead_ns)
            >= threshold.warn_ns
    {
        marks::want(sock, task.map_or(0, |task| Task::of(task).pid));
    }
    // A suspect is shown whatever it does: what the receive hook cannot see (it runs
    // in ESTABLISHED only) shows in its counters.
    if let Some(suspect) = suspect {
        review(sock, suspect, state, &silence);
    } else if !all
        && half_closed
        && silent
        && let Some((threshold, _)) = measured
    {
        Suspect::begin_half_closed(sock, threshold, silence.now_ns);
    }
    let found = silent || waiting || suspected || stalled && measured.is_some();
    // Without a path too: it is a neighbour of those that fail.
    let shown = all || found || sampled && measured.is_some();
    if !shown {
        return;
    }
    let context_of_row = Context {
        route,
        task: task.map(Task::of),
        flags: if all || found { 0 } else { flags::SAMPLED },
        ..Context::of_path(path_id)
    };
    write_row(context, sock, &silence, &context_of_row);
}

/// Ends a suspicion that has nothing more to tell.
#[inline(always)]
fn review(sock: TcpSock, suspect: &mut Suspect, state: u32, silence: &gap::Silence) {
    let (kind, states) = if suspect.half_closed != 0 && suspect.was_answered(sock) {
        // No hook saw it come. With states, as where a change of state shows it: the
        // silence is not the one that it ended.
        (FactKind::PayloadArrived, (state, state))
    } else if suspect.is_done(sock, silence.now_ns) {
        (FactKind::ProbationOver, (0, 0))
    } else {
        return;
    };
    let context = Context {
        states,
        ..Context::of_path(suspect.path_id)
    };
    tell(kind, sock, silence, &context);
    suspect.end(sock);
}

/// Whether something should move and may not: a probe or data that was sent again
/// stands unanswered, data waits although none is in flight, or unread data has all
/// but closed this host's window.
#[inline(always)]
fn is_stalled(sock: TcpSock) -> bool {
    if sock.icsk_retransmits() > 0 || sock.icsk_probes_out() > 0 || sock.retrans_out() > 0 {
        return true;
    }
    if sock.write_seq() != sock.snd_nxt() && sock.packets_out() == 0 {
        return true;
    }
    let rcv_nxt = sock.rcv_nxt();
    if sock.copied_seq() == rcv_nxt {
        return false;
    }
    // The stack's own sum (tcp_receive_window): data beyond the window makes it
    // negative.
    let window = sock
        .rcv_wup()
        .wrapping_add(sock.rcv_wnd())
        .wrapping_sub(rcv_nxt);
    (window as i32) < i32::from(sock.rcv_mss()).max(1)
}

/// Whether this host opened the connection, sent last and has all of it
/// acknowledged: then a reply may be due.
#[inline(always)]
fn waits_for_reply(sock: TcpSock) -> bool {
    let snd_una = sock.snd_una();
    if snd_una != sock.snd_nxt() || snd_una != sock.write_seq() {
        return false;
    }
    // `bytes_acked` counts the SYN of the side that opened the connection, and
    // `bytes_sent` what this host itself then refused to let out.
    let sent = sock.bytes_sent().wrapping_sub(sock.bytes_retrans());
    let opened = sent > 0 && !sock.accepted() && sock.bytes_acked() != sent;
    // Within one jiffy nobody knows who spoke last.
    opened && (sock.lsndtime().wrapping_sub(sock.lrcvtime()) as i32) > 0
}

#[inline(always)]
fn write_row(context: *const c_void, sock: TcpSock, silence: &gap::Silence, row: &Context) {
    let Some(room) = SWEEP_ROW.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: this CPU's room; user space runs one sweep of a load at a time.
    let room = unsafe { &mut *room.cast::<MaybeUninit<Fact>>() };
    sock.ensure_cookie();
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

#[inline(always)]
fn is_closing(state: u32) -> bool {
    state == TcpState::FinWait1 as u32
        || state == TcpState::FinWait2 as u32
        || state == TcpState::LastAck as u32
        || state == TcpState::Closing as u32
}
