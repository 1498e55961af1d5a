//! Keepalive is on and everybody feels safe, but it starts after the NAT has forgotten.
//! The warning comes in time and says why. Then data is sent; or nobody ever sends
//! anything, and the probes that come too late are all there is to see, and nothing
//! answers them.

use super::prelude::*;

/// Seconds between probes.
const INTERVAL: u32 = 1;

pub(super) const TOO_SLOW: Scenario = Scenario {
    name: "keepalive-too-slow",
    about: "keepalive starts after 30 s, the NAT forgets after 6 s; then data is sent",
    case: Some(12),
    middlebox: NAT_OF_6,
    configuration: PATH_OF_6,
    truth: too_slow,
    tell: |story| {
        // No probe comes while the story lasts.
        falls_silent(story, 30)?;
        story.silence(8.0)?;
        story.client_sends("b")?;
        is_lost(story)
    },
    ..BASE
};

pub(super) const UNANSWERED: Scenario = Scenario {
    name: "keepalive-unanswered",
    about: "keepalive starts after 8 s, the NAT forgets after 6 s; no data is ever sent",
    truth: unanswered,
    tell: |story| {
        falls_silent(story, 8)?;
        is_lost(story)
    },
    ..TOO_SLOW
};

/// The truth up to the loss, in which the warning holds `reason`.
fn warned(reason: &'static str) -> Truth {
    Truth::of_path(PATH_OF_6.path, PATH_OF_6.timeout)
        .warned(Client, reason)
        .crosses_at_both_ends()
        .leaves_firing(Blackholed, Page, Client)
        .leaves_firing(Crossed, Ticket, Server)
}

fn too_slow() -> Truth {
    warned("keepalive starts after 30 s")
        .due(Client, Blackholed, Page, 7.8..=8.8)
        .resting_on("timeouts", 1.0..=3.0)
        .timed()
}

fn unanswered() -> Truth {
    warned("keepalive starts after 8 s")
        .due(Client, Blackholed, Page, 7.8..=12.0)
        .resting_on("unanswered_probes", 3.0..=4.0)
        .resting_on("timeouts", 0.0..=0.0)
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .showing("gap_ended_by", "probe")
        .unprovoked()
}

/// The silence crosses the timeout, with a first probe due after so many seconds.
fn falls_silent(story: &mut Story<'_>, idle: u32) -> Result<(), LabError> {
    story.client_keeps_alive(idle, INTERVAL)?;
    story.exchange("a", "A")?;
    story.awaits(Client, AtRisk)?;
    story.crosses_at_both_ends()
}

fn is_lost(story: &mut Story<'_>) -> Result<(), LabError> {
    story.awaits(Client, Blackholed)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
