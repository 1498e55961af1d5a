//! The kernel gives a connection up before a third timeout could say why. That it did is
//! the finding, of the one who held it.

use super::kernel_gives_up::is_given_up;
use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "given-up-early",
    about: "the path dies, and TCP_USER_TIMEOUT ends the wait after a second",
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::far()
        .stalls(Client, StallBlackholed, 0.5..=3.0)
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.limits_wait(Client, 1.0)?;
    story.exchange("a", "A")?;
    story.path_dies()?;
    story.client_sends("b")?;
    story.awaits(Client, StallBlackholed)?;
    is_given_up(story)
}
