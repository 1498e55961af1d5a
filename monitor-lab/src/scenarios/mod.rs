//! The stories. To add one, write its file and its line in [`ALL`].

mod another_cgroup;
mod bad_line;
mod box_closes_both;
mod box_resets_both;
mod crowd;
mod forged_acks;
mod half_closed;
mod held_clock;
mod host_down;
mod keepalive_saves;
mod keepalive_too_slow;
mod keepalive_unanswered;
mod local_abort;
mod long_request;
mod loopback_pool;
mod nat_rst_next_packet;
mod nat_silent_drop;
mod nat_silent_drop_ipv6;
mod nat_unreachable;
mod no_answer_due;
mod no_habit_yet;
mod older_connection;
mod paced_sender;
mod passive_side;
mod path_comes_back;
mod path_dies;
mod reader_stops;
mod server_pushes;
mod sibling_works;
mod slow_server;
mod stopped_peer;
mod survives;
mod trickle;
mod waits_in_peace;

use crate::LabError;
use crate::bench::Place;
use crate::boxes::Clock;
use crate::configuration::Configuration;
use crate::network::family::Family;
use crate::network::middlebox::{Middlebox, Unknown};
use crate::story::Story;
use crate::truth::Truth;

/// Every scenario.
pub const ALL: &[Scenario] = &[
    nat_silent_drop::SCENARIO,
    nat_rst_next_packet::SCENARIO,
    nat_silent_drop_ipv6::SCENARIO,
    nat_unreachable::SCENARIO,
    server_pushes::SCENARIO,
    box_resets_both::SCENARIO,
    box_closes_both::SCENARIO,
    box_closes_both::PROXY,
    path_comes_back::SCENARIO,
    path_dies::SCENARIO,
    forged_acks::THEN_FIN,
    forged_acks::FOR_EVER,
    forged_acks::IPV6,
    forged_acks::ALARM_BUTTON,
    forged_acks::SEND_AND_CLOSE,
    held_clock::SCENARIO,
    bad_line::LOSES,
    bad_line::BULK_BOTH_WAYS,
    survives::SCENARIO,
    keepalive_saves::SCENARIO,
    older_connection::SCENARIO,
    another_cgroup::SCENARIO,
    long_request::SCENARIO,
    keepalive_too_slow::SCENARIO,
    keepalive_unanswered::SCENARIO,
    local_abort::SCENARIO,
    no_answer_due::ONE_WAY,
    no_answer_due::GOODBYE,
    no_answer_due::SEND_AND_CLOSE,
    half_closed::ANSWERED,
    half_closed::WAITS,
    reader_stops::PEER,
    reader_stops::OWN,
    paced_sender::SCENARIO,
    stopped_peer::SCENARIO,
    no_habit_yet::SCENARIO,
    slow_server::SCENARIO,
    trickle::SCENARIO,
    passive_side::SCENARIO,
    waits_in_peace::ANSWERED,
    waits_in_peace::WINDOW_UPDATE,
    waits_in_peace::CONSUMER,
    waits_in_peace::SUBSCRIBER,
    loopback_pool::SCENARIO,
    crowd::SCENARIO,
    sibling_works::SCENARIO,
    host_down::SCENARIO,
    host_down::UPLINK,
];

/// How many rows the taxonomy has: kinds of fate of a connection, of which each is
/// told by one story or more.
pub const ROWS: u8 = 38;

/// A story and its truth.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// Which of the [`ROWS`] that the taxonomy has it tells, from 1; `None` for a
    /// story beside them.
    pub row: Option<u8>,
    /// The family of the hosts' addresses.
    pub family: Family,
    /// What stands between the hosts.
    pub middlebox: Middlebox,
    /// What `tcplull` is told about the path.
    pub configuration: Configuration,
    /// Whether the connection is made, and used, before `tcplull` is there.
    pub connected_first: bool,
    /// Where the applications live.
    pub place: Place,
    /// Whether it keeps a whole core busy: at most one such runs at a time.
    pub heavy: bool,
    /// What is true.
    pub truth: fn() -> Truth,
    /// What happens.
    pub tell: fn(&mut Story<'_>) -> Result<(), LabError>,
}

/// What most scenarios have: two hosts, a router that forgets nothing, a path with
/// the usual timeout. A scenario states its name, its truth and its story, and what
/// is different.
const BASE: Scenario = Scenario {
    name: "",
    about: "",
    row: None,
    family: Family::V4,
    middlebox: Middlebox::Router,
    configuration: Configuration {
        path: PATH,
        timeout: TIMEOUT,
        clock: Clock::Packets,
    },
    connected_first: false,
    place: Place::Apart,
    heavy: false,
    truth: quiet,
    tell: |_| Ok(()),
};

/// The usual path.
const PATH: &str = "stated";

/// Its timeout, in seconds.
const TIMEOUT: u32 = 4;

/// A timeout that nothing in a story comes near, in seconds.
const NEVER: u32 = 60;

/// A path whose timeout nothing in a story comes near.
const FAR: Configuration = Configuration {
    path: PATH,
    timeout: NEVER,
    clock: Clock::Packets,
};

/// Seconds of silence before the first keepalive probe, and between probes, that keep
/// the usual path awake.
const KEEPS_ALIVE: u32 = 1;

/// A NAT that forgets when the usual path says, and drops what it does not know.
const NAT: Middlebox = Middlebox::Nat {
    forgets_after: TIMEOUT,
    unknown: Unknown::Drop,
};

/// A path that must be warned of: a sweep surely falls between three quarters of its
/// timeout and the timeout, also on a busy machine.
const PATH_OF_6: Configuration = Configuration {
    path: PATH,
    timeout: 6,
    clock: Clock::Packets,
};

/// The NAT of that path.
const NAT_OF_6: Middlebox = Middlebox::Nat {
    forgets_after: PATH_OF_6.timeout,
    unknown: Unknown::Drop,
};

impl Truth {
    /// The truth of a story on the usual path, on which nothing is to be said so far.
    fn usual() -> Self {
        Self::of_path(PATH, TIMEOUT)
    }

    /// The truth of a story on the path of [`FAR`].
    fn far() -> Self {
        Self::of_path(PATH, NEVER)
    }
}

fn quiet() -> Truth {
    Truth::usual().quiet()
}

fn quiet_far() -> Truth {
    Truth::far().quiet()
}

/// The scenario called `name`.
#[must_use]
pub fn named(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_name_and_judged_on_its_own_path() {
        for scenario in ALL {
            let found = named(scenario.name).map(|found| found.about);
            assert_eq!(found, Some(scenario.about));
            let truth = (scenario.truth)();
            assert_eq!(truth.path, scenario.configuration.path, "{}", scenario.name);
            assert_eq!(truth.timeout_seconds, scenario.configuration.timeout);
            assert_eq!(truth.clock, scenario.configuration.clock);
        }
        assert!(named("no-such-story").is_none());
    }

    #[test]
    fn every_row_of_the_taxonomy_is_told() {
        for row in 1..=ROWS {
            assert!(
                ALL.iter().any(|scenario| scenario.row == Some(row)),
                "row {row}"
            );
        }
    }

    #[test]
    fn a_truth_is_quiet_or_demands_something() {
        for scenario in ALL {
            let truth = (scenario.truth)();
            assert!(truth.quiet || !truth.due.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn where_nothing_may_be_heard_nobody_is_ever_woken() {
        let quiet = [9, 11, 17]
            .into_iter()
            .chain(23..=29)
            .chain(32..=34)
            .chain([36, 38]);
        for row in quiet {
            let stories = ALL.iter().filter(|scenario| scenario.row == Some(row));
            for scenario in stories {
                let truth = (scenario.truth)();
                assert!(truth.quiet && truth.alerts.is_empty(), "{}", scenario.name);
            }
        }
    }
}
