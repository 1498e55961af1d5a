//! Facts on their way to user space.

use crate::counters::{count, uncount};
use crate::segment;
use crate::silence::Silence;
use crate::snapshot::Snapshot;
use crate::sock::TcpSock;
use crate::suspects::{Decision, Suspect};
use crate::task::Task;
use aya_ebpf::macros::map;
use aya_ebpf::maps::RingBuf;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use monitor_common::{Counter, Fact, FactKind, RING_BYTES, Segment, flags};

#[map]
static FACTS: RingBuf = RingBuf::with_byte_size(RING_BYTES, 0);

/// What a fact holds besides the state of its socket.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub path_id: u32,
    pub task: Option<Task>,
    pub states: (u32, u32),
    pub segment: Option<Arrival>,
    /// Bits of [`flags`] besides those that follow from the rest: how the peer is reached, among others.
    pub flags: u32,
    /// The socket before `segment`, if the socket was read only after it.
    pub before: Option<&'a Snapshot>,
    /// The fact is of a moment before all that came since the snapshot, also what this host sent.
    pub at_snapshot: bool,
}

/// A segment, and the `struct sk_buff *` that it was read from; null if no more can be read
/// of it.
#[derive(Clone, Copy)]
pub struct Arrival {
    pub segment: Segment,
    pub skb: *const c_void,
}

impl Context<'_> {
    /// A fact on this path with nothing to add.
    pub const fn of_path(path_id: u32) -> Self {
        Self {
            path_id,
            task: None,
            states: (0, 0),
            segment: None,
            flags: 0,
            before: None,
            at_snapshot: false,
        }
    }
}

/// Hands one fact to user space, or counts that it was dropped. The socket must have its
/// cookie.
#[inline(always)]
pub fn emit(kind: FactKind, sock: TcpSock, silence: &Silence, context: &Context) {
    emit_number(kind as u32, sock, silence, context);
}

/// Emits the fact that was decided on for a suspect, and ends the suspicion if so decided.
#[inline(always)]
pub fn emit_decided(sock: TcpSock, suspect: &Suspect, silence: &Silence, context: &Context) {
    let Decision { kind, flags, ends } = suspect.decided();
    let context = Context {
        path_id: suspect.path_id,
        flags,
        ..*context
    };
    emit_number(kind, sock, silence, &context);
    if ends != 0 {
        suspect.end(sock);
    }
}

#[inline(always)]
pub fn emit_number(kind: u32, sock: TcpSock, silence: &Silence, context: &Context) {
    count(Counter::FactsSeen);
    log!("socket {}: a fact of kind {}", sock.cookie(), kind);
    match FACTS.reserve::<Fact>(0) {
        Some(mut entry) => {
            let version = context.before.map(|before| before.version.get());
            write(&mut entry, kind, sock, silence, context);
            if version != context.before.map(|before| before.version.get()) {
                // It was written meanwhile, by a revisit that tells the same.
                entry.discard(0);
                uncount(Counter::FactsSeen);
                return;
            }
            entry.submit(0);
            count(Counter::FactsSubmitted);
        }
        None => count(Counter::FactsDroppedRingFull),
    }
}

/// Writes a whole fact, every byte of it. The socket must have its cookie.
#[inline(always)]
pub fn write(
    to: &mut MaybeUninit<Fact>,
    kind: u32,
    sock: TcpSock,
    silence: &Silence,
    context: &Context,
) {
    // SAFETY: the memory is a map's, so there are some bytes in it, and every bit pattern is
    // a valid `Fact` (it is a `Record`).
    let fact = unsafe { to.assume_init_mut() };
    // This comes first because it has a loop, through which the verifier would follow every
    // branch that comes before it.
    match context.segment {
        Some(arrival) => {
            fact.segment = arrival.segment;
            if !arrival.skb.is_null() {
                segment::details(arrival.skb, &mut fact.segment);
            }
        }
        None => fact.segment = Segment::default(),
    }
    let mut bits = context.flags;
    if sock.keepalive() {
        bits |= flags::KEEPALIVE;
    }
    bits |= sock.foreign_address() * flags::FOREIGN_ADDRESS;
    let task = match context.task {
        Some(task) => {
            if task.pid != 0 {
                bits |= flags::TASK_KNOWN;
            }
            task
        }
        None => Task {
            pid: 0,
            comm: [0; 16],
        },
    };
    // Member by member: a whole `Fact` does not fit on the stack beside the rest.
    fact.kind = kind;
    fact.flags = bits;
    fact.time_ns = silence.now_ns;
    fact.payload_idle_ns = silence.payload_ns;
    fact.packet_idle_ns = silence.packet_ns;
    fact.packet_idle_max_ns = silence.packet_max_ns;
    fact.path_id = context.path_id;
    fact.pid = task.pid;
    fact.comm = task.comm;
    fact.old_state = context.states.0;
    fact.new_state = context.states.1;
    sock.write_to(&mut fact.socket);
    if let Some(before) = context.before {
        if context.at_snapshot {
            before.restore_all(&mut fact.socket, &fact.segment);
        } else {
            before.restore(&mut fact.socket);
        }
    }
}
