//! The memory of a box that forgets: which packets pass, by when its connection was last heard of.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Connections that are remembered at once, at most; the self-test has two. Those beyond do not pass.
const MOST: usize = 16;

/// An IPv4 address and a port, as packets have them.
type End = ([u8; 4], [u8; 2]);

/// Remembers connections, each until it has been silent for too long. What it does not remember it drops, and tells nobody; a
/// new connection it lets pass.
#[derive(Debug)]
pub(super) struct Forgetful {
    after: Duration,
    /// When a packet of each passed last.
    heard: HashMap<(End, End), Instant>,
}

impl Forgetful {
    /// One that forgets after so much silence.
    pub(super) fn new(after: Duration) -> Self {
        Self {
            after,
            heard: HashMap::new(),
        }
    }

    /// Whether this packet passes. What is no whole IPv4 header with TCP behind it does not.
    pub(super) fn passes(&mut self, packet: &[u8], now: Instant) -> bool {
        let Some(segment) = Segment::read(packet) else {
            return false;
        };
        self.forget(now);
        let known = self.heard.contains_key(&segment.connection);
        if known || (segment.opens && self.heard.len() < MOST) {
            self.heard.insert(segment.connection, now);
            return true;
        }
        false
    }

    /// How long until all that is remembered now is forgotten, if nothing more comes of it; zero where that is so.
    pub(super) fn forgets_in(&mut self, now: Instant) -> Duration {
        self.forget(now);
        let left = self.heard.values().map(|heard| {
            let silent = now.saturating_duration_since(*heard);
            self.after.saturating_sub(silent)
        });
        left.max().unwrap_or_default()
    }

    fn forget(&mut self, now: Instant) {
        let after = self.after;
        self.heard
            .retain(|_, heard| now.saturating_duration_since(*heard) < after);
    }
}

/// What the box looks at.
struct Segment {
    /// The ends in order, so that both directions are one connection.
    connection: (End, End),
    /// It is the first of a connection: SYN without ACK.
    opens: bool,
}

impl Segment {
    /// Of an IPv4 packet (RFC 791) with TCP in it (RFC 9293).
    fn read(packet: &[u8]) -> Option<Self> {
        const TCP: u8 = 6;
        const SYN: u8 = 0x02;
        const ACK: u8 = 0x10;
        let first = *packet.first()?;
        if first >> 4 != 4 || *packet.get(9)? != TCP {
            return None;
        }
        let header = usize::from(first & 0x0f) * 4;
        let tcp = packet.get(header..)?;
        let four = |from: usize| packet.get(from..from + 4)?.try_into().ok();
        let two = |from: usize| tcp.get(from..from + 2)?.try_into().ok();
        let from: End = (four(12)?, two(0)?);
        let to: End = (four(16)?, two(2)?);
        let flags = *tcp.get(13)?;
        Some(Self {
            connection: (from.min(to), from.max(to)),
            opens: flags & (SYN | ACK) == SYN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_secs(3);
    const SYN: u8 = 0x02;
    const ACK: u8 = 0x10;

    /// From 192.0.2.1 to 192.0.2.2 with these ports, or back.
    fn packet(port: u8, flags: u8, back: bool) -> Vec<u8> {
        let mut packet = vec![0; 40];
        packet[0] = 0x45;
        packet[9] = 6;
        let (mut from, mut to) = (([192, 0, 2, 1], [40, port]), ([192, 0, 2, 2], [21, 56]));
        if back {
            std::mem::swap(&mut from, &mut to);
        }
        packet[12..16].copy_from_slice(&from.0);
        packet[16..20].copy_from_slice(&to.0);
        packet[20..22].copy_from_slice(&from.1);
        packet[22..24].copy_from_slice(&to.1);
        packet[33] = flags;
        packet
    }

    #[test]
    fn a_connection_passes_until_it_has_been_silent_and_a_new_one_passes_then() {
        let (mut box_, start) = (Forgetful::new(AFTER), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(
            !box_.passes(&packet(1, ACK, false), at(0)),
            "nobody opened it"
        );
        assert!(box_.passes(&packet(1, SYN, false), at(0)));
        assert!(box_.passes(&packet(1, SYN | ACK, true), at(0)));
        assert!(box_.passes(&packet(1, ACK, false), at(2)));
        assert_eq!(box_.forgets_in(at(3)), Duration::from_secs(2));
        assert!(box_.passes(&packet(1, ACK, true), at(4)));
        assert_eq!(box_.forgets_in(at(7)), Duration::ZERO);
        assert!(!box_.passes(&packet(1, ACK, false), at(7)));
        assert!(!box_.passes(&packet(1, ACK, true), at(7)));
        assert!(box_.passes(&packet(2, SYN, false), at(7)));
        assert!(box_.passes(&packet(2, SYN | ACK, true), at(7)));
        assert!(!box_.passes(&packet(1, ACK, false), at(8)));
    }

    #[test]
    fn what_is_no_tcp_over_ipv4_does_not_pass() {
        let mut box_ = Forgetful::new(AFTER);
        let whole = packet(1, SYN, false);
        for length in 0..34 {
            assert!(!box_.passes(&whole[..length], Instant::now()), "{length}");
        }
        let (mut v6, mut udp) = (whole.clone(), whole.clone());
        v6[0] = 0x65;
        udp[9] = 17;
        assert!(!box_.passes(&v6, Instant::now()) && !box_.passes(&udp, Instant::now()));
        let mut long_header = whole;
        long_header[0] = 0x4f;
        assert!(!box_.passes(&long_header, Instant::now()));
    }

    #[test]
    fn it_remembers_so_many_and_no_more() {
        let (mut box_, now) = (Forgetful::new(AFTER), Instant::now());
        let passed = (0..100).filter(|port| box_.passes(&packet(*port, SYN, false), now));
        assert_eq!(passed.count(), MOST);
    }
}
