//! What a marked socket was like when it was last looked at. Its callbacks come after
//! most segments that arrive, not before them: the difference is what arrived.

use crate::silence::{self, Clocks, Silence};
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
pub struct Look {
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
    /// 1 while a segment is parsed that is to be told with the next look.
    pub put_off: Hidden<u32>,
}

#[btf_map]
static LOOKS: SkStorage<Look> = SkStorage::new();

// SAFETY: repr(C), integers only, without padding.
unsafe impl Record for Look {}

impl Look {
    /// The last look at a socket, if there was one.
    #[inline(always)]
    pub fn of(sock: TcpSock) -> Option<&'static mut Self> {
        storage::get(&LOOKS, sock)
    }

    /// Takes a first look. Answers whether the kernel gave room for it.
    #[inline(always)]
    pub fn begin(sock: TcpSock) -> bool {
        match storage::get_or_create(&LOOKS, sock) {
            Some(look) => {
                look.renew(sock);
                true
            }
            None => false,
        }
    }

    /// Looks again.
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

    /// Takes back a segment, with data or not, that was counted and not told.
    #[inline(always)]
    pub fn without(&mut self, data: u32) {
        self.segs_in = self.segs_in.wrapping_sub(1);
        self.data_segs_in = self.data_segs_in.wrapping_sub(data);
    }

    /// Forgets a socket that is not watched any more.
    #[inline(always)]
    pub fn forget(sock: TcpSock) {
        storage::remove(&LOOKS, sock);
    }

    /// The silence until now by the clocks of this look: the socket's own may have
    /// been moved by what ended it.
    #[inline(always)]
    pub fn silence(&self) -> Silence {
        silence::silence_by(self.clocks)
    }

    /// Where the connection stood.
    #[inline(always)]
    pub fn edges(&self) -> Edges {
        Edges {
            rcv_nxt: self.rcv_nxt,
            snd_una: self.snd_una,
        }
    }

    /// What arrived since, as one segment; without any flag if nothing did (the verifier
    /// would see an `Option` that is handed on read where it holds nothing). Payload counts
    /// once the stack has taken it. A segment that is parsed just now is counted already,
    /// and does not count.
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

    /// Gives a socket that was read just now the members that it had at this look.
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

/// Adds the timestamp of the segment that came last, as the stack has read it.
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
