//! The incident once more, over IPv6.

use super::nat_silent_drop;
use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "nat-silent-drop-ipv6",
    about: "as nat-silent-drop, over IPv6",
    case: Some(14),
    family: Family::V6,
    ..nat_silent_drop::SCENARIO
};
