//! A one-way stream: only ACKs ever come back. It falls silent, survives that, streams on,
//! and seconds later its path dies. The silence is settled by then; what dies is a stall.

use super::prelude::*;

/// Bytes a time, and seconds from one to the next.
const LINE: u32 = 100;
const EVERY: f64 = 0.2;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "stream-dies-after-gap",
    about: "a one-way stream survives a silence, and its path dies 3 s later",
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .unwatched(Server)
        .crosses(Client)
        .allows(Client, Acknowledged)
        .stalls(Client, StallBlackholed, 1.0..=4.0)
        .resting_on("timeouts", 3.0..=4.0)
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.pushes(Client, LINE, EVERY)?;
    story.watches_on(1.0)?;
    story.pushes_no_more(Client)?;
    story.awaits(Client, Crossed)?;
    story.silence(6.0)?;
    story.pushes(Client, LINE, EVERY)?;
    story.watches_on(3.0)?;
    story.bulk_keeps_coming(Server)?;
    story.path_dies()?;
    story.awaits(Client, StallBlackholed)?;
    story.watches_on(1.0)?;
    story.bulk_stands_still(Server)
}
