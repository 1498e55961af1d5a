//! What a middlebox does, packet by packet, with a clock that the test holds.

use super::engine::{Engine, Sends};
use super::packet::{Segment, Timestamps};
use super::{Behaviour, Clock, Expiry, Forged, Holds, Orders};
use etherparse::{IpSlice, PacketBuilder, TcpSlice};
use std::time::{Duration, Instant};

const EXPIRES: Duration = Duration::from_secs(4);

/// A middlebox, and a connection through it whose numbers are about to wrap.
struct Setup {
    engine: Engine,
    now: Instant,
    client_next: u32,
    server_next: u32,
}

impl Setup {
    fn connected(expiry: Expiry) -> Self {
        let behaviour = Behaviour {
            expires_after: EXPIRES,
            clock: Clock::Packets,
            expiry,
        };
        let mut setup = Self {
            engine: Engine::new(Orders {
                behaviour: Some(behaviour),
                ..Orders::default()
            }),
            now: Instant::now(),
            client_next: u32::MAX,
            server_next: u32::MAX - 1,
        };
        let syn = Segment {
            syn: true,
            acks: false,
            ..setup.client()
        };
        assert_eq!(setup.passes(&syn, b""), vec![syn]);
        setup.client_next = 0;
        let syn_ack = Segment {
            syn: true,
            ..setup.server()
        };
        setup.passes(&syn_ack, b"");
        setup.server_next = u32::MAX;
        setup.passes(&setup.client(), b"");
        setup
    }

    fn client(&self) -> Segment {
        Segment {
            from: "198.18.0.2:40000".parse().unwrap(),
            to: "198.19.0.2:5432".parse().unwrap(),
            seq: self.client_next,
            ack: self.server_next,
            window: 500,
            syn: false,
            fin: false,
            rst: false,
            acks: true,
            payload: 0,
            timestamps: Some(Timestamps {
                value: 10,
                echo: 1000,
            }),
            hops: 63,
        }
    }

    fn server(&self) -> Segment {
        let client = self.client();
        Segment {
            from: client.to,
            to: client.from,
            seq: self.server_next,
            ack: self.client_next,
            timestamps: Some(Timestamps {
                value: 1000,
                echo: 10,
            }),
            ..client
        }
    }

    /// What leaves the middlebox when `segment` with `payload` comes by.
    fn passes(&mut self, segment: &Segment, payload: &[u8]) -> Vec<Segment> {
        let packet = segment.write().unwrap();
        let ip = IpSlice::from_slice(&packet).unwrap();
        let tcp = TcpSlice::from_slice(ip.payload().payload).unwrap();
        let mut whole = Vec::new();
        PacketBuilder::ip(ip.to_header())
            .tcp_header(tcp.to_header())
            .write(&mut whole, payload)
            .unwrap();
        let mut sends = Sends::new();
        self.engine.packet(&whole, self.now, &mut sends);
        read(&sends)
    }

    /// What leaves the middlebox when nothing comes by for so long.
    fn waits(&mut self, time: Duration) -> Vec<Segment> {
        self.now += time;
        let mut sends = Sends::new();
        self.engine.tick(self.now, &mut sends);
        read(&sends)
    }
}

fn read(sends: &Sends) -> Vec<Segment> {
    sends
        .iter()
        .map(|packet| Segment::read(packet).unwrap())
        .collect()
}

#[test]
fn a_forged_ack_covers_what_was_swallowed_and_fits_what_the_client_expects() {
    let mut setup = Setup::connected(Expiry::Forges {
        timestamps: Forged::Frozen,
        fin_after: Some(2),
    });
    assert_eq!(setup.waits(EXPIRES), []);
    let data = Segment {
        timestamps: Some(Timestamps {
            value: 4010,
            echo: 1000,
        }),
        ..setup.client()
    };
    let [ack] = setup.passes(&data, b"abc")[..] else {
        panic!("not one answer");
    };
    let expected = Segment {
        ack: 3,
        timestamps: Some(Timestamps {
            value: 1000,
            echo: 4010,
        }),
        ..setup.server()
    };
    assert_eq!(ack, expected);
    // A pure ACK is not answered, and the server is not heard.
    setup.client_next = 3;
    assert_eq!(setup.passes(&setup.client(), b""), []);
    assert_eq!(setup.passes(&setup.server(), b"X"), []);
    let [fin] = setup.waits(Duration::from_secs(2))[..] else {
        panic!("not one FIN");
    };
    assert!(fin.fin && fin.ack == 3 && fin.seq == u32::MAX);
    assert_eq!(setup.waits(Duration::from_secs(9)), [], "a second FIN");
}

#[test]
fn resets_at_expiry_are_what_each_end_expects_next() {
    let mut setup = Setup::connected(Expiry::ResetsBoth);
    assert_eq!(setup.waits(EXPIRES - Duration::from_millis(1)), []);
    let [to_client, to_server] = setup.waits(Duration::from_millis(1))[..] else {
        panic!("not two resets");
    };
    assert!(to_client.rst && to_server.rst);
    assert_eq!(
        (to_client.to, to_client.seq),
        (setup.client().from, setup.server_next)
    );
    assert_eq!(
        (to_server.to, to_server.seq),
        (setup.server().from, setup.client_next)
    );
}

#[test]
fn each_packet_that_meets_a_reset_has_one_that_its_sender_takes() {
    let mut setup = Setup::connected(Expiry::Resets);
    assert_eq!(setup.waits(EXPIRES), []);
    for _ in 0..2 {
        let [reset] = setup.passes(&setup.client(), b"abc")[..] else {
            panic!("not one reset");
        };
        assert!(reset.rst && reset.to == setup.client().from);
        assert_eq!(reset.seq, setup.server_next);
    }
    let reset = Segment {
        rst: true,
        ..setup.client()
    };
    assert_eq!(setup.passes(&reset, b""), [], "a reset is not answered");
}

#[test]
fn a_connection_whose_beginning_was_not_seen_passes_for_ever() {
    let mut setup = Setup::connected(Expiry::Drops);
    let stranger = Segment {
        from: "198.18.0.2:40001".parse().unwrap(),
        ..setup.client()
    };
    for _ in 0..2 {
        assert_eq!(setup.passes(&stranger, b""), vec![stranger]);
        setup.waits(2 * EXPIRES);
    }
    assert_eq!(setup.passes(&setup.client(), b""), [], "the known one");
}

#[test]
fn what_is_no_tcp_passes_as_it_is() {
    let mut engine = Engine::new(Orders::default());
    let mut sends = Sends::new();
    let packets: [&[u8]; 3] = [b"", b"\x60", &[0x45; 40]];
    for packet in packets {
        engine.packet(packet, Instant::now(), &mut sends);
    }
    assert_eq!(sends, packets);
}

#[test]
fn a_packet_held_back_comes_a_little_later() {
    let back = Duration::from_millis(50);
    let mut engine = Engine::new(Orders {
        behaviour: None,
        holds: Some(Holds::all(back)),
    });
    let (start, mut sends) = (Instant::now(), Sends::new());
    engine.packet(b"one", start, &mut sends);
    engine.tick(start, &mut sends);
    assert!(sends.is_empty());
    assert_eq!(engine.releases_at(), Some(start + back));
    engine.tick(start + back, &mut sends);
    assert_eq!(sends, [b"one"]);
}
