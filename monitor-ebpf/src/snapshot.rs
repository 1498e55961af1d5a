//! What a silent socket was like: what changed since the snapshot is what came since.
//!
//! Of a watched socket each callback takes one, under the socket's lock: callbacks come after most segments that arrive,
//! not before them. Where no socket is watched the sweep and its revisits take and remove them, and are their only
//! writers; hooks read them.

use crate::counters::count;
use crate::kernel;
use crate::silence::{Clocks, Silence};
use crate::sock::TcpSock;
use crate::storage;
use crate::task::Task;
use crate::verifier::Hidden;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::macros::{btf_map, map};
use aya_ebpf::maps::Array;
use core::ptr;
use monitor_common::{
    Counter, Record, SNAPSHOT_BYTES, Segment, Socket, UNKNOWN_WSCALE, segment_options, tcp_flags,
};

/// Where a connection stood in both directions.
#[derive(Clone, Copy)]
pub struct Edges {
    pub rcv_nxt: u32,
    pub snd_una: u32,
}

/// The members of a socket that a segment changes, in one direction or the other.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Snapshot {
    pub clocks: Clocks,
    pub bytes_acked: u64,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub bytes_retrans: u64,
    /// When the socket was last seen to be as in here, CLOCK_MONOTONIC in ns.
    pub looked_ns: u64,
    pub snd_una: u32,
    pub snd_nxt: u32,
    pub write_seq: u32,
    pub rcv_nxt: u32,
    pub snd_wnd: u32,
    pub snd_wl1: u32,
    pub rcv_tsval: u32,
    pub segs_in: u32,
    pub segs_out: u32,
    pub data_segs_in: u32,
    pub data_segs_out: u32,
    pub delivered: u32,
    pub total_retrans: u32,
    pub rto_jiffies: u32,
    /// Who held the socket when it was taken; 0 if unknown, and for callbacks, which see who sends.
    pub pid: u32,
    /// When that process began, in units of 2^20 ns, low 32 bits, while it is new; else 0. Whom the same sweep sees with the
    /// socket and who began earlier goes before it.
    holder_began: u32,
    pub comm: [u8; 16],
    /// 1 if the segment that is being parsed is left to the next snapshot.
    pub put_off: Hidden<u32>,
    /// Odd while it is whole. Even: it was asked for, or is written, or is a callback's, and nobody else's to read.
    pub version: Hidden<u32>,
}

/// Up to where a socket's numbers were told.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Told {
    pub write_seq: u32,
    pub snd_una: u32,
    pub rcv_nxt: u32,
    pub segs_in: u32,
    pub data_segs_in: u32,
    /// Always zero.
    pub reserved: u32,
}

impl Told {
    /// As they are now.
    #[inline(always)]
    pub fn of(sock: TcpSock) -> Self {
        Self {
            write_seq: sock.write_seq(),
            snd_una: sock.snd_una(),
            rcv_nxt: sock.rcv_nxt(),
            segs_in: sock.segs_in(),
            data_segs_in: sock.data_segs_in(),
            reserved: 0,
        }
    }
}

#[btf_map]
static SNAPSHOTS: SkStorage<Snapshot> = SkStorage::new();

/// How many more may be kept: user space counts them, and sets this before each sweep.
#[map]
static SNAPSHOT_ROOM: Array<u64> = Array::with_max_entries(1, 0);

// SAFETY: repr(C), integers only, without padding.
unsafe impl Record for Snapshot {}

const _: () = assert!(size_of::<Snapshot>() == SNAPSHOT_BYTES);

impl Snapshot {
    /// The last snapshot of a socket, if there is one.
    #[inline(always)]
    pub fn of(sock: TcpSock) -> Option<&'static mut Self> {
        storage::get(&SNAPSHOTS, sock)
    }

    /// Writes down the socket as it is now.
    #[inline(always)]
    fn fill(&mut self, sock: TcpSock) {
        self.clocks = Clocks::of(sock);
        self.bytes_acked = sock.bytes_acked();
        self.bytes_received = sock.bytes_received();
        self.bytes_sent = sock.bytes_sent();
        self.bytes_retrans = sock.bytes_retrans();
        self.snd_una = sock.snd_una();
        self.snd_nxt = sock.snd_nxt();
        self.write_seq = sock.write_seq();
        self.rcv_nxt = sock.rcv_nxt();
        self.snd_wnd = sock.snd_wnd();
        self.snd_wl1 = sock.snd_wl1();
        self.rcv_tsval = sock.rcv_tsval();
        self.segs_in = sock.segs_in();
        self.segs_out = sock.segs_out();
        self.data_segs_in = sock.data_segs_in();
        self.data_segs_out = sock.data_segs_out();
        self.delivered = sock.delivered();
        self.total_retrans = sock.total_retrans();
        self.rto_jiffies = sock.rto_jiffies();
        self.looked_ns = kernel::now_ns();
    }

    /// Takes the first snapshot of a watched socket, under its lock. Returns whether the kernel gave room for it.
    #[inline(always)]
    pub fn begin(sock: TcpSock) -> bool {
        match storage::get_or_create(&SNAPSHOTS, sock) {
            Some(snapshot) => {
                snapshot.renew(sock);
                true
            }
            None => false,
        }
    }

    /// Takes another one in its place, in a callback.
    #[inline(always)]
    pub fn renew(&mut self, sock: TcpSock) {
        self.fill(sock);
        self.put_off.put(0);
    }

    /// Asks for a snapshot of a silent socket, unless there is one. The sweep does: it does not hold the socket's lock,
    /// so what it makes is nobody's to read until the next revisit has taken the snapshot. `began_ns` is when its `holder`
    /// began, if that is new, else 0: one that has held the socket for longer may come yet.
    #[inline(always)]
    pub fn ask_for(sock: TcpSock, holder: Option<Task>, began_ns: u64) {
        let began = (began_ns >> 20) as u32;
        if sock.packets_out() != 0 {
            return;
        }
        if let Some(snapshot) = Self::of(sock) {
            let newer = snapshot.holder_began;
            let earlier = newer != 0 && (began == 0 || (began.wrapping_sub(newer) as i32) < 0);
            if snapshot.version.get() == 0 && earlier {
                snapshot.is_held_by(holder, began);
            }
            return;
        }
        let Some(room) = SNAPSHOT_ROOM.get_ptr_mut(0) else {
            return;
        };
        // SAFETY: a value of the map's, which only the sweep changes while it runs, and of which user space runs one.
        let left = unsafe { ptr::read_volatile(room) };
        let made = if left > 0 {
            storage::get_or_create(&SNAPSHOTS, sock)
        } else {
            None
        };
        let Some(snapshot) = made else {
            return count(Counter::SnapshotsRefused);
        };
        // SAFETY: as above.
        unsafe { ptr::write_volatile(room, left - 1) };
        snapshot.is_held_by(holder, began);
    }

    #[inline(always)]
    fn is_held_by(&mut self, holder: Option<Task>, began: u32) {
        if let Some(Task { pid, comm }) = holder {
            self.pid = pid;
            self.comm = comm;
            self.holder_began = began;
        }
    }

    /// Takes the snapshot that was asked for. Returns whether the socket stood still meanwhile, and nothing is on its way:
    /// else it is not silent, and the next revisit tries again.
    #[inline(always)]
    pub fn take(&mut self, sock: TcpSock) -> bool {
        let version = self.version.get();
        self.fill(sock);
        let still = self.is_still(sock) && self.is_settled();
        if still {
            self.version.put(version.wrapping_add(1));
        }
        still
    }

    /// Takes another one in its place, without the socket's lock. Who reads it sees that it is being written. What has
    /// moved since it was told up to `told` is left for the next look.
    #[inline(always)]
    pub fn take_anew(&mut self, sock: TcpSock, told: &Told) {
        let version = self.version.get();
        self.version.put(version.wrapping_add(1));
        self.fill(sock);
        self.write_seq = told.write_seq;
        self.snd_una = told.snd_una;
        self.rcv_nxt = told.rcv_nxt;
        self.segs_in = told.segs_in;
        self.data_segs_in = told.data_segs_in;
        self.version.put(version.wrapping_add(2));
    }

    /// Whether all that was sent by then was acknowledged: only then it is a silence that lasts.
    #[inline(always)]
    pub fn is_settled(&self) -> bool {
        self.snd_una == self.write_seq
    }

    /// Who held the socket.
    #[inline(always)]
    pub fn holder(&self) -> Task {
        Task {
            pid: self.pid,
            comm: self.comm,
        }
    }

    /// Notes that the socket is still as in here, but for its packet clock, which local timers move.
    #[inline(always)]
    pub fn seen_again(&mut self, sock: TcpSock) {
        let packets = sock.tcp_clock_cache();
        // SAFETY: a reference is valid. One store, which who reads sees whole.
        unsafe { ptr::write_volatile(&raw mut self.clocks.tcp_clock_cache, packets) };
        // SAFETY: the same.
        unsafe { ptr::write_volatile(&raw mut self.looked_ns, kernel::now_ns()) };
    }

    /// Whether who does not take it may read it.
    #[inline(always)]
    pub fn is_whole(&self) -> bool {
        self.version.get() & 1 != 0
    }

    /// Whether the socket is as in here: neither sent nor received anything.
    #[inline(always)]
    pub fn is_still(&self, sock: TcpSock) -> bool {
        self.segs_in == sock.segs_in()
            && self.segs_out == sock.segs_out()
            && self.clocks == Clocks::of(sock)
            && self.write_seq == sock.write_seq()
    }

    /// Uncounts a segment, with data (1) or without (0), that is left to the next snapshot.
    #[inline(always)]
    pub fn without(&mut self, data: u32) {
        self.segs_in = self.segs_in.wrapping_sub(1);
        self.data_segs_in = self.data_segs_in.wrapping_sub(data);
    }

    /// Removes the snapshot of a socket that is no longer watched.
    #[inline(always)]
    pub fn forget(sock: TcpSock) {
        storage::remove(&SNAPSHOTS, sock);
    }

    /// The silence until now by the clocks of this snapshot: what ended the silence may have
    /// moved the socket's own.
    #[inline(always)]
    pub fn silence(&self) -> Silence {
        Silence::by(self.clocks)
    }

    /// Where the connection stood.
    #[inline(always)]
    pub fn edges(&self) -> Edges {
        Edges {
            rcv_nxt: self.rcv_nxt,
            snd_una: self.snd_una,
        }
    }

    /// What arrived since, as one segment; one without flags if nothing did. (No `Option`:
    /// the verifier would see it read where it holds nothing.) Payload counts once the stack
    /// has taken it. The segment that is being parsed is in `segs_in` already, and does not
    /// count.
    #[inline(always)]
    pub fn arrived(&self, sock: TcpSock, parsing: bool) -> Segment {
        let data = sock.data_segs_in() != self.data_segs_in;
        let payload_len = if data {
            sock.rcv_nxt().wrapping_sub(self.rcv_nxt)
        } else {
            0
        };
        let ack = sock.snd_una();
        let segments = sock.segs_in().wrapping_sub(self.segs_in);
        if payload_len == 0 && ack == self.snd_una && segments <= u32::from(parsing) {
            return Segment::default();
        }
        let segment = Segment {
            seq: self.rcv_nxt,
            ack,
            payload_len,
            window: window(sock),
            tcp_flags: tcp_flags::ACK,
            ..Segment::default()
        };
        if parsing {
            // The timestamp is already that of the segment that is being parsed.
            return segment;
        }
        with_timestamp(sock, segment)
    }

    /// Puts into a record of the socket what it was like before it sent and received since; but a segment that arrived,
    /// if there is one, is counted.
    #[inline(always)]
    pub fn restore_all(&self, to: &mut Socket, arrived: &Segment) {
        let segments = u32::from(arrived.tcp_flags != 0);
        let with_data = u32::from(arrived.payload_len > 0);
        self.restore(to);
        to.lsndtime = self.clocks.lsndtime;
        to.bytes_sent = self.bytes_sent;
        to.bytes_retrans = self.bytes_retrans;
        to.snd_nxt = self.snd_nxt;
        to.write_seq = self.write_seq;
        to.segs_in = self.segs_in.wrapping_add(segments);
        to.segs_out = self.segs_out;
        to.data_segs_in = self.data_segs_in.wrapping_add(with_data);
        to.data_segs_out = self.data_segs_out;
        to.delivered = self.delivered;
        to.total_retrans = self.total_retrans;
        to.rto_jiffies = self.rto_jiffies;
        // It is taken while nothing is in flight.
        to.packets_out = 0;
        to.retransmits = 0;
        to.retrans_out = 0;
        to.sacked_out = 0;
        to.retrans_stamp = 0;
    }

    /// Puts the members of this snapshot into a record of the socket as it is now.
    #[inline(always)]
    pub fn restore(&self, to: &mut Socket) {
        to.tcp_clock_cache = self.clocks.tcp_clock_cache;
        to.lrcvtime = self.clocks.lrcvtime;
        to.rcv_tstamp = self.clocks.rcv_tstamp;
        to.bytes_acked = self.bytes_acked;
        to.bytes_received = self.bytes_received;
        to.snd_una = self.snd_una;
        to.rcv_nxt = self.rcv_nxt;
        to.snd_wnd = self.snd_wnd;
        to.snd_wl1 = self.snd_wl1;
        to.rcv_tsval = self.rcv_tsval;
    }
}

/// Adds the timestamp of the last segment, as the stack has read it.
#[inline(always)]
pub fn with_timestamp(sock: TcpSock, segment: Segment) -> Segment {
    let (tsval, options) = match sock.saw_tstamp() {
        Some(true) => (
            sock.rcv_tsval(),
            segment_options::READ | segment_options::HAS_TIMESTAMP,
        ),
        Some(false) => (0, segment_options::READ),
        None => (0, 0),
    };
    Segment {
        tsval,
        options,
        ..segment
    }
}

/// The peer's window as it was on the wire.
#[inline(always)]
fn window(sock: TcpSock) -> u16 {
    let shift = sock.snd_wscale();
    if shift == UNKNOWN_WSCALE {
        return 0;
    }
    (sock.snd_wnd() >> shift).min(u32::from(u16::MAX)) as u16
}
