//! A batch client: it asks again as soon as it is answered, and no look ever finds it at rest. Its last request takes
//! longer than the NAT remembers, and the reply is lost.

use super::prelude::*;
use std::ops::RangeInclusive;

/// How often it asks before.
const TIMES: usize = 12;

/// The connection that asks; and in a crowd, where it comes when the others stand: that takes a busy machine longer than
/// the NAT remembers.
const FIRST: usize = 0;
const LATE_COMER: usize = 1;

/// Connections beside it: of both ends' sockets a sweep shows one in four as samples.
const CROWD_OF: u32 = 900;

/// Seconds that a slow request takes, past the timeout, so that two sweeps see it wait.
const SLOW_TAKES: f64 = 6.5;

/// When a known service's client has waited for too long, in s: 15 at the least.
const LATER: RangeInclusive<f64> = 15.0..=40.0;

pub(super) const LOST: Scenario = Scenario {
    name: "batch-reply-lost",
    about: "a batch client of PostgreSQL, whose long query outlives a NAT of 4 s: the reply is lost",
    case: Some(8),
    middlebox: NAT,
    truth: lost,
    tell: tell_lost,
    ..BASE
};

pub(super) const CROWD: Scenario = Scenario {
    name: "batch-reply-lost-in-a-crowd",
    about: "the same beside 900 other connections of which samples are shown",
    middlebox: NAT,
    service: Service {
        alone: true,
        ..Service::USUAL
    },
    truth: lost_in_a_crowd,
    tell: tell_crowd,
    ..BASE
};

pub(super) const SLOW: Scenario = Scenario {
    name: "batch-of-slow-requests",
    about: "four requests of 6.5 s each in a row, on a path of 4 s that keepalive holds awake: told once",
    service: Service {
        dialogue: Some("client-asks"),
        ..UNKNOWN_SERVICE
    },
    truth: slow,
    tell: tell_slow,
    ..BASE
};

fn waits(on: usize) -> Truth {
    Truth::usual()
        .with_connections(on + 1)
        .crosses(Client)
        .about(on..on + 1)
        .stalls(Client, AwaitingReply, LATER)
        .about(on..on + 1)
        .showing("habit_of", "none")
        .showing("dialogue", "postgresql")
        .resting_on("answered_exchanges", 12.0..=12.0)
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .saying("at a port of postgresql the client asks")
}

fn lost() -> Truth {
    waits(FIRST)
        .crosses(Server)
        .due(Server, Blackholed, Page, 5.8..=6.8)
        .leaves_firing(Crossed, Ticket, Client)
        .leaves_firing(AwaitingReply, Ticket, Client)
        .leaves_firing(Blackholed, Page, Server)
}

fn lost_in_a_crowd() -> Truth {
    waits(LATE_COMER)
        .leaves_firing(Crossed, Ticket, Client)
        .leaves_firing(AwaitingReply, Ticket, Client)
        .unwatched(Server)
}

fn slow() -> Truth {
    Truth::usual()
        .stalls(Client, AwaitingReply, LATE)
        .showing("dialogue", "stated")
}

fn tell_lost(story: &mut Story<'_>) -> Result<(), LabError> {
    asks(story, FIRST)?;
    story.awaits(Server, Blackholed)?;
    ends(story, FIRST)
}

fn tell_crowd(story: &mut Story<'_>) -> Result<(), LabError> {
    story.closes()?;
    story.a_crowd_stands_beside(CROWD_OF)?;
    story.is_swept()?;
    story.opens(1)?;
    asks(story, LATE_COMER)?;
    ends(story, LATE_COMER)
}

fn asks(story: &mut Story<'_>, on: usize) -> Result<(), LabError> {
    story.asks_in_a_batch(on, TIMES)?;
    story.delivers_on(Client, on, "report")?;
    story.awaits_each(Client, on..on + 1, Crossed)?;
    story.silence(6.0)?;
    story.sends_on(Server, on, "REPORT")
}

fn ends(story: &mut Story<'_>, on: usize) -> Result<(), LabError> {
    story.awaits_each(Client, on..on + 1, AwaitingReply)?;
    story.watches_on(1.0)?;
    story.client_received_no_more()?;
    story.reads_alerts()
}

fn tell_slow(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.server_answers_after(SLOW_TAKES)?;
    for request in ["a", "b", "c", "d"] {
        story.asks(request)?;
    }
    story.watches_on(2.0)?;
    story.reads_alerts()
}
