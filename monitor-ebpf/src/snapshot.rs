//! What a watched socket was like at its last callback. Callbacks come after most segments
//! that arrive, not before them: what changed since the snapshot is what arrived.

use crate::silence::{Clocks, Silence};
use crate::sock::TcpSock;
use crate::storage;
use crate::verifier::Hidden;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::macros::btf_map;
use monitor_common::{Record, Segment, Socket, UNKNOWN_WSCALE, segment_options, tcp_flags};

/// Where a connection stood in both directions.
#[derive(Clone, Copy)]
pub struct Edges {
    pub rcv_nxt: u32,
    pub snd_una: u32,
}

/// The members of a socket that an arriving segment changes.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Snapshot {
    pub clocks: Clocks,
    pub bytes_acked: u64,
    pub bytes_received: u64,
    pub snd_una: u32,
    pub rcv_nxt: u32,
    pub snd_wnd: u32,
    pub snd_wl1: u32,
    pub rcv_tsval: u32,
    pub segs_in: u32,
    pub data_segs_in: u32,
    /// 1 if the segment that is being parsed is left to the next snapshot.
    pub put_off: Hidden<u32>,
}

#[btf_map]
static SNAPSHOTS: SkStorage<Snapshot> = SkStorage::new();

// SAFETY: repr(C), integers only, without padding.
unsafe impl Record for Snapshot {}

impl Snapshot {
    /// The last snapshot of a socket, if there is one.
    #[inline(always)]
    pub fn of(sock: TcpSock) -> Option<&'static mut Self> {
        storage::get(&SNAPSHOTS, sock)
    }

    /// Takes the first snapshot. Returns whether the kernel gave room for it.
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

    /// Takes another one in its place.
    #[inline(always)]
    pub fn renew(&mut self, sock: TcpSock) {
        *self = Self {
            clocks: Clocks::of(sock),
            bytes_acked: sock.bytes_acked(),
            bytes_received: sock.bytes_received(),
            snd_una: sock.snd_una(),
            rcv_nxt: sock.rcv_nxt(),
            snd_wnd: sock.snd_wnd(),
            snd_wl1: sock.snd_wl1(),
            rcv_tsval: sock.rcv_tsval(),
            segs_in: sock.segs_in(),
            data_segs_in: sock.data_segs_in(),
            put_off: Hidden::default(),
        };
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
        with_timestamp(sock, segment)
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
