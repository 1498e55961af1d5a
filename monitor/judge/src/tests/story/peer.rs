//! The other side of a story, or who speaks in its name.

use super::{MS, SECOND, Story, socket};
use monitor_common::{FactKind, Segment, TcpState, segment_options, tcp_flags};

/// What segments from the other side look like, whoever sends them.
#[derive(Clone, Copy, Debug)]
pub(in crate::tests) struct Peer {
    /// They carry the timestamp option.
    pub(in crate::tests) timestamps: bool,
    /// The TSval that they carry for ever; `None` for a clock of 1 ms.
    pub(in crate::tests) frozen: Option<u32>,
    pub(in crate::tests) ttl: u8,
    /// Unscaled.
    pub(in crate::tests) window: u16,
}

impl Peer {
    /// An honest one.
    pub(super) fn honest() -> Self {
        Self {
            timestamps: true,
            frozen: None,
            ttl: 57,
            window: 512,
        }
    }
}

impl Story {
    /// This connection has no timestamps, in either direction.
    pub(in crate::tests) fn negotiated_no_timestamps(&mut self) -> &mut Self {
        self.socket.tcp_header_len = 20;
        self.peer.timestamps = false;
        self
    }

    /// A segment of the peer, still without flags and numbers.
    pub(super) fn arrival(&self) -> Segment {
        let option = if self.peer.timestamps {
            segment_options::HAS_TIMESTAMP
        } else {
            0
        };
        Segment {
            tsval: if self.peer.timestamps {
                self.tsval()
            } else {
                0
            },
            ttl: self.peer.ttl,
            window: self.peer.window,
            options: segment_options::READ | option,
            ..Segment::default()
        }
    }

    /// The peer's clock.
    fn tsval(&self) -> u32 {
        let ticks = (self.now - 1_000 * SECOND) / MS;
        let moving = socket().rcv_tsval.wrapping_add(ticks as u32);
        self.peer.frozen.unwrap_or(moving)
    }

    /// The stack keeps the timestamp of what it received last.
    pub(in crate::tests) fn keep_tsval(&mut self) {
        if self.peer.timestamps {
            self.socket.rcv_tsval = self.tsval();
        }
    }

    /// An ACK for all that was sent.
    pub(in crate::tests) fn peer_acks(&mut self) -> &mut Self {
        self.socket.segs_in += 1;
        let segment = Segment {
            seq: self.socket.rcv_nxt,
            ack: self.socket.snd_nxt,
            tcp_flags: tcp_flags::ACK,
            ..self.arrival()
        };
        self.act(
            FactKind::GapEndedByReceive,
            Some(FactKind::AckArrived),
            segment,
        );
        self.acked |= self.socket.snd_una != self.socket.snd_nxt;
        self.settle();
        self.acknowledge();
        self
    }

    /// The kernel side ends a suspicion once both ways have shown that they work.
    fn settle(&mut self) {
        self.suspect &= !(self.acked && self.answered);
    }

    /// Payload that also acknowledges all that was sent.
    pub(in crate::tests) fn peer_sends(&mut self, bytes: u32) -> &mut Self {
        self.socket.segs_in += 1;
        self.socket.data_segs_in += 1;
        let segment = Segment {
            seq: self.socket.rcv_nxt,
            ack: self.socket.snd_nxt,
            payload_len: bytes,
            tcp_flags: tcp_flags::ACK,
            ..self.arrival()
        };
        self.act(
            FactKind::GapEndedByReceive,
            Some(FactKind::PayloadArrived),
            segment,
        );
        self.acked |= self.socket.snd_una != self.socket.snd_nxt;
        self.answered = true;
        self.settle();
        self.acknowledge();
        let socket = &mut self.socket;
        socket.rcv_nxt = socket.rcv_nxt.wrapping_add(bytes);
        socket.bytes_received += u64::from(bytes);
        socket.lrcvtime = socket.jiffies;
        self.data = self.now;
        self
    }

    /// The answer to a window probe: the window is as it was.
    pub(in crate::tests) fn answers_window_probe(&mut self) -> &mut Self {
        self.socket.segs_in += 1;
        let segment = Segment {
            seq: self.socket.rcv_nxt,
            ack: self.socket.snd_una,
            tcp_flags: tcp_flags::ACK,
            window: 0,
            ..self.arrival()
        };
        self.act(
            FactKind::GapEndedByReceive,
            Some(FactKind::AckArrived),
            segment,
        );
        self.keep_tsval();
        self.socket.probes_out = 0;
        self.socket.rcv_tstamp = self.socket.jiffies;
        self
    }

    /// The peer's FIN; the kernel counts it among the bytes received.
    pub(in crate::tests) fn peer_closes(&mut self) -> &mut Self {
        self.socket.segs_in += 1;
        let segment = Segment {
            seq: self.socket.rcv_nxt,
            ack: self.socket.snd_una,
            tcp_flags: tcp_flags::ACK | tcp_flags::FIN,
            ..self.arrival()
        };
        self.act(FactKind::GapEndedByReceive, None, segment);
        self.keep_tsval();
        self.socket.snd_wl1 = self.socket.rcv_nxt;
        self.socket.rcv_nxt = self.socket.rcv_nxt.wrapping_add(1);
        self.socket.bytes_received += 1;
        self.becomes(TcpState::CloseWait, 0)
    }

    /// The peer's RST is accepted, and the connection is gone.
    pub(in crate::tests) fn peer_resets(&mut self) -> &mut Self {
        self.socket.segs_in += 1;
        let segment = Segment {
            seq: self.socket.rcv_nxt,
            tcp_flags: tcp_flags::RST,
            ..Segment::default()
        };
        if self.socket.state == TcpState::Established as u32 {
            self.act(FactKind::GapEndedByReceive, None, segment);
        }
        // The stack refreshes its clock before it looks at the flags.
        let fact = self.fact(FactKind::ResetReceived);
        self.report(fact);
        let epipe = self.socket.state == TcpState::CloseWait as u32;
        self.becomes(TcpState::Close, if epipe { 32 } else { 104 })
    }

    /// The same, by the peer's own kernel, which still has the connection: with a timestamp (`tcp_send_active_reset`).
    pub(in crate::tests) fn peer_aborts(&mut self) -> &mut Self {
        self.socket.segs_in += 1;
        let segment = Segment {
            seq: self.socket.rcv_nxt,
            tcp_flags: tcp_flags::RST | tcp_flags::ACK,
            ..self.arrival()
        };
        self.act(FactKind::GapEndedByReceive, None, segment);
        self.is_aborted()
    }

    /// The same as a host sees it that no program runs on for a segment that arrives.
    pub(in crate::tests) fn is_aborted(&mut self) -> &mut Self {
        self.keep_tsval();
        let fact = self.fact(FactKind::ResetReceived);
        self.report(fact);
        self.becomes(TcpState::Close, 104)
    }

    /// What arrives outside ESTABLISHED acknowledges all that was sent, our FIN too;
    /// no fact tells it.
    pub(in crate::tests) fn peer_acks_unseen(&mut self) -> &mut Self {
        self.socket.segs_in += 1;
        self.wire = self.now;
        self.acknowledge();
        self
    }

    /// The application closes: our FIN leaves.
    pub(in crate::tests) fn closes(&mut self) -> &mut Self {
        self.becomes(TcpState::FinWait1, 0);
        let socket = &mut self.socket;
        socket.write_seq = socket.write_seq.wrapping_add(1);
        socket.snd_nxt = socket.write_seq;
        socket.packets_out += 1;
        socket.segs_out += 1;
        self
    }
}
