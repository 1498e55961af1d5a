//! After a silence the way from the client is dead and the way to it is not. What comes
//! from there acknowledges nothing, and nothing has survived.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "push-is-no-answer",
    about: "after a silence the client's 8 bytes vanish, and something else comes from the server",
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .crosses_at_both_ends()
        .due(Client, Blackholed, Page, 5.8..=6.8)
        .showing("peer_heard", "one_way")
        .timed()
        .due(Server, Blackholed, Page, 5.8..=7.2)
        .without("peer_heard")
}

/// The silence crosses the timeout at both ends.
pub(super) fn crosses(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.awaits(Client, Crossed)?;
    story.awaits(Server, Crossed)?;
    story.silence(6.0)
}

/// Both ends are told to be lost.
pub(super) fn is_told(story: &mut Story<'_>) -> Result<(), LabError> {
    story.awaits(Client, Blackholed)?;
    story.awaits(Server, Blackholed)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    crosses(story)?;
    story.loses(Client, Segments::All)?;
    story.client_sends("8 bytes.")?;
    story.watches_on(0.3)?;
    story.server_sends("news")?;
    story.arrives(Client, "news")?;
    is_told(story)
}
