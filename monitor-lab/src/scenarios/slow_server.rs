//! A control: a server that always takes longer to answer than the path's timeout,
//! on a connection that keepalive keeps awake. Slow is what it is used to.

use super::prelude::*;

/// Seconds. Past the timeout of 4 two sweeps surely look and see it wait.
const THINKS: f64 = 6.5;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "slow-server",
    about: "a server that always takes 6.5 s to answer, on a path of 4 s with keepalive",
    case: Some(23),
    tell,
    ..BASE
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.server_answers_after(THINKS)?;
    for request in ["a", "b", "c"] {
        story.asks(request)?;
    }
    story.watches_on(1.0)?;
    story.reads_alerts()
}
