//! A server restarts: whatever comes on its old connections is answered with a RST. One
//! of them was in mid-exchange, so that it was no silence that killed the idle ones.

use super::prelude::*;
use std::ops::Range;

const IDLE: Range<usize> = 0..2;
const BUSY: usize = 2;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "server-restarts",
    about: "a restarted server resets a busy connection, and idle ones when they ask",
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .unwatched(Server)
        .with_connections(BUSY + 1)
        .crosses(Client)
        .about(IDLE)
        .due(Client, Reset, Page, 5.0..=8.0)
        .about(IDLE)
        .says_unreachable()
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.opens(2)?;
    for connection in IDLE {
        story.exchange_on(connection, "a", "A")?;
    }
    story.works_for(BUSY, 5.5)?;
    story.awaits_each(Client, IDLE, Crossed)?;
    story.is_denied(0..BUSY + 1)?;
    story.sends_on(Client, BUSY, "work")?;
    story.watches_on(0.2)?;
    for connection in IDLE {
        story.sends_on(Client, connection, "b")?;
    }
    story.awaits_each(Client, IDLE, Reset)?;
    story.watches_on(1.0)?;
    story.server_received_no_more()
}
