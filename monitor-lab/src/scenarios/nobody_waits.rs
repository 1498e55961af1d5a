//! Applications that leave over a dead path. Of a goodbye nobody misses the answer: that
//! wakes nobody. What is more than a goodbye is lost without an error to anybody, and
//! somebody should know, in working hours.

use super::prelude::*;

/// TLS's close_notify, in bytes as in a record of TLS 1.3.
const CLOSE_NOTIFY: &str = "close_notify in 24 bytes";

/// More than any goodbye.
const REQUEST: usize = 300;

/// A shipper's lines: bytes each, and seconds from one to the next.
const LINE: u32 = 200;
const EVERY: f64 = 0.1;

pub(super) const NOTIFY: Scenario = Scenario {
    name: "close-notify-over-dead-path",
    about: "the path dies, the client sends close_notify and closes 0.1 s later",
    configuration: FAR,
    truth: || leaves(Severity::None),
    tell: |story| {
        dies(story)?;
        story.client_sends(CLOSE_NOTIFY)?;
        story.watches_on(0.1)?;
        closes(story)
    },
    ..BASE
};

pub(super) const LONG: Scenario = Scenario {
    name: "request-then-exit",
    about: "the path dies, the client sends 300 bytes and closes at once",
    truth: || leaves(Ticket).resting_on("lost_bytes_at_most", 300.0..=301.0),
    tell: |story| {
        dies(story)?;
        story.sends_and_closes(Client, &"r".repeat(REQUEST))?;
        is_told(story)
    },
    ..NOTIFY
};

pub(super) const KILLED: Scenario = Scenario {
    name: "shipper-is-killed",
    about: "the path dies under a shipper of logs, which is killed with lines in flight",
    truth: || leaves(Ticket).resting_on("lost_bytes_at_most", 200.0..=100_000.0),
    tell: |story| {
        story.pushes(Client, LINE, EVERY)?;
        story.watches_on(1.0)?;
        story.bulk_keeps_coming(Server)?;
        story.path_dies()?;
        story.watches_on(0.5)?;
        story.is_killed(Client)?;
        story.awaits(Client, StallBlackholed)?;
        story.watches_on(2.0)
    },
    ..NOTIFY
};

/// The client leaves, and what it leaves behind is told with this severity.
pub(super) fn leaves(severity: Severity) -> Truth {
    Truth::far()
        .due(Client, StallBlackholed, severity, 1.0..=4.0)
        .showing("nobody_waits", "true")
        .timed()
}

/// The path dies under a connection that is old enough to be known.
pub(super) fn dies(story: &mut Story<'_>) -> Result<(), LabError> {
    story.works_for(0, 2.0)?;
    story.path_dies()
}

/// The client closes, and that is told.
pub(super) fn closes(story: &mut Story<'_>) -> Result<(), LabError> {
    story.ends(Client)?;
    is_told(story)
}

fn is_told(story: &mut Story<'_>) -> Result<(), LabError> {
    story.awaits(Client, StallBlackholed)?;
    is_lost(story)
}

fn is_lost(story: &mut Story<'_>) -> Result<(), LabError> {
    story.watches_on(2.0)?;
    story.server_received_no_more()
}
