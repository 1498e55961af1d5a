//! A black hole that ends: six seconds after the first packet that was lost, the path
//! works again, and the client's retransmission gets through.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "path-comes-back",
    about: "a box forgets after 4 s, drops, and 6 s later lets everything pass again",
    case: Some(10),
    middlebox: Middlebox::simulated(
        Duration::from_secs(TIMEOUT as u64),
        Clock::Packets,
        Expiry::DropsFor(6),
    ),
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    // No alert is named as left firing: the page must be gone.
    Truth::usual()
        .crosses_at_both_ends()
        .due(Client, Blackholed, Page, 5.8..=6.8)
        .timed()
        .due(Client, Recovered, Severity::None, 5.8..=6.8)
        .resting_on("ack_progress_bytes", 1.0..=1.0)
        .counts("tcplull_outcomes_total", &[("outcome", "recovered")])
        .allows(Client, Survived)
        // The retransmission that gets through comes 6 to 13 s after the first send.
        .due(Server, Survived, Severity::None, 11.8..=20.0)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)?;
    story.client_sends("b")?;
    story.awaits(Client, Blackholed)?;
    story.arrives(Server, "b")?;
    story.awaits(Client, Recovered)?;
    story.awaits(Server, Survived)?;
    story.exchange("c", "C")?;
    story.reads_metrics()?;
    story.closes()?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
