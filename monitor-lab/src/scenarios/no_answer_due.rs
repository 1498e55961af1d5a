//! Messages after a silence that nobody was ever to answer. The ACK is all there is,
//! the connection then closes in peace, and nobody is woken.

use super::prelude::*;

pub(super) const ONE_WAY: Scenario = Scenario {
    name: "one-way-sender",
    about: "a one-way sender: after the gap it sends, is acknowledged, and closes",
    case: Some(29),
    truth,
    tell: one_way,
    ..BASE
};

pub(super) const GOODBYE: Scenario = Scenario {
    name: "pool-goodbye",
    about: "a pool's goodbye: after the gap one last message, and the server closes",
    case: Some(33),
    truth,
    tell: goodbye,
    ..BASE
};

pub(super) const SEND_AND_CLOSE: Scenario = Scenario {
    name: "send-and-close",
    about: "send(); close() at once after the gap, and it is delivered",
    case: Some(35),
    truth,
    tell: send_and_close,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .quiet()
        .crosses_at_both_ends()
        .due(Client, Acknowledged, Severity::None, 5.8..=6.8)
        .timed()
        .due(Server, Survived, Severity::None, 5.8..=6.8)
}

fn crosses(story: &mut Story<'_>) -> Result<(), LabError> {
    story.crosses_at_both_ends()?;
    story.silence(6.0)
}

fn settles(story: &mut Story<'_>) -> Result<(), LabError> {
    story.awaits(Client, Acknowledged)?;
    story.awaits(Server, Survived)?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}

fn one_way(story: &mut Story<'_>) -> Result<(), LabError> {
    story.delivers(Client, "a")?;
    crosses(story)?;
    story.delivers(Client, "b")?;
    story.ends(Client)?;
    story.hears_goodbye(Server)?;
    story.ends(Server)?;
    settles(story)
}

fn goodbye(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    crosses(story)?;
    story.delivers(Client, "quit")?;
    story.ends(Server)?;
    story.hears_goodbye(Client)?;
    story.ends(Client)?;
    settles(story)
}

fn send_and_close(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    crosses(story)?;
    story.sends_and_closes(Client, "b")?;
    story.arrives(Server, "b")?;
    story.hears_goodbye(Server)?;
    story.ends(Server)?;
    settles(story)
}
