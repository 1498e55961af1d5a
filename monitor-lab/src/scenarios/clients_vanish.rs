//! A server and its clients. Two phones of thirteen walk out of reach: nobody is woken. One of those that stay, by what
//! the path says of them, goes: that is a ticket. A whole prefix goes: that is a page. A client of which one connection dies
//! while another works has not gone. And after a silence that reached the timeout those that came out of one are the
//! measure.

use super::prelude::*;
use std::ops::Range;

/// Those that stay, and those that go.
const STAY: Range<usize> = 0..11;
const GO: Range<usize> = 11..13;

/// One that goes where all should stay.
const ONE_GOES: Range<usize> = 11..12;

/// Those in the prefix that goes: all that are there.
const PREFIX_GOES: Range<usize> = 11..15;

/// The second connection of one of a few clients, the last of these.
const SECOND: usize = 5;

pub(super) const TWO_OF_THIRTEEN: Scenario = Scenario {
    name: "two-clients-walk-away",
    about: "two of a server's 13 clients vanish, and the others work on",
    configuration: FAR,
    truth: two,
    tell: tell_two,
    ..BASE
};

pub(super) const SERVERS: Scenario = Scenario {
    name: "one-of-its-servers-vanishes",
    about: "of 12 servers that call this host, and stay by what the path says of them, one vanishes",
    service: Service {
        role: Some("servers"),
        ..Service::USUAL
    },
    truth: servers,
    tell: tell_servers,
    ..TWO_OF_THIRTEEN
};

pub(super) const PREFIX: Scenario = Scenario {
    name: "a-prefix-of-clients-vanishes",
    about: "all four of a server's 15 clients that are in one prefix vanish together",
    truth: prefix,
    tell: tell_prefix,
    ..TWO_OF_THIRTEEN
};

pub(super) const LIVES: Scenario = Scenario {
    name: "client-lives-elsewhere",
    about: "one connection of a server's client is forgotten, another of the same client works",
    truth: lives,
    tell: tell_lives,
    ..TWO_OF_THIRTEEN
};

pub(super) const CROSSED: Scenario = Scenario {
    name: "one-of-those-that-crossed",
    about: "of three clients that were silent past the timeout one is gone when the server speaks",
    truth: crossed,
    tell: tell_crossed,
    ..BASE
};

fn two() -> Truth {
    Truth::far()
        .unwatched(Client)
        .with_connections(GO.end)
        .due(Server, StallBlackholed, Severity::None, 0.2..=8.0)
        .about(GO)
        .showing("client_vanished", "true")
        .resting_on("clients_fine", 11.0..=11.0)
        .resting_on("clients_failing", 1.0..=2.0)
        .saying("the client has vanished, 11 other clients of port 5432 are fine")
        .timed()
        .quiet()
}

fn tell_two(story: &mut Story<'_>) -> Result<(), LabError> {
    story.clients_come(Prefix::Own, 12)?;
    story.clients_work_for(0..GO.end, 2.0)?;
    story.clients_vanish(GO)?;
    story.server_tells(GO)?;
    story.clients_work_for(STAY, 4.0)?;
    story.awaits_each(Server, GO, StallBlackholed)?;
    story.clients_work_for(STAY, 3.0)?;
    story.client_received_no_more()?;
    story.reads_alerts()
}

fn servers() -> Truth {
    Truth::far()
        .unwatched(Client)
        .with_connections(ONE_GOES.end)
        .due(Server, StallBlackholed, Ticket, 0.2..=8.0)
        .about(ONE_GOES)
        .showing("client_vanished", "true")
        .resting_on("clients_fine", 11.0..=11.0)
        .resting_on("clients_failing", 1.0..=1.0)
        .saying("the client has vanished, 11 other clients of port 5432 are fine")
        .timed()
        .leaves_firing(StallBlackholed, Ticket, Server)
}

fn tell_servers(story: &mut Story<'_>) -> Result<(), LabError> {
    story.clients_come(Prefix::Own, 11)?;
    story.clients_work_for(0..ONE_GOES.end, 2.0)?;
    story.clients_vanish(ONE_GOES)?;
    story.server_tells(ONE_GOES)?;
    story.clients_work_for(STAY, 4.0)?;
    story.awaits_each(Server, ONE_GOES, StallBlackholed)?;
    // The ticket waits for as long as a page does: it may yet be answered.
    story.clients_work_for(STAY, 3.0)?;
    story.client_received_no_more()?;
    story.reads_alerts()
}

fn prefix() -> Truth {
    Truth::far()
        .unwatched(Client)
        .with_connections(PREFIX_GOES.end)
        // The first of them is a record for as long as the others are not known to fail.
        .allows(Server, StallBlackholed)
        .stalls(Server, StallBlackholed, 0.2..=8.0)
        .about(PREFIX_GOES)
        .says_unreachable()
        .resting_on("clients_failing", 3.0..=4.0)
        .saying("fail, 11 others of port 5432 are fine: the way there is down")
        .timed()
        .leaves_unreachable(Server, 4)
}

fn tell_prefix(story: &mut Story<'_>) -> Result<(), LabError> {
    story.clients_come(Prefix::Own, 10)?;
    story.clients_come(Prefix::Other, 4)?;
    story.clients_work_for(0..PREFIX_GOES.end, 2.0)?;
    story.clients_vanish(PREFIX_GOES)?;
    story.server_tells(PREFIX_GOES)?;
    story.clients_work_for(STAY, 4.0)?;
    story.awaits_each(Server, PREFIX_GOES, StallBlackholed)?;
    story.clients_work_for(STAY, 1.0)?;
    story.client_received_no_more()?;
    story.reads_alerts()
}

fn lives() -> Truth {
    Truth::far()
        .unwatched(Client)
        .with_connections(SECOND + 1)
        .stalls(Server, StallBlackholed, 0.2..=8.0)
        .about(SECOND..SECOND + 1)
        .without("client_vanished")
        .resting_on("siblings_moving", 1.0..=1.0)
        .saying("1 other connection there is fine")
        .timed()
        .leaves_firing(StallBlackholed, Page, Server)
}

fn tell_lives(story: &mut Story<'_>) -> Result<(), LabError> {
    story.clients_come(Prefix::Own, 4)?;
    story.client_connects_again(SECOND - 1)?;
    story.clients_work_for(0..SECOND + 1, 2.0)?;
    story.is_forgotten(SECOND..SECOND + 1)?;
    story.server_tells(SECOND..SECOND + 1)?;
    story.clients_work_for(0..SECOND, 4.0)?;
    story.awaits_each(Server, SECOND..SECOND + 1, StallBlackholed)?;
    story.clients_work_for(0..SECOND, 1.0)?;
    story.reads_alerts()
}

fn crossed() -> Truth {
    Truth::usual()
        .unwatched(Client)
        .with_connections(3)
        .crosses(Server)
        .about(0..3)
        .due(Server, Survived, Severity::None, 5.8..=12.0)
        .about(0..2)
        .due(Server, Blackholed, Ticket, 5.8..=12.0)
        .about(2..3)
        .resting_on("crossed_fine", 2.0..=2.0)
        .saying("2 connections that came out of a silence as long are fine")
        .timed()
        .leaves_firing(Blackholed, Ticket, Server)
}

fn tell_crossed(story: &mut Story<'_>) -> Result<(), LabError> {
    story.clients_come(Prefix::Own, 2)?;
    for on in 0..3 {
        story.exchange_on(on, "a", "A")?;
    }
    story.awaits_each(Server, 0..3, Crossed)?;
    story.silence(6.0)?;
    story.clients_vanish(2..3)?;
    story.clients_work_for(0..2, 1.0)?;
    story.server_tells(2..3)?;
    story.clients_work_for(0..2, 4.0)?;
    story.awaits_each(Server, 2..3, Blackholed)?;
    story.clients_work_for(0..2, 1.0)?;
    story.reads_alerts()
}
