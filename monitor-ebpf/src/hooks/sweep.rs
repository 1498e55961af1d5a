//! The sweep sees what no event shows. It walks the host's sockets, and writes out, as facts,
//! those that are at risk or soon so, crossed, stalled or waiting, and a sample of the others.

use crate::awaited;
use crate::counters::count;
use crate::emit::{Context, emit, write};
use crate::globals::{offset, setting};
use crate::kernel::pointer_at;
use crate::paths::{self, Threshold};
use crate::scope;
use crate::shown;
use crate::silence::{self, Silence};
use crate::snapshot::Snapshot;
use crate::sock::{TcpSock, is_open};
use crate::suspects::Suspect;
use crate::task::Task;
use crate::verifier::{Hidden, hidden};
use crate::watched;
use aya_ebpf::helpers::generated::{bpf_seq_write, bpf_sock_from_file};
use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, PerCpuArray};
use core::ffi::c_void;
use core::mem::MaybeUninit;
use monitor_common::{
    CLOSE_WAIT_NS, Counter, Fact, FactKind, NO_PATH, SilentSockets, SweepMode, SweepOrder,
    SweepOrders, SweptSocket, TcpState, flags, is_new,
};

/// What the next pass writes out.
#[map]
static SWEEP_ORDER: Array<SweepOrders> = Array::with_max_entries(1, 0);

/// Room for one row, which is too large for the stack. One entry is enough, because user
/// space runs one sweep of a load at a time.
#[map]
static SWEEP_ROW: PerCpuArray<SweptSocket> = PerCpuArray::with_max_entries(1, 0);

/// See [`Note`].
#[map]
static SWEEP_NOTE: PerCpuArray<[Hidden<u32>; 2]> = PerCpuArray::with_max_entries(1, 0);

/// Byte offsets in `struct bpf_iter__task_file` and `struct bpf_iter__tcp`: by the kernel's
/// own contract each member there is 8 bytes wide (`__bpf_md_ptr`).
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
    let (Some(orders), Some(mut note)) = (SWEEP_ORDER.get_ptr_mut(0), Note::new()) else {
        return;
    };
    // SAFETY: a value of the map's; its order is user space's, which changes it between sweeps only.
    let order = unsafe { &(*orders).order };
    // SAFETY: the same value; this is its place, and nothing is read.
    let last = unsafe { &raw const (*orders).last };
    // SAFETY: the same.
    let now = unsafe { &raw mut (*orders).now };
    scope::seen(sock, task);
    if order.mode == SweepMode::All as u32 && shown::has(order.sweep, sock) {
        return;
    }
    // Each is noted as soon as it is known: what is kept in registers the verifier follows in every combination.
    let state = sock.state();
    note.put(&[
        (ALL, order.mode == SweepMode::All as u32),
        (OPEN, is_open(state)),
        (HALF_CLOSED, is_half_closed(state)),
    ]);
    note.add(LEFT, is_left(sock, state));
    note.add(SUSPECTED, Suspect::of(sock).is_some());
    // Whether others reach an address is a contrast to what fails there, and no list's business.
    if !note.has(ALL) {
        let resent = state == TcpState::SynSent as u32 && sock.retransmits() > 0;
        note.add(CONNECTING, resent);
    } else {
        note.add(CLOSING, is_closing(state));
    }
    if !note.has(OPEN | HALF_CLOSED | SUSPECTED | CONNECTING | CLOSING) {
        return;
    }
    // Every healthy socket gets as far as the two returns below: single loads only.
    if note.has(OPEN | HALF_CLOSED) {
        note.add(STALLED, is_stalled(sock));
    }
    if note.has(OPEN | CONNECTING) {
        let hash = sock.hash();
        note.keep_hash(hash);
        note.add(SAMPLED, hash & order.sample_mask == order.sample_turn);
        note.add_number(SAMPLED, awaited::has(last, hash));
    }
    if !note.has(ALL | STALLED | SUSPECTED | SAMPLED | LEFT) && silence::is_busy(sock) {
        return;
    }
    let Some(silence) = hidden(&Silence::of(sock)) else {
        return;
    };
    note.drop_unless(LEFT, silence.packet_ns >= CLOSE_WAIT_NS);
    // The payload clock's silence is the longest of all. To find the path of a connection
    // takes longer than everything before.
    let soon_ns = silence.payload_ns.saturating_add(order.ahead_ns);
    if !note.has(ALL | STALLED | SUSPECTED | SAMPLED | LEFT) && soon_ns < order.least_threshold_ns {
        return;
    }
    if scope::leaves_out(sock) {
        return;
    }
    if note.has(SAMPLED) {
        count(Counter::SweepSamplesWithin);
    }
    let measured = paths::threshold_in_scope(sock);
    decide(sock, order, &mut note, &silence, measured);
    awaited::note(now, note.hash(), note.number(AWAITS));
    let began_ns = task.map_or(0, Task::began_ns);
    let new = is_new(began_ns, silence.now_ns);
    if note.has(SHOWN) {
        let (path_id, route) = match measured {
            Some((threshold, route)) => (threshold.path_id, route),
            None => (NO_PATH, flags::LOOPBACK),
        };
        let about = Context {
            task: task.map(Task::of),
            flags: note.flags() | route,
            ..Context::of_path(path_id)
        };
        let is_kept = write_out(context, sock, &silence, &about, began_ns);
        if is_kept && order.mode == SweepMode::All as u32 {
            // Who has held it for longer may come yet.
            shown::note(order.sweep, sock, 1 - new);
        }
    }
    if note.has(SILENT) {
        if order.silent == SilentSockets::Watched as u32 {
            watched::request(sock, task.map_or(0, |task| Task::of(task).pid));
        } else if order.silent == SilentSockets::Kept as u32 {
            Snapshot::ask_for(sock, task.map(Task::of), began_ns * u64::from(new));
        } else {
            count(Counter::SweepSilent);
        }
    }
}

/// Decides, and notes, what is to be done with a socket that may matter.
#[inline(always)]
fn decide(
    sock: TcpSock,
    order: &SweepOrder,
    note: &mut Note,
    silence: &Silence,
    measured: Option<(Threshold, u32)>,
) {
    let all = note.has(ALL);
    // A suspect is always shown: what the receive hook cannot see (it runs in ESTABLISHED
    // only) shows in the socket's counters.
    let mut found = note.has(SUSPECTED);
    let mut silent_soon = false;
    if let Some((threshold, _)) = measured {
        let at_most = silence.at_most(threshold.clock);
        found |= note.has(STALLED);
        silent_soon = order.silent != SilentSockets::Ignored as u32
            && note.has(OPEN)
            && at_most.saturating_add(order.ahead_ns) >= threshold.warn_ns;
        if threshold.path_id != NO_PATH {
            let silent = at_most >= threshold.warn_ns;
            found |= silent;
            note.foresee(at_most, order.ahead_ns, &threshold);
            note.add(
                AWAITS,
                silence.payload_ns >= threshold.timeout_ns
                    && sock.state() == TcpState::Established as u32
                    && waits_for_reply(sock),
            );
            found |= note.has(AWAITS);
            if silent && !all && note.has(HALF_CLOSED) && !note.has(SUSPECTED) {
                Suspect::begin_half_closed(sock, threshold, silence.now_ns);
            }
        }
    }
    // A sample is shown without a path too: failing connections are compared with it.
    let sampled = note.has(SAMPLED) && measured.is_some();
    if note.has(SUSPECTED)
        && let Some(suspect) = Suspect::of(sock)
    {
        review(sock, suspect, sock.state(), silence);
    }
    let left = note.has(LEFT) && measured.is_some();
    note.conclude(&[
        (SHOWN, all || found || sampled || left),
        (FOUND, all || found),
        (SILENT, silent_soon),
        (LEFT, left),
    ]);
}

/// What is known of the socket at hand, and what is to be done with it: the bits below; and its hash.
struct Note(&'static mut Hidden<u32>, &'static mut Hidden<u32>);

/// Every connection is wanted.
const ALL: u32 = 1 << 0;
const OPEN: u32 = 1 << 1;
const HALF_CLOSED: u32 = 1 << 2;
const SUSPECTED: u32 = 1 << 3;
const STALLED: u32 = 1 << 4;
const SAMPLED: u32 = 1 << 5;
/// A fact is to be written.
const SHOWN: u32 = 1 << 6;
/// The fact is not a mere sample.
const FOUND: u32 = 1 << 7;
/// It is silent, or will be before the next sweep: see [`SilentSockets`].
const SILENT: u32 = 1 << 8;
/// See [`flags::SOON`]; of an open connection that is not stalled.
const SOON: u32 = 1 << 9;
/// It tries to open, and was not answered at first.
const CONNECTING: u32 = 1 << 10;
/// It is on its way out, and every connection is wanted.
const CLOSING: u32 = 1 << 11;
/// See [`flags::CLOSE_WAIT`].
const LEFT: u32 = 1 << 12;
/// It waits for a reply, for as long as its path's timeout.
const AWAITS: u32 = 1 << 13;

impl Note {
    #[inline(always)]
    fn new() -> Option<Self> {
        let bits = SWEEP_NOTE.get_ptr_mut(0)?;
        // SAFETY: this CPU's value; user space runs one sweep of a load at a time.
        let [bits, hash] = unsafe { &mut *bits };
        Some(Self(bits, hash))
    }

    /// Keeps the hash of an open connection.
    #[inline(always)]
    fn keep_hash(&mut self, hash: u32) {
        self.1.put(hash);
    }

    /// The hash that was kept last: of this connection, if it is open.
    #[inline(always)]
    fn hash(&self) -> u32 {
        self.1.get()
    }

    /// Sets this one too, if `is` is 1 and not 0.
    #[inline(always)]
    fn add_number(&mut self, bit: u32, is: u32) {
        self.0.put(self.0.get() | (bit * is));
    }

    /// 1 if this bit is set, else 0.
    #[inline(always)]
    fn number(&self, bit: u32) -> u32 {
        (self.0.get() / bit) & 1
    }

    /// Sets these bits, and clears all others.
    #[inline(always)]
    fn put<const N: usize>(&mut self, bits: &[(u32, bool); N]) {
        self.0.put(Self::word(bits));
    }

    /// Sets this one too, if it `is` so.
    #[inline(always)]
    fn add(&mut self, bit: u32, is: bool) {
        self.0.put(self.0.get() | (bit * u32::from(is)));
    }

    /// Clears this one, unless it `is` so.
    #[inline(always)]
    fn drop_unless(&mut self, bit: u32, is: bool) {
        self.0.put(self.0.get() & !(bit * u32::from(!is)));
    }

    /// Sets these bits as [`Self::put`] does, what is [`SOON`] stays so, is found and shown, and what [`AWAITS`] still does.
    #[inline(always)]
    fn conclude<const N: usize>(&mut self, bits: &[(u32, bool); N]) {
        let soon = (self.0.get() / SOON) & 1;
        let awaits = self.0.get() & AWAITS;
        self.0
            .put(Self::word(bits) | (soon * (SOON | FOUND | SHOWN)) | awaits);
    }

    #[inline(always)]
    fn word<const N: usize>(bits: &[(u32, bool); N]) -> u32 {
        let mut note = 0;
        for (bit, is) in bits {
            note |= bit * u32::from(*is);
        }
        note
    }

    /// Notes whether a silence of `at_most` ns, on a path of its own, is [`SOON`]: not past its threshold, no less than
    /// `min_gap`, and at its timeout within `ahead_ns`. By signs of differences and not by branches, of which each would
    /// double what the verifier walks from here on. All of these times are below 2^62 ns.
    #[inline(always)]
    fn foresee(&mut self, at_most: u64, ahead_ns: u64, threshold: &Threshold) {
        let min_gap_ns = setting(|settings| &settings.min_gap_ns);
        let note = self.0.get();
        let in_time = negative(at_most.wrapping_add(ahead_ns), threshold.timeout_ns);
        let short = negative(at_most, min_gap_ns);
        let below = negative(at_most, threshold.warn_ns);
        let soon = below & !in_time & !short & (note / OPEN) & !(note / STALLED) & 1;
        self.0.put(note | (soon * SOON));
    }

    /// The flags of the fact: [`flags::SOON`], or [`flags::SAMPLED`] where nothing was found; and [`flags::CLOSE_WAIT`].
    #[inline(always)]
    fn flags(&self) -> u32 {
        let note = self.0.get();
        (((note / SOON) & 1) * flags::SOON)
            | ((!(note / FOUND) & 1) * flags::SAMPLED)
            | (((note / LEFT) & 1) * flags::CLOSE_WAIT)
    }

    /// Whether any of these bits is set.
    #[inline(always)]
    fn has(&self, bits: u32) -> bool {
        self.0.get() & bits != 0
    }
}

/// 1 where `a` is less than `b`, else 0; they differ by less than 2^63.
#[inline(always)]
fn negative(a: u64, b: u64) -> u32 {
    (a.wrapping_sub(b) >> 63) as u32
}

/// Ends a suspicion from which no further fact will come.
#[inline(always)]
fn review(sock: TcpSock, suspect: &mut Suspect, state: u32, silence: &Silence) {
    let since_ns = suspect.since_ns;
    let (kind, states) = if suspect.half_closed != 0 && suspect.was_answered(sock) {
        // No hook saw the payload come. The states are set, as in the fact of a change of
        // state: they tell that the silence is not the one that the payload ended.
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
    if suspect.end_if_since(sock, since_ns) {
        emit(kind, sock, silence, &context);
    }
}

/// Whether something should move and perhaps does not: a probe or retransmitted data is
/// unanswered, data waits although none is in flight, or unread data has nearly closed this
/// host's window.
#[inline(always)]
fn is_stalled(sock: TcpSock) -> bool {
    if sock.retransmits() > 0 || sock.probes_out() > 0 || sock.retrans_out() > 0 {
        return true;
    }
    if sock.write_seq() != sock.snd_nxt() && sock.packets_out() == 0 {
        return true;
    }
    let rcv_nxt = sock.rcv_nxt();
    if sock.copied_seq() == rcv_nxt {
        return false;
    }
    // As the stack computes it (`tcp_receive_window`): negative with data beyond the window.
    let window = sock
        .rcv_wup()
        .wrapping_add(sock.rcv_wnd())
        .wrapping_sub(rcv_nxt);
    (window as i32) < (sock.rcv_mss() as i32).max(1)
}

/// Whether a reply may be due: this host opened the connection, sent last, and all that it
/// sent is acknowledged.
#[inline(always)]
fn waits_for_reply(sock: TcpSock) -> bool {
    let snd_una = sock.snd_una();
    if snd_una != sock.snd_nxt() || snd_una != sock.write_seq() {
        return false;
    }
    // `bytes_acked` counts the SYN of the side that opened the connection; `bytes_sent` counts
    // also what this host itself (a firewall, say) refused to let out.
    let sent = sock.bytes_sent().wrapping_sub(sock.bytes_retrans());
    let opened = sent > 0 && !sock.accepted() && sock.bytes_acked() != sent;
    // Within one jiffy the ACK of what was sent last comes after what the peer said, or with it: see
    // [`monitor_common::Socket::snd_wl1`]. Whether that tells, user space knows.
    let (sent, received) = (sock.lsndtime(), sock.lrcvtime());
    let differ = (sent ^ received) | (sock.snd_wl1() ^ sock.rcv_nxt());
    // By signs and not by branches, as in [`Note::foresee`].
    let after = received.wrapping_sub(sent) >> 31;
    let same = !((differ | differ.wrapping_neg()) >> 31) & 1;
    opened && after | same != 0
}

/// Writes the socket out, with when its process began; `false` where it is to be written once more.
#[inline(always)]
fn write_out(
    context: *const c_void,
    sock: TcpSock,
    silence: &Silence,
    about: &Context,
    process_began_ns: u64,
) -> bool {
    let Some(room) = SWEEP_ROW.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: this CPU's room; user space runs one sweep of a load at a time.
    let row = unsafe { &mut *room };
    row.process_began_ns = process_began_ns;
    // SAFETY: the same room; what holds a fact may be without one.
    let fact = unsafe { &mut *(&raw mut row.fact).cast::<MaybeUninit<Fact>>() };
    sock.ensure_cookie();
    write(fact, FactKind::Swept as u32, sock, silence, about);
    let seq = pointer_at(pointer_at(context, META), 0);
    // A full buffer loses nothing: the kernel hands it over, and visits the socket again.
    // SAFETY: the iterator's own seq_file, and a whole row written just above.
    let full = unsafe {
        bpf_seq_write(
            seq.cast_mut().cast(),
            room.cast_const().cast(),
            size_of::<SweptSocket>() as u32,
        )
    };
    full == 0
}

/// Whether the peer has closed, this host's application has not, and has nothing on its way.
#[inline(always)]
fn is_left(sock: TcpSock, state: u32) -> bool {
    state == TcpState::CloseWait as u32 && sock.snd_una() == sock.write_seq()
}

#[inline(always)]
fn is_half_closed(state: u32) -> bool {
    state == TcpState::FinWait1 as u32 || state == TcpState::FinWait2 as u32
}

#[inline(always)]
fn is_closing(state: u32) -> bool {
    state == TcpState::FinWait1 as u32
        || state == TcpState::FinWait2 as u32
        || state == TcpState::LastAck as u32
        || state == TcpState::Closing as u32
}
