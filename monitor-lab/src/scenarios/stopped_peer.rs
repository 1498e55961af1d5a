//! The server's process is stopped. Its kernel acknowledges the request at once and
//! answers every keepalive probe; the application's answer does not come. That is no
//! proof that the request was not delivered: it was.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "stopped-peer",
    about: "the server's process is stopped (SIGSTOP), its kernel acknowledges the request",
    case: Some(22),
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .stalls(Client, AwaitingReply, LATE)
        .showing("habit_of", "connection")
        .resting_on("habit_seconds", HABIT)
        .resting_on("answered_exchanges", HABIT_SEEN)
        .resting_on("wait_seconds", LATE)
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .saying("usually answers in")
        .timed()
        .leaves_firing(AwaitingReply, Ticket, Client)
        // After the process has gone on.
        .allows(Client, Survived)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.becomes_a_habit()?;
    story.is_stopped(Server)?;
    story.client_sends("x")?;
    story.awaits(Client, AwaitingReply)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()?;
    story.goes_on(Server)?;
    story.arrives(Server, "x")?;
    story.watches_on(1.0)
}
