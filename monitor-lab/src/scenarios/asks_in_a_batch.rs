//! A batch client: it asks again as soon as it is answered, and no look ever finds it at rest. Its last request takes
//! longer than the NAT remembers, and the reply is lost.

use super::prelude::*;
use std::ops::RangeInclusive;

/// How often it asks before.
const TIMES: usize = 12;

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

fn waits() -> Truth {
    Truth::usual()
        .crosses(Client)
        .stalls(Client, AwaitingReply, LATER)
        .showing("habit_of", "none")
        .showing("dialogue", "postgresql")
        .resting_on("answered_exchanges", 12.0..=12.0)
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .saying("at a port of postgresql the client asks")
}

fn lost() -> Truth {
    waits()
        .crosses(Server)
        .due(Server, Blackholed, Page, 5.8..=6.8)
        .leaves_firing(Crossed, Ticket, Client)
        .leaves_firing(AwaitingReply, Ticket, Client)
        .leaves_firing(Blackholed, Page, Server)
}

fn lost_in_a_crowd() -> Truth {
    waits()
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
    asks(story)?;
    story.awaits(Server, Blackholed)?;
    ends(story)
}

fn tell_crowd(story: &mut Story<'_>) -> Result<(), LabError> {
    story.a_crowd_stands_beside(CROWD_OF)?;
    story.is_swept()?;
    asks(story)?;
    ends(story)
}

fn asks(story: &mut Story<'_>) -> Result<(), LabError> {
    story.asks_in_a_batch(TIMES)?;
    story.delivers(Client, "report")?;
    story.awaits(Client, Crossed)?;
    story.silence(6.0)?;
    story.server_sends("REPORT")
}

fn ends(story: &mut Story<'_>) -> Result<(), LabError> {
    story.awaits(Client, AwaitingReply)?;
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
