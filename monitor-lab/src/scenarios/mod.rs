//! The stories. To add one, write its file and its line in [`ALL`].

mod keepalive_saves;
mod nat_rst_next_packet;
mod nat_silent_drop;
mod older_connection;
mod survives;

use crate::LabError;
use crate::daemon::Configuration;
use crate::network::Family;
use crate::network::middlebox::Middlebox;
use crate::story::Story;
use crate::truth::Truth;

/// Every scenario.
pub const ALL: &[Scenario] = &[
    nat_silent_drop::SCENARIO,
    nat_rst_next_packet::SCENARIO,
    survives::SCENARIO,
    keepalive_saves::SCENARIO,
    older_connection::SCENARIO,
];

/// A story and its truth.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// The family of the hosts' addresses.
    pub family: Family,
    /// What stands between the hosts.
    pub middlebox: Middlebox,
    /// What `tcplull` is told about the path.
    pub configuration: Configuration,
    /// Whether the connection is made, and used, before `tcplull` is there.
    pub connected_first: bool,
    /// What is true.
    pub truth: fn() -> Truth,
    /// What happens.
    pub tell: fn(&mut Story<'_>) -> Result<(), LabError>,
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
        }
        assert!(named("no-such-story").is_none());
    }
}
