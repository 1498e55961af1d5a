//! Keepalive is slower than the NAT, and nobody ever sends anything: the probes that
//! come too late are all there is to see, and nothing answers them.

use super::prelude::*;

/// Seconds before the first probe.
const IDLE: u32 = 8;
const INTERVAL: u32 = 1;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "keepalive-unanswered",
    about: "keepalive starts after 8 s, the NAT forgets after 6 s; no data is ever sent",
    case: Some(12),
    middlebox: NAT_OF_6,
    configuration: PATH_OF_6,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path(PATH_OF_6.path, PATH_OF_6.timeout)
        .warned(Client, "keepalive starts after 8 s")
        .crosses_at_both_ends()
        .due(Client, Blackholed, Page, 7.8..=12.0)
        .resting_on("unanswered_probes", 3.0..=4.0)
        .resting_on("timeouts", 0.0..=0.0)
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .showing("gap_ended_by", "probe")
        .unprovoked()
        .leaves_firing(Blackholed, Page, Client)
        .leaves_firing(Crossed, Ticket, Server)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(IDLE, INTERVAL)?;
    story.exchange("a", "A")?;
    story.awaits(Client, AtRisk)?;
    story.crosses_at_both_ends()?;
    story.awaits(Client, Blackholed)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
