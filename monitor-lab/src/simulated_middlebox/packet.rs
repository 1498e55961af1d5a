//! Reading and building TCP segments.

use etherparse::{IpSlice, PacketBuilder, TcpHeader, TcpOptionElement, TcpOptions, TcpSlice};
use std::net::{IpAddr, SocketAddr};

/// The two values of a TCP timestamp option (RFC 7323).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamps {
    /// The sender's clock, TSval.
    pub value: u32,
    /// The last value it has seen of the receiver's, TSecr.
    pub echo: u32,
}

/// What a middlebox reads of one TCP segment, or writes into one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Source address and port.
    pub from: SocketAddr,
    /// Destination address and port.
    pub to: SocketAddr,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgment number; it counts only with the ACK flag.
    pub ack: u32,
    /// Window, as it stands in the segment, not scaled.
    pub window: u16,
    /// The SYN flag.
    pub syn: bool,
    /// The FIN flag.
    pub fin: bool,
    /// The RST flag.
    pub rst: bool,
    /// The ACK flag.
    pub acks: bool,
    /// Bytes of application data.
    pub payload: u32,
    /// The timestamp option, if there is one.
    pub timestamps: Option<Timestamps>,
    /// Hops that the packet may still go: TTL, or hop limit.
    pub hops: u8,
}

impl Segment {
    /// Reads an IPv4 or IPv6 packet; `None` if it is no whole TCP segment.
    pub fn read(packet: &[u8]) -> Option<Self> {
        let ip = IpSlice::from_slice(packet).ok()?;
        let tcp = tcp(&ip)?;
        let hops = match &ip {
            IpSlice::Ipv4(ip) => ip.header().ttl(),
            IpSlice::Ipv6(ip) => ip.header().hop_limit(),
        };
        let timestamps = tcp.options_iterator().find_map(|option| match option {
            Ok(TcpOptionElement::Timestamp(value, echo)) => Some(Timestamps { value, echo }),
            _ => None,
        });
        Some(Self {
            from: SocketAddr::new(ip.source_addr(), tcp.source_port()),
            to: SocketAddr::new(ip.destination_addr(), tcp.destination_port()),
            seq: tcp.sequence_number(),
            ack: tcp.acknowledgment_number(),
            window: tcp.window_size(),
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            acks: tcp.ack(),
            // A packet is at most 64 KiB long.
            payload: u32::try_from(tcp.payload().len()).ok()?,
            timestamps,
            hops,
        })
    }

    /// The sequence number behind its last byte; SYN and FIN take one each.
    pub fn end(&self) -> u32 {
        self.seq
            .wrapping_add(self.payload)
            .wrapping_add(u32::from(self.syn))
            .wrapping_add(u32::from(self.fin))
    }

    /// The packet that carries this segment, without payload, and with right
    /// checksums. `None` if the addresses are of different families.
    pub fn write(&self) -> Option<Vec<u8>> {
        let mut header = TcpHeader::new(self.from.port(), self.to.port(), self.seq, self.window);
        header.syn = self.syn;
        header.fin = self.fin;
        header.rst = self.rst;
        header.ack = self.acks;
        header.acknowledgment_number = self.ack;
        if let Some(Timestamps { value, echo }) = self.timestamps {
            // Two fillers first, as every stack does, so that the values are aligned.
            header.options = TcpOptions::try_from_elements(&[
                TcpOptionElement::Noop,
                TcpOptionElement::Noop,
                TcpOptionElement::Timestamp(value, echo),
            ])
            .ok()?;
        }
        let ip = match (self.from.ip(), self.to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                PacketBuilder::ipv4(from.octets(), to.octets(), self.hops)
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                PacketBuilder::ipv6(from.octets(), to.octets(), self.hops)
            }
            _ => return None,
        };
        let mut packet = Vec::new();
        ip.tcp_header(header).write(&mut packet, &[]).ok()?;
        Some(packet)
    }
}

fn tcp<'a>(ip: &IpSlice<'a>) -> Option<TcpSlice<'a>> {
    if ip.is_fragmenting_payload() || ip.payload_ip_number() != etherparse::IpNumber::TCP {
        return None;
    }
    TcpSlice::from_slice(ip.payload().payload).ok()
}

/// The same packet with other timestamps and right checksums; `None` if it has none.
pub fn with_timestamps(packet: &[u8], timestamps: Timestamps) -> Option<Vec<u8>> {
    let ip = IpSlice::from_slice(packet).ok()?;
    let tcp = tcp(&ip)?;
    let mut options = tcp.options_iterator().collect::<Result<Vec<_>, _>>().ok()?;
    let option = options
        .iter_mut()
        .find(|option| matches!(option, TcpOptionElement::Timestamp(..)))?;
    *option = TcpOptionElement::Timestamp(timestamps.value, timestamps.echo);
    let mut header = tcp.to_header();
    header.options = TcpOptions::try_from_elements(&options).ok()?;
    let mut changed = Vec::with_capacity(packet.len());
    PacketBuilder::ip(ip.to_header())
        .tcp_header(header)
        .write(&mut changed, tcp.payload())
        .ok()?;
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(from: &str, to: &str) -> Segment {
        Segment {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            seq: u32::MAX,
            ack: 7,
            window: 512,
            syn: false,
            fin: true,
            rst: false,
            acks: true,
            payload: 0,
            timestamps: Some(Timestamps { value: 1, echo: 2 }),
            hops: 63,
        }
    }

    #[test]
    fn what_is_written_is_read_again_in_both_families() {
        for (from, to) in [
            ("198.18.0.2:1", "198.19.0.2:5432"),
            ("[2001:2::2]:1", "[2001:2::3]:5432"),
        ] {
            let written = segment(from, to);
            let packet = written.write().unwrap();
            assert_eq!(Segment::read(&packet), Some(written));
            assert_eq!(written.end(), 0, "the FIN takes a number, and numbers wrap");
            let changed = Timestamps { value: 8, echo: 9 };
            let other = with_timestamps(&packet, changed).unwrap();
            let expected = Segment {
                timestamps: Some(changed),
                ..written
            };
            assert_eq!(Segment::read(&other), Some(expected));
            assert_eq!(other.len(), packet.len());
        }
    }

    #[test]
    fn what_is_no_segment_is_left_alone() {
        let packet = segment("198.18.0.2:1", "198.19.0.2:2").write().unwrap();
        for length in 0..packet.len() {
            let cut = &packet[..length];
            assert_eq!(Segment::read(cut), None, "{length} bytes of a packet");
            assert_eq!(with_timestamps(cut, Timestamps { value: 0, echo: 0 }), None);
        }
        let mixed = segment("198.18.0.2:1", "[2001:2::3]:2");
        assert_eq!(mixed.write(), None);
    }
}
