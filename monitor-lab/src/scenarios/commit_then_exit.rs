//! A client over a dead path sends COMMIT, gets no answer, and leaves. Few bytes, and no
//! goodbye: it had waited for what came of them, and nobody will be told that they are lost.

use super::nobody_waits::{closes, dies, leaves};
use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "commit-then-exit",
    about: "the path dies, the client sends COMMIT, waits half a second, and closes",
    configuration: FAR,
    truth: || leaves(Ticket).resting_on("lost_bytes_at_most", 6.0..=7.0),
    tell,
    ..BASE
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    dies(story)?;
    story.client_sends("COMMIT")?;
    story.watches_on(0.5)?;
    closes(story)
}
