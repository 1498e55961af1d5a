//! A control: the peer was suspended in the silence, so its timestamp clock stood
//! still. That looks like a forger's, but the peer answers.

use super::prelude::*;
use super::survives;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "held-clock",
    about: "the server's timestamp clock stood still in the silence, but it answers",
    case: Some(38),
    middlebox: Middlebox::simulated(
        Duration::from_secs(TIMEOUT as u64),
        Clock::Packets,
        Expiry::HoldsClock,
    ),
    truth: survives::survived,
    tell,
    ..BASE
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)?;
    story.exchange("b", "B")?;
    story.awaits(Client, Survived)?;
    story.awaits(Server, Survived)?;
    story.closes()?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
