//! A backend dies under a pool's idle and busy connections, and the pool reconnects: the
//! address has changed hands. That the new connection works says nothing for those that
//! died, which died of no silence.

use super::prelude::*;
use std::ops::Range;

const IDLE: Range<usize> = 0..3;
const BUSY: Range<usize> = 3..5;
const NEW: usize = 5;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "pool-reconnects",
    about: "idle and busy connections die together, and a new one to the same address works",
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .unwatched(Server)
        .with_connections(NEW + 1)
        .crosses(Client)
        .about(IDLE)
        .due(Client, Blackholed, Page, 5.0..=10.0)
        .about(IDLE)
        .says_unreachable()
        .resting_on("siblings_moving", 0.0..=0.0)
        .resting_on("siblings_failing", 1.0..=4.0)
        .resting_on("siblings_newer", 1.0..=1.0)
        .stalls(Client, StallBlackholed, 1.0..=4.0)
        .about(BUSY)
        .says_unreachable()
        .resting_on("siblings_moving", 0.0..=0.0)
        .resting_on("siblings_failing", 1.0..=4.0)
        .resting_on("siblings_newer", 1.0..=1.0)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.opens(4)?;
    story.some_are_silent_and_others_busy(IDLE, BUSY)?;
    story.awaits_each(Client, IDLE, Crossed)?;
    story.is_forgotten(0..NEW)?;
    for connection in IDLE.chain(BUSY) {
        story.sends_on(Client, connection, "last")?;
    }
    story.opens(1)?;
    story.works_for(NEW, 3.0)?;
    story.awaits_each(Client, BUSY, StallBlackholed)?;
    story.awaits_each(Client, IDLE, Blackholed)?;
    story.watches_on(1.0)?;
    story.server_received_no_more()
}
