//! The NAT forgets after 6 s, and the client's application would wait for its answer for a quarter of an hour: by
//! `[path.heal]` the daemon gives its socket TCP_USER_TIMEOUT, and it is told after half a minute (ETIMEDOUT).

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "heal-ends-hang",
    about: "a NAT forgets after 6 s, and the hang that follows ends after 30 s, as the daemon set TCP_USER_TIMEOUT",
    middlebox: NAT_OF_6,
    configuration: PATH_OF_6,
    heal: Some("user_timeout = \"auto\""),
    truth,
    tell,
    ..BASE
};

/// The same over IPv6.
pub(super) const IPV6: Scenario = Scenario {
    name: "heal-ends-hang-ipv6",
    about: "as heal-ends-hang, over IPv6",
    family: Family::V6,
    ..SCENARIO
};

fn truth() -> Truth {
    Truth::of_path(PATH, PATH_OF_6.timeout)
        .crosses_at_both_ends()
        .due(Client, Blackholed, Page, 7.8..=8.8)
        .timed()
        .counts("tcplull_heal_results_total", &[("result", "set")])
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(8.0)?;
    story.client_sends("b")?;
    story.awaits(Client, Blackholed)?;
    story.reads_metrics()?;
    // With `tcp_retries2` as it is, that comes after 15 minutes: far beyond what is waited for.
    story.is_given_up(Client)?;
    story.ends(Client)?;
    story.watches_on(2.5)?;
    story.server_received_no_more()
}
