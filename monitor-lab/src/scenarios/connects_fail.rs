//! The path dies, and so does the attempt to connect anew: its SYN is sent again and again.
//! That new connections fail too says that it is the peer or the network.

use super::prelude::*;
use std::ops::Range;

const BUSY: Range<usize> = 0..2;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "connects-fail-too",
    about: "the path dies under two connections, and a third does not come about",
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::far()
        .with_connections(BUSY.end)
        .stalls(Client, StallBlackholed, 1.0..=4.0)
        .about(BUSY)
        .says_unreachable()
        .resting_on("connects_failing", 1.0..=1.0)
        .resting_on("siblings_failing", 1.0..=1.0)
        .resting_on("siblings_moving", 0.0..=0.0)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.opens(1)?;
    story.works_for(0, 1.0)?;
    story.exchange_on(1, "work", "DONE")?;
    story.path_dies()?;
    story.knocks()?;
    // The SYN is sent again after a second, and a look comes by.
    story.watches_on(2.2)?;
    for connection in BUSY {
        story.sends_on(Client, connection, "last")?;
    }
    story.awaits_each(Client, BUSY, StallBlackholed)?;
    story.watches_on(1.0)?;
    story.server_received_no_more()
}
