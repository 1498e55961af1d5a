//! Facts on their way to user space.

use crate::counters::count;
use crate::gap::Silence;
use crate::kernel::{Route, TcpSock};
use aya_ebpf::helpers::{bpf_get_current_comm, bpf_get_current_pid_tgid};
use aya_ebpf::macros::map;
use aya_ebpf::maps::RingBuf;
use core::mem::MaybeUninit;
use monitor_common::{Counter, Fact, FactKind, RING_BYTES, Segment, Socket, flags};

#[map]
static FACTS: RingBuf = RingBuf::with_byte_size(RING_BYTES, 0);

/// What a hook adds to the socket's own state.
#[derive(Clone, Copy)]
pub struct Context {
    pub path_id: u32,
    pub route: Option<Route>,
    pub task: Option<Task>,
    pub states: (u32, u32),
    pub segment: Option<Segment>,
}

impl Context {
    /// A fact on this path with nothing to add.
    pub const fn of_path(path_id: u32) -> Self {
        Self {
            path_id,
            route: None,
            task: None,
            states: (0, 0),
            segment: None,
        }
    }
}

/// The task that acts on a socket, or holds it.
#[derive(Clone, Copy)]
pub struct Task {
    pub pid: u32,
    pub comm: [u8; 16],
}

impl Task {
    /// The task that runs now. Only where a hook runs on an application's behalf:
    /// in softirq this is whoever was interrupted.
    #[inline(always)]
    pub fn current() -> Self {
        Self {
            pid: (bpf_get_current_pid_tgid() >> 32) as u32,
            comm: bpf_get_current_comm().unwrap_or_default(),
        }
    }
}

/// Tells one fact, or counts that it was dropped.
#[inline(always)]
pub fn tell(kind: FactKind, sock: TcpSock, silence: &Silence, context: &Context) {
    count(Counter::FactsSeen);
    match FACTS.reserve::<Fact>(0) {
        Some(mut entry) => {
            write(&mut entry, kind, sock, silence, context);
            entry.submit(0);
            count(Counter::FactsSubmitted);
        }
        None => count(Counter::FactsDroppedRingFull),
    }
}

/// Writes a whole fact, every byte of it.
#[inline(always)]
pub fn write(
    to: &mut MaybeUninit<Fact>,
    kind: FactKind,
    sock: TcpSock,
    silence: &Silence,
    context: &Context,
) {
    let mut bits = match context.route {
        Some(Route::Loopback) => flags::LOOPBACK,
        Some(Route::OnLink) => flags::ON_LINK,
        Some(Route::Unknown) => flags::ROUTE_UNKNOWN,
        Some(Route::Gateway) | None => 0,
    };
    if sock.keepalive() {
        bits |= flags::KEEPALIVE;
    }
    let task = match context.task {
        Some(task) => {
            bits |= flags::TASK_KNOWN;
            task
        }
        None => Task {
            pid: 0,
            comm: [0; 16],
        },
    };
    let segment = context.segment.unwrap_or_default();
    let to = to.as_mut_ptr();
    // SAFETY: `to` points to writable memory of a whole `Fact`. Member by member,
    // because a `Fact` does not fit on the stack twice.
    unsafe {
        (&raw mut (*to).kind).write(kind as u32);
        (&raw mut (*to).flags).write(bits);
        (&raw mut (*to).time_ns).write(silence.now_ns);
        (&raw mut (*to).payload_idle_ns).write(silence.payload_ns);
        (&raw mut (*to).packet_idle_ns).write(silence.packet_ns);
        (&raw mut (*to).path_id).write(context.path_id);
        (&raw mut (*to).pid).write(task.pid);
        (&raw mut (*to).comm).write(task.comm);
        (&raw mut (*to).old_state).write(context.states.0);
        (&raw mut (*to).new_state).write(context.states.1);
        (&raw mut (*to).segment).write(segment);
        sock.snapshot(&mut *(&raw mut (*to).socket).cast::<MaybeUninit<Socket>>());
    }
}
