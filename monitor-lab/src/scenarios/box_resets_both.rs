//! A firewall that forgets, and says so at once: both ends are reset in the middle of
//! the silence, before anybody has lost anything.

use super::prelude::*;

/// More than two sweeps after the stated timeout, so that the silence is surely seen to
/// have crossed it, and the alert on that is read.
const EXPIRES_AFTER: Duration = Duration::from_secs(7);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "box-resets-both",
    about: "a firewall forgets in the silence and sends a RST to both ends at once",
    case: Some(3),
    middlebox: Middlebox::simulated(EXPIRES_AFTER, Clock::Packets, Expiry::ResetsBoth),
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .crosses_at_both_ends()
        // No page: nothing was under way.
        .due(Client, Reset, Ticket, 6.8..=7.8)
        .showing("reset_came", "during_silence")
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .due(Server, Reset, Ticket, 6.8..=7.8)
        .showing("reset_came", "during_silence")
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .counts("tcplull_outcomes_total", &[("outcome", "reset")])
        .leaves_ended(Reset, Ticket, Client)
        .leaves_ended(Reset, Ticket, Server)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.is_reset(Client)?;
    story.is_reset(Server)?;
    story.awaits(Client, Reset)?;
    story.awaits(Server, Reset)?;
    story.reads_metrics()?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
