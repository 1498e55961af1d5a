//! The incident from the other side: the server pushes first. What it sends is
//! addressed to the NAT itself, which knows nothing of it any more and tells nobody.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "server-pushes",
    about: "a NAT forgets after 4 s, and the server speaks first after that",
    case: Some(7),
    middlebox: NAT,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .crosses_at_both_ends()
        .due(Server, Blackholed, Page, 5.8..=6.8)
        .resting_on("timeouts", 1.0..=3.0)
        .timed()
        .counts("tcplull_outcomes_total", &[("outcome", "blackholed")])
        .leaves_firing(Blackholed, Page, Server)
        .leaves_firing(Crossed, Ticket, Client)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)?;
    story.server_sends("B")?;
    story.awaits(Server, Blackholed)?;
    story.reads_metrics()?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
