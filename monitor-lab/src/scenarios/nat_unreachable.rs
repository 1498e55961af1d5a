//! The incident with a router that answers every lost packet with ICMP "unreachable".
//! That takes the backoff back each time: the kernel retries five times a second, and
//! whoever waits for the backoff to grow waits for ever.

use super::nat_silent_drop;
use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "nat-unreachable",
    about: "as nat-silent-drop, and every lost packet is answered with ICMP unreachable",
    case: Some(31),
    middlebox: Middlebox::Nat {
        forgets_after: TIMEOUT,
        unknown: Unknown::Unreachable,
    },
    // One each 0.2 s: three at once, or as many as fit in until a sweep looks.
    truth: || nat_silent_drop::blackholed_by(3.0..=12.0),
    ..nat_silent_drop::SCENARIO
};
