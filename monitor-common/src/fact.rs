//! One fact about one connection: what the kernel side hands to user space.

use crate::{Record, Socket};

numbered! {
    /// What happened. The numbers are part of the contract.
    pub enum FactKind: u32 {
        /// A silence past its threshold ended: this host's application sends.
        /// The socket is as it was before the data was queued.
        GapEndedBySend = 1 => "gap_ended_by_send",
        /// A silence past its threshold ended: a segment arrived. The socket is as
        /// it was before the segment was processed; `segment` describes the arrival.
        GapEndedByReceive = 2 => "gap_ended_by_receive",
        /// The application of a suspect sends again.
        Sent = 3 => "sent",
        /// A segment for a suspect arrived that acknowledges new data
        /// (`segment.ack` is after `socket.snd_una`), or a bare one that proves that
        /// something gets through.
        AckArrived = 4 => "ack_arrived",
        /// Payload that was not there before arrived for a suspect. The kernel side ends the
        /// suspicion once there was both payload and an ACK of something sent since the gap;
        /// without such an ACK only the first payload is told.
        PayloadArrived = 5 => "payload_arrived",
        /// A segment of a suspect was sent again (timeout, tail-loss probe or fast
        /// retransmit alike: `socket.retransmits` counts the timeouts). Of other connections the head that a
        /// timeout sends again, from two counted timeouts on.
        Retransmitted = 6 => "retransmitted",
        /// A reset from the peer was accepted: by a suspect, or in the midst of an exchange on a connection that this
        /// host opened.
        ResetReceived = 7 => "reset_received",
        /// This host sent a reset.
        ResetSent = 8 => "reset_sent",
        /// The connection went from `old_state` to `new_state`. Told of suspects, of connections in a silence past
        /// its threshold, and of those that leave behind what was sent before or was being sent again. The kernel side
        /// ends the suspicion when `new_state` is CLOSE.
        StateChanged = 9 => "state_changed",
        /// The sweep found this socket at risk, or soon so, crossed or stalled (or was to show every socket).
        Swept = 10 => "swept",
        /// Nothing went wrong for [`crate::Settings::probation_ns`] after the gap:
        /// the kernel side ended the suspicion.
        ProbationOver = 11 => "probation_over",
    }
}

/// Bits of [`Fact::flags`].
pub mod flags {
    /// `pid` and `comm` are those of the task that acted (send) or that holds the
    /// socket (sweep). Without it they are zero.
    pub const TASK_KNOWN: u32 = 1 << 0;
    /// The route leaves by the loopback device, or both ends have one address.
    pub const LOOPBACK: u32 = 1 << 1;
    /// The route has no gateway: the peer is on this link.
    pub const ON_LINK: u32 = 1 << 2;
    /// The socket holds no cached route, so neither of the two above is known.
    pub const ROUTE_UNKNOWN: u32 = 1 << 3;
    /// SO_KEEPALIVE is set.
    pub const KEEPALIVE: u32 = 1 << 4;
    /// Told by a later look at the socket, not by a hook on the segment: when it came is known to the look only, what
    /// came as one segment, and more sends than one may have gone before.
    pub const REVISITED: u32 = 1 << 5;
    /// The sweep shows the socket as a sample of the host's connections, or of connects whose SYN was sent again:
    /// nothing need be wrong with it.
    pub const SAMPLED: u32 = 1 << 6;
    /// The sweep shows the socket although its silence is below its path's threshold: it will have come to the timeout
    /// before the next sweep looks, if it lasts.
    pub const SOON: u32 = 1 << 7;
    /// The sweep shows the socket because it is in CLOSE_WAIT, all that it sent is acknowledged, and its packet clock has
    /// stood for [`crate::CLOSE_WAIT_NS`]. With [`SAMPLED`] it is shown for nothing else.
    pub const CLOSE_WAIT: u32 = 1 << 8;
    /// The socket may have an address that is not this host's (IP_TRANSPARENT, IP_FREEBIND).
    pub const FOREIGN_ADDRESS: u32 = 1 << 9;
}

/// Bits of [`Segment::tcp_flags`], as on the wire (RFC 9293, section 3.1).
pub mod tcp_flags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// The acknowledgment field is valid.
    pub const ACK: u8 = 0x10;
}

/// Bits of [`Segment::options`].
pub mod segment_options {
    /// The option bytes were read: an option without its bit here is not there.
    pub const READ: u8 = 1 << 0;
    /// It carries a timestamp option.
    pub const HAS_TIMESTAMP: u8 = 1 << 1;
}

/// The arrived segment that a receive fact is about; all zero in other facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Segment {
    /// Sequence number of its first byte.
    pub seq: u32,
    /// Acknowledgment number.
    pub ack: u32,
    /// Payload in bytes.
    pub payload_len: u32,
    /// TSval of its timestamp option (RFC 7323), with
    /// [`segment_options::HAS_TIMESTAMP`]; else 0.
    pub tsval: u32,
    /// Window field as on the wire, unscaled.
    pub window: u16,
    /// Flags as on the wire: see [`tcp_flags`].
    pub tcp_flags: u8,
    /// IPv4 time to live or IPv6 hop limit, as it arrived; 0 if unknown.
    pub ttl: u8,
    /// See [`segment_options`].
    pub options: u8,
    /// Always zero.
    pub reserved: [u8; 3],
}

/// One fact about one connection, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Fact {
    /// A [`FactKind`] as its number.
    pub kind: u32,
    /// See [`flags`].
    pub flags: u32,
    /// CLOCK_MONOTONIC in ns (`bpf_ktime_get_ns`).
    pub time_ns: u64,
    /// Silence of the payload clock until this fact, in ns. For a fact inside a
    /// suspicion this is the silence since the last payload, not the gap before it.
    pub payload_idle_ns: u64,
    /// Least silence of the packet clock until this fact, in ns: local timers (keepalive's)
    /// and reads move that clock too (`tcp_clock_cache`).
    pub packet_idle_ns: u64,
    /// Greatest silence of it, in ns: time since payload or an ACK was last seen, which does
    /// not know the peer's probes. Which of the two is right, `segs_in` and `segs_out` show.
    pub packet_idle_max_ns: u64,
    /// Index into the path table, or [`crate::NO_PATH`].
    pub path_id: u32,
    /// Process id (thread group) in the daemon's pid namespace; 0 if unknown.
    pub pid: u32,
    /// The task's name, filled up with NUL.
    pub comm: [u8; 16],
    /// [`FactKind::StateChanged`]: the state before, a [`crate::TcpState`] number.
    pub old_state: u32,
    /// [`FactKind::StateChanged`]: the state after, a [`crate::TcpState`] number.
    pub new_state: u32,
    /// The segment that arrived.
    pub segment: Segment,
    /// The socket at that moment.
    pub socket: Socket,
}

// SAFETY: repr(C), integers only; the assertion below holds it free of padding.
unsafe impl Record for Fact {}

impl Fact {
    /// The kind, or `None` for a number that this build does not know.
    pub const fn kind(&self) -> Option<FactKind> {
        FactKind::from_number(self.kind)
    }

    /// Whether every bit of `mask` is set in [`Fact::flags`].
    pub const fn has(&self, mask: u32) -> bool {
        self.flags & mask == mask
    }
}

const _: () = assert!(
    size_of::<Fact>()
        == 4 * 2 + 8 * 4 + 4 * 2 + 16 + 4 * 2 + size_of::<Segment>() + size_of::<Socket>()
);
const _: () = assert!(size_of::<Segment>() == 24);
