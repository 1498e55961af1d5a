//! A request takes longer than the NAT remembers. The server's answer meets a middlebox
//! that has forgotten where it belongs; the client has nothing to send and waits for
//! ever. Its kernel has nothing to say either: all it sent was acknowledged.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "long-request",
    about: "a request outlives a NAT of 4 s, its reply is lost, the client only waits",
    case: Some(8),
    middlebox: NAT,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .crosses(Client)
        .stalls(Client, AwaitingReply, LATE)
        .showing("habit_of", "connection")
        .resting_on("habit_seconds", HABIT)
        .resting_on("answered_exchanges", HABIT_SEEN)
        .resting_on("wait_seconds", LATE)
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .saying("usually answers in")
        .crosses(Server)
        .due(Server, Blackholed, Page, 5.8..=6.8)
        .leaves_firing(Crossed, Ticket, Client)
        .leaves_firing(AwaitingReply, Ticket, Client)
        .leaves_firing(Blackholed, Page, Server)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.becomes_a_habit()?;
    story.delivers(Client, "report")?;
    story.awaits(Client, Crossed)?;
    story.silence(6.0)?;
    story.server_sends("REPORT")?;
    story.awaits(Server, Blackholed)?;
    story.awaits(Client, AwaitingReply)?;
    story.watches_on(1.0)?;
    story.client_received_no_more()?;
    story.reads_alerts()
}
