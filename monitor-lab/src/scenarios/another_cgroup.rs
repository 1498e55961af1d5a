//! The incident, in a process of another network namespace and of a control group
//! that nobody else is in: the finding names both.

use super::nat_silent_drop;
use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "another-cgroup",
    about: "as nat-silent-drop, in a control group of its own: the owner is right",
    case: Some(16),
    placement: Placement::ClientInCgroup,
    ..nat_silent_drop::SCENARIO
};
