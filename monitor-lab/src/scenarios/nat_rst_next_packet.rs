//! A NAT that forgets, too, but is honest about it: the next packet meets a RST.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "nat-rst-next-packet",
    about: "a NAT forgets after 4 s and answers the next packet with a RST",
    case: Some(2),
    middlebox: Middlebox::Nat {
        forgets_after: TIMEOUT,
        unknown: Unknown::Reset,
    },
    configuration: NAT_PATH,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path("nat", TIMEOUT)
        .crosses_at_both_ends()
        // A page: the client had data under way.
        .due(Client, Reset, Page, 5.8..=6.8)
        .showing("reset_came", "after_send")
        .resting_on("unacknowledged_bytes", 1.0..=1.0)
        .timed()
        .counts("tcplull_outcomes_total", &[("outcome", "reset")])
        // One reset is told, and pages nobody by itself.
        .leaves_interrupted(Client)
        .leaves_firing(Crossed, Ticket, Server)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)?;
    story.client_sends("b")?;
    story.client_is_reset()?;
    story.awaits(Client, Reset)?;
    story.reads_metrics()?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
