//! A control: an application that has little to send and nothing to ask. A few bytes
//! now and then is no transfer that stands still.

use super::prelude::*;

/// Seconds between one word and the next: above the least gap, and so far below the share of the
/// timeout that warns that a busy machine does not reach it.
const PAUSES: [f64; 7] = [0.3, 0.5, 1.3, 0.3, 1.8, 0.5, 1.5];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "trickle",
    about: "a client that sends a few bytes now and then, and is never answered",
    case: Some(24),
    tell,
    ..BASE
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    for pause in PAUSES {
        story.delivers(Client, "tick")?;
        story.silence(pause)?;
    }
    story.delivers(Client, "tock")?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
