//! A request that is not answered on a connection of which little is known: two answers
//! are no habit. The finding says so, and goes by the path's timeout.

use super::prelude::*;

/// Seconds after each answer, at least, and until a sweep has seen it.
const RESTS: f64 = 1.3;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "no-habit-yet",
    about: "the server's process is stopped before the third request: two answers are no habit",
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .stalls(Client, AwaitingReply, LATE)
        .showing("habit_of", "none")
        .resting_on("answered_exchanges", 2.0..=2.0)
        // Whether a sweep's sample shows an answer is chance on a host with many connections; the kernel counts both.
        .saying("no habit is known yet")
        .timed()
        .leaves_firing(AwaitingReply, Ticket, Client)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    for request in ["a", "b"] {
        story.exchange(request, &request.to_ascii_uppercase())?;
        story.silence(RESTS)?;
        story.is_swept()?;
    }
    story.is_stopped(Server)?;
    story.client_sends("x")?;
    story.awaits(Client, AwaitingReply)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
