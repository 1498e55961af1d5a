//! Applications that have said all they had to say, and go on waiting over a path that
//! dies. Their sockets look half gone, and somebody waits all the same.

use super::prelude::*;

/// Bytes per second, and how many: the transfer would take ten seconds.
const RATE: u32 = 1_000_000;
const BYTES: u64 = 10_000_000;

pub(super) const ASKED: Scenario = Scenario {
    name: "asks-and-shuts-down",
    about: "the path dies, the client asks, shuts its side down, and waits for the answer",
    configuration: FAR,
    truth: || {
        Truth::far()
            .stalls(Client, StallBlackholed, 1.0..=4.0)
            .resting_on("timeouts", 3.0..=4.0)
            .without("nobody_waits")
            .timed()
    },
    tell: |story| {
        story.exchange("a", "A")?;
        story.path_dies()?;
        story.client_sends("b")?;
        story.falls_mute(Client)?;
        story.awaits(Client, StallBlackholed)?;
        story.watches_on(2.0)?;
        story.server_received_no_more()
    },
    ..BASE
};

pub(super) const READER: Scenario = Scenario {
    name: "reader-in-fin-wait2",
    about: "the client has shut its side down and reads; the path dies under the transfer",
    truth: || {
        Truth::far()
            .stalls(Client, StallBlackholed, 1.0..=8.0)
            .resting_on("unanswered_probes", 3.0..=4.0)
            .without("nobody_waits")
            .stalls(Server, StallBlackholed, 0.5..=6.0)
            .resting_on("timeouts", 2.0..=4.0)
            .without("nobody_waits")
    },
    tell: |story| {
        story.client_keeps_alive(1, 1)?;
        story.exchange("a", "A")?;
        story.half_closes(Client)?;
        story.paces(Server, RATE)?;
        story.sends_bulk(Server, BYTES)?;
        story.bulk_arrives(Client, BYTES / 10)?;
        story.path_dies()?;
        story.awaits(Server, StallBlackholed)?;
        story.awaits(Client, StallBlackholed)?;
        story.bulk_stands_still(Client)
    },
    ..ASKED
};
