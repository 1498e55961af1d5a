//! What a client leaves behind over a dead path, when the path comes back. It arrives: then nothing was lost, and there is
//! no ticket. Or it is met with a RST: then it is lost for good, and as the client does not come again there is one.

use super::nobody_waits::{dies, leaves};
use super::prelude::*;

/// More than any goodbye.
const REQUEST: usize = 300;

/// How long a ticket on it waits, in seconds: as by default.
const WAITS: u32 = 10;

pub(super) const ARRIVES: Scenario = Scenario {
    name: "left-behind-and-arrives",
    about: "the path dies, the client sends 300 bytes and closes; the path comes back, and they arrive",
    configuration: Configuration {
        page_after: WAITS,
        ..FAR
    },
    truth: || leaves(Ticket).resting_on("lost_bytes_at_most", 300.0..=301.0),
    tell: |story| {
        let request = "r".repeat(REQUEST);
        is_left(story, &request)?;
        story.path_comes_back()?;
        story.arrives(Server, &request)?;
        story.reads_alerts()
    },
    ..BASE
};

pub(super) const LOST: Scenario = Scenario {
    name: "left-behind-and-lost",
    about: "the same, and when the path comes back a RST answers: what is lost is a ticket",
    truth: || {
        leaves(Ticket)
            .resting_on("lost_bytes_at_most", 300.0..=301.0)
            .leaves_firing(StallBlackholed, Ticket, Client)
    },
    tell: |story| {
        is_left(story, &"r".repeat(REQUEST))?;
        story.is_denied(0..1)?;
        story.path_comes_back()?;
        story.reads_alerts()?;
        story.server_received_no_more()
    },
    ..ARRIVES
};

/// The path dies, the client leaves this behind, and that is told.
fn is_left(story: &mut Story<'_>, request: &str) -> Result<(), LabError> {
    dies(story)?;
    story.sends_and_closes(Client, request)?;
    story.awaits(Client, StallBlackholed)
}
