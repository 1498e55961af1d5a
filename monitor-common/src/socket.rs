use crate::Record;

/// Address family of a connection, as it is shown: an IPv4-mapped IPv6 socket
/// is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Family {
    /// IPv4.
    Ipv4 = 4,
    /// IPv6.
    Ipv6 = 6,
}

/// Numbers of the TCP states in the kernel (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum TcpState {
    /// ESTABLISHED.
    Established = 1,
    /// SYN-SENT.
    SynSent = 2,
    /// SYN-RECEIVED.
    SynRecv = 3,
    /// FIN-WAIT-1.
    FinWait1 = 4,
    /// FIN-WAIT-2.
    FinWait2 = 5,
    /// TIME-WAIT.
    TimeWait = 6,
    /// CLOSED.
    Close = 7,
    /// CLOSE-WAIT.
    CloseWait = 8,
    /// LAST-ACK.
    LastAck = 9,
    /// LISTEN.
    Listen = 10,
    /// CLOSING.
    Closing = 11,
    /// The kernel's TCP_NEW_SYN_RECV.
    NewSynRecv = 12,
}

impl TcpState {
    /// The state with this number, if there is one.
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 => Self::SynRecv,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Close,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            12 => Self::NewSynRecv,
            _ => return None,
        })
    }
}

/// A TCP socket as the kernel side read it, all at one moment. Field names are
/// those of the kernel (`struct tcp_sock`, `struct inet_connection_sock`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Socket {
    /// Socket cookie: unique on this host since boot.
    pub cookie: u64,
    /// cgroup v2 id of the socket (`sk_cgrp_data`); 0 if unknown.
    pub cgroup_id: u64,
    /// Bytes sent, retransmissions included.
    pub bytes_sent: u64,
    /// Bytes retransmitted.
    pub bytes_retrans: u64,
    /// Bytes acknowledged.
    pub bytes_acked: u64,
    /// Bytes received in order; the peer's FIN counts one.
    pub bytes_received: u64,
    /// Last refresh of the packet clock, CLOCK_MONOTONIC in ns (`tcp_clock_cache`).
    pub tcp_clock_cache: u64,
    /// Rate at which it may send, in bytes per second (`sk_pacing_rate`);
    /// `u64::MAX` for no bound.
    pub pacing_rate: u64,
    /// Local address in network order; an IPv4 address fills the first four bytes.
    pub local: [u8; 16],
    /// Remote address, likewise.
    pub remote: [u8; 16],
    /// Local port, host order.
    pub local_port: u16,
    /// Remote port, host order.
    pub remote_port: u16,
    /// 4 or 6: see [`Family`].
    pub family: u16,
    /// Times the retransmission timer expired without an ACK since (`icsk_retransmits`).
    pub retransmits: u8,
    /// Window and keepalive probes unanswered (`icsk_probes_out`).
    pub probes_out: u8,
    /// A [`TcpState`] number.
    pub state: u32,
    /// Inode of the network namespace; 0 if unknown.
    pub netns: u32,
    /// Owner's uid in the initial user namespace.
    pub uid: u32,
    /// Pending error, a positive errno (`sk_err`).
    pub sk_err: u32,
    /// `jiffies` at that moment, low 32 bits.
    pub jiffies: u32,
    /// Last data sent, in jiffies (retransmissions count).
    pub lsndtime: u32,
    /// Last data received, in jiffies (`icsk_ack.lrcvtime`).
    pub lrcvtime: u32,
    /// Last ACK received that passed the fast or slow path, in jiffies.
    pub rcv_tstamp: u32,
    /// First unacknowledged sequence number.
    pub snd_una: u32,
    /// Next sequence number to send.
    pub snd_nxt: u32,
    /// End of the data the application handed over.
    pub write_seq: u32,
    /// Next sequence number expected from the peer.
    pub rcv_nxt: u32,
    /// Start of the data the application has not read.
    pub copied_seq: u32,
    /// Peer's window in bytes.
    pub snd_wnd: u32,
    /// Our window in bytes.
    pub rcv_wnd: u32,
    /// Segments in flight.
    pub packets_out: u32,
    /// Segments received, all kinds; in receive facts the arriving one is counted.
    pub segs_in: u32,
    /// Segments sent, all kinds.
    pub segs_out: u32,
    /// Segments with data received.
    pub data_segs_in: u32,
    /// Segments with data sent.
    pub data_segs_out: u32,
    /// Smoothed round-trip time in us (the kernel's `srtt_us` divided by 8).
    pub srtt_us: u32,
    /// Retransmission timeout in jiffies, backoff included.
    pub rto_jiffies: u32,
    /// Keepalive: silence before the first probe, in jiffies, the namespace's
    /// default where the socket sets none; 0 if unknown.
    pub keepalive_time: u32,
    /// Keepalive: time between probes, in jiffies, likewise.
    pub keepalive_intvl: u32,
    /// Keepalive: unanswered probes until the connection is given up, likewise.
    pub keepalive_probes: u32,
    /// TCP_USER_TIMEOUT in ms; 0 if not set.
    pub user_timeout_ms: u32,
    /// `rcv_nxt` when our window was last advertised: the window that is left is
    /// `rcv_wup + rcv_wnd - rcv_nxt`.
    pub rcv_wup: u32,
    /// Sequence number of the segment that last acknowledged new data or was looked
    /// at for the peer's window (`tcp_update_wl`). With all data acknowledged, before
    /// `rcv_nxt` only if the peer's payload came with or after that segment: the peer
    /// spoke last. Equal to it if this host spoke last, but also after any later bare
    /// ACK of the peer's, such as its answer to a keepalive probe.
    pub snd_wl1: u32,
    /// TSval of the last segment received that had one (`rx_opt.rcv_tsval`).
    pub rcv_tsval: u32,
    /// Segments retransmitted since the connection began.
    pub total_retrans: u32,
    /// Segments retransmitted and not acknowledged yet.
    pub retrans_out: u32,
    /// Smallest round-trip time of the last minutes in us (`rtt_min`, over
    /// `net.ipv4.tcp_min_rtt_wlen`); `u32::MAX` if none was measured.
    pub rtt_min_us: u32,
    /// Payload of the largest segment received lately (`icsk_ack.rcv_mss`).
    pub rcv_mss: u32,
    /// Length of the TCP header of a segment with data: 32 where the timestamp
    /// option was negotiated and no other of every segment (`tcp_header_len`).
    pub tcp_header_len: u16,
    /// Shift of the windows that the peer announces (`rx_opt.snd_wscale`), 0 to 14;
    /// [`UNKNOWN_WSCALE`] if unknown.
    pub snd_wscale: u8,
    /// 1 if a listener accepted it, 0 if not, and for listeners without any backlog: a
    /// child inherits its listener's backlog (`sk_max_ack_backlog`; `sk_clone` copies
    /// the whole socket), and who connects has none.
    pub accepted: u8,
}

/// A [`Socket::snd_wscale`] that could not be read.
pub const UNKNOWN_WSCALE: u8 = u8::MAX;

// SAFETY: repr(C), integers only; the assertion below holds it free of padding.
unsafe impl Record for Socket {}

const _: () = assert!(size_of::<Socket>() == 8 * 8 + 32 + 8 + 4 * 26 + 4 * 8);
