//! The server closes a connection that rests, and the client's application does not look: a pool's idle connection.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "nobody-looks-at-a-fin",
    about: "the server closes a connection that rests, and the client does not look",
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::far()
        .quiet()
        .stalls(Client, FinUnread, 1.0..=30.0)
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.stops_reading(Client)?;
    story.silence(2.0)?;
    story.ends(Server)?;
    story.awaits(Client, FinUnread)?;
    // It is told once, however long nobody looks.
    story.watches_on(4.0)?;
    story.reads_alerts()
}
