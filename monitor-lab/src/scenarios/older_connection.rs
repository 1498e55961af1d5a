//! The incident once more, on a connection that was there before `tcplull` was.

use super::nat_silent_drop;
use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "older-connection",
    about: "as nat-silent-drop, on a connection older than the daemon",
    case: Some(15),
    connected_first: true,
    ..nat_silent_drop::SCENARIO
};
