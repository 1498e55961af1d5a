//! A control, seen from the passive side: its client probes every second, which moves
//! none of the clocks that look obvious there. Then a real request comes.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "passive-side",
    about: "a server whose client keeps the connection alive, and then asks something",
    case: Some(32),
    tell,
    ..BASE
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.exchange("a", "A")?;
    story.silence(7.0)?;
    story.server_answers_after(0.3)?;
    story.asks("b")?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
