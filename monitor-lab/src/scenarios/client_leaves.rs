//! A client exits with something unread, which Linux says with a RST: no path's doing, and no ticket of the server.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "client-leaves-unread",
    about: "the client exits after a silence, with what the server sent before still unread",
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .quiet()
        .crosses_at_both_ends()
        .due(Server, Reset, Severity::None, 6.5..=12.0)
        .showing("reset_by", "peer")
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.stops_reading(Client)?;
    story.server_sends("news")?;
    story.crosses_at_both_ends()?;
    story.silence(7.5)?;
    story.ends(Client)?;
    story.awaits(Server, Reset)?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
