//! What a middlebox remembers of one connection.

use super::Clock;
use super::packet::{Segment, Timestamps};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What was seen of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Half {
    /// The sequence number that comes next.
    pub next: u32,
    /// The highest acknowledgment: what this end expects next from the other.
    pub ack: u32,
    /// The last window, not scaled.
    pub window: u16,
    /// The last timestamp value let through.
    pub clock: Option<u32>,
    /// Hops left when its packets come by.
    pub hops: u8,
    /// Whether it has sent its FIN.
    finished: bool,
}

/// One connection that was seen from its SYN on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// Who opened it.
    pub client: SocketAddr,
    /// To whom.
    pub server: SocketAddr,
    /// What the client sends.
    pub upward: Half,
    /// What the server sends.
    pub downward: Half,
    last_packet: Instant,
    last_payload: Instant,
    /// Whether it is expired now.
    pub expired: bool,
    /// When the first packet met its expiry that the behaviour counts from.
    pub met: Option<Instant>,
    /// Whether the forged FIN is out.
    pub fin_sent: bool,
    /// How far the server's clock is shown behind, in its own ticks.
    pub behind: u32,
}

impl Flow {
    /// A connection whose SYN is `syn`.
    pub(super) fn opened_by(syn: &Segment, now: Instant) -> Self {
        Self {
            client: syn.from,
            server: syn.to,
            upward: Half {
                next: syn.seq,
                ..Half::default()
            },
            downward: Half::default(),
            last_packet: now,
            last_payload: now,
            expired: false,
            met: None,
            fin_sent: false,
            behind: 0,
        }
    }

    /// Takes in a segment that passes, or is swallowed as if it had.
    pub(super) fn note(&mut self, segment: &Segment, now: Instant) {
        let half = if segment.from == self.client {
            &mut self.upward
        } else {
            &mut self.downward
        };
        if segment.syn || is_after(segment.end(), half.next) {
            half.next = segment.end();
        }
        if segment.acks && (half.ack == 0 || is_after(segment.ack, half.ack)) {
            half.ack = segment.ack;
        }
        half.window = segment.window;
        half.hops = segment.hops;
        half.finished |= segment.fin;
        if let Some(Timestamps { value, .. }) = segment.timestamps {
            half.clock = Some(value);
        }
        self.last_packet = now;
        if segment.payload > 0 {
            self.last_payload = now;
        }
    }

    /// How long it has been silent.
    pub(super) fn silent(&self, clock: Clock, now: Instant) -> Duration {
        now.saturating_duration_since(match clock {
            Clock::Packets => self.last_packet,
            Clock::Payload => self.last_payload,
        })
    }

    /// How long no packet came by.
    pub(super) fn packet_silence(&self, now: Instant) -> Duration {
        self.silent(Clock::Packets, now)
    }

    /// Whether both ends have said goodbye.
    pub(super) fn is_over(&self) -> bool {
        self.upward.finished && self.downward.finished
    }

    /// An empty segment to the client, in the server's name, as the client
    /// expects it next.
    pub(super) fn for_client(&self) -> Segment {
        forged(self.server, self.client, &self.downward, &self.upward)
    }

    /// An empty segment to the server, in the client's name, as the server
    /// expects it next.
    pub(super) fn for_server(&self) -> Segment {
        forged(self.client, self.server, &self.upward, &self.downward)
    }
}

/// A pure ACK from `from`, of which `own` was seen, to `to`, of which `other` was.
fn forged(from: SocketAddr, to: SocketAddr, own: &Half, other: &Half) -> Segment {
    Segment {
        from,
        to,
        seq: other.ack,
        ack: other.next,
        window: own.window,
        syn: false,
        fin: false,
        rst: false,
        acks: true,
        payload: 0,
        timestamps: own
            .clock
            .zip(other.clock)
            .map(|(value, echo)| Timestamps { value, echo }),
        hops: own.hops,
    }
}

/// Whether sequence number `one` comes after `other` (they wrap).
pub(super) fn is_after(one: u32, other: u32) -> bool {
    one != other && one.wrapping_sub(other) < 1 << 31
}
