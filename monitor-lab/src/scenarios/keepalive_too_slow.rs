//! Keepalive is on and everybody feels safe, but it starts long after the NAT has
//! forgotten. The warning comes in time and says why.

use super::prelude::*;

/// Seconds before the first probe; none comes while the story lasts.
const IDLE: u32 = 30;
const INTERVAL: u32 = 1;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "keepalive-too-slow",
    about: "keepalive starts after 30 s, the NAT forgets after 6 s; then data is sent",
    case: Some(12),
    middlebox: NAT_OF_6,
    configuration: PATH_OF_6,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path(PATH_OF_6.path, PATH_OF_6.timeout)
        .warned(Client, "keepalive starts after 30 s")
        .crosses_at_both_ends()
        .due(Client, Blackholed, Page, 7.8..=8.8)
        .resting_on("timeouts", 1.0..=3.0)
        .timed()
        .leaves_firing(Blackholed, Page, Client)
        .leaves_firing(Crossed, Ticket, Server)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(IDLE, INTERVAL)?;
    story.exchange("a", "A")?;
    story.awaits(Client, AtRisk)?;
    story.crosses_at_both_ends()?;
    story.silence(8.0)?;
    story.client_sends("b")?;
    story.awaits(Client, Blackholed)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
