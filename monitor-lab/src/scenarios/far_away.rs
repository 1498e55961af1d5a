//! Peers a tenth of a second away, there and back: as between continents. Nothing that is told may depend on how soon an
//! answer comes.

use super::prelude::*;
use super::{nat_rst_next_packet, nat_silent_drop, survives};
use crate::simulated_middlebox::Behaviour;

/// A middlebox on the way that forgets when the usual path says.
const fn forgets(expiry: Expiry) -> Middlebox {
    Middlebox::Far(Some(Behaviour {
        expires_after: Duration::from_secs(TIMEOUT as u64),
        clock: Clock::Packets,
        expiry,
    }))
}

pub(super) const SURVIVES: Scenario = Scenario {
    name: "far-survives",
    about: "50 ms each way, the configuration states 4 s, the box has no timeout: the silence is survived",
    middlebox: Middlebox::Far(None),
    ..survives::SCENARIO
};

pub(super) const DROPS: Scenario = Scenario {
    name: "far-silent-drop",
    about: "50 ms each way: a box forgets after 4 s and drops what it no longer knows",
    middlebox: forgets(Expiry::Drops),
    ..nat_silent_drop::SCENARIO
};

pub(super) const RESETS: Scenario = Scenario {
    name: "far-rst-next-packet",
    about: "50 ms each way: a box forgets after 4 s and answers the next packet with a RST",
    middlebox: forgets(Expiry::Resets),
    ..nat_rst_next_packet::SCENARIO
};
