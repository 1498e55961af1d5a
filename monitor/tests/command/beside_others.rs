//! Other programs on the sockets and the cgroup that tcplull's own program is on.

use crate::common::net::{Pair, at, listen, routed};
use crate::common::place::{place_in, watching};
use crate::common::sock_ops::{Callback, Overwriter};
use crate::common::{Test, Tested, eventually};
use monitor_lab::network::cgroup::Cgroup;
use monitor_lab::testbed::Daemon;

pub const TESTS: &[Test] = &[
    Test::per_socket("a_program_that_takes_our_callbacks_again_and_again", rival),
];
