//! Connections of which one direction is closed. To be silent then is normal, for as
//! long as the peer likes; and an answer that comes after all has survived.

use super::prelude::*;

pub(super) const WAITS: Scenario = Scenario {
    name: "half-closed-waits",
    about: "the client has said all it had to say, and waits for longer than the timeout",
    case: Some(25),
    tell: waits,
    ..BASE
};

pub(super) const ANSWERED: Scenario = Scenario {
    name: "half-closed-answered",
    about: "the client has said all it had to say; the server answers after a gap",
    case: Some(34),
    truth,
    tell: answered,
    ..BASE
};

fn waits(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.half_closes(Client)?;
    story.silence(9.0)?;
    story.reads_alerts()
}

fn truth() -> Truth {
    Truth::usual()
        .quiet()
        .due(Client, Survived, Severity::None, 5.8..=6.8)
        .timed()
        .allows(Server, Acknowledged)
}

fn answered(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.half_closes(Client)?;
    story.silence(6.0)?;
    story.delivers(Server, "at last")?;
    story.awaits(Client, Survived)?;
    story.ends(Server)?;
    story.hears_goodbye(Client)?;
    story.ends(Client)?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
