//! Packets, as a simulated middlebox of the laboratory reads them.

use monitor_lab::simulated_middlebox::engine::Engine;
use monitor_lab::simulated_middlebox::packet::{Segment, Timestamps, with_timestamps};
use monitor_lab::simulated_middlebox::{Behaviour, Clock, Expiry, Orders};
use std::time::{Duration, Instant};

/// Any bytes as a packet: it is passed on as it is, or as a segment that can be read again.
#[test]
fn segment() {
    let begun = Instant::now();
    let orders = Orders {
        behaviour: Some(Behaviour {
            expires_after: Duration::from_secs(1),
            clock: Clock::Packets,
            expiry: Expiry::Drops,
        }),
        holds: None,
    };
    bolero::check!().for_each(|bytes| {
        let other = Timestamps { value: 1, echo: 2 };
        if let Some(changed) = with_timestamps(bytes, other) {
            let changed = Segment::read(&changed).expect("a segment");
            assert_eq!(changed.timestamps, Some(other));
        }
        if let Some(segment) = Segment::read(bytes) {
            let written = segment.write().expect("both addresses are of one family");
            let expected = Segment {
                payload: 0,
                ..segment
            };
            assert_eq!(Segment::read(&written), Some(expected));
        }
        let mut engine = Engine::new(orders);
        let mut sends = Vec::new();
        // Twice: the second one may meet what the first one left.
        for seconds in [0, 3] {
            engine.packet(bytes, begun + Duration::from_secs(seconds), &mut sends);
        }
        assert!(sends.iter().all(|sent| sent == bytes), "{sends:?}");
        engine.tick(begun + Duration::from_secs(9), &mut sends);
    });
}
