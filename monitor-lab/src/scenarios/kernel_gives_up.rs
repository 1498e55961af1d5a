//! The kernel gives a connection up after `tcplull` has said why, and the application closes
//! what is left. That is one finding, of the one who held it, and no second one.

use super::prelude::*;

pub(super) const LATE: Scenario = Scenario {
    name: "given-up-late",
    about: "the path dies, and the kernel gives up seconds after that was told",
    configuration: FAR,
    truth: late_truth,
    tell: |story| {
        nearly_given_up(story)?;
        is_given_up(story)
    },
    ..BASE
};

pub(super) const SILENT: Scenario = Scenario {
    name: "given-up-after-silence",
    about: "a NAT forgets after 4 s, the client asks, and its kernel gives up after 3 s",
    middlebox: NAT,
    configuration: NAT_PATH,
    truth: || {
        Truth::of_path(NAT_PATH.path, TIMEOUT)
            .crosses_at_both_ends()
            .due(Client, Blackholed, Page, 5.8..=6.8)
            .timed()
    },
    tell: |story| {
        story.limits_wait(Client, 3.0)?;
        story.exchange("a", "A")?;
        story.awaits(Client, Crossed)?;
        story.awaits(Server, Crossed)?;
        story.silence(6.0)?;
        story.client_sends("b")?;
        story.awaits(Client, Blackholed)?;
        is_given_up(story)
    },
    ..LATE
};

pub(super) const PROBES: Scenario = Scenario {
    name: "probes-are-answered-no-more",
    about: "keepalive probes are answered for a while, then the path dies, then the kernel gives up",
    truth: || {
        // Silences as long as the last were survived before: it was none of their doing.
        Truth::far()
            .stalls(Client, StallBlackholed, 1.0..=5.5)
            .resting_on("unanswered_probes", 3.0..=4.0)
            .unprovoked()
    },
    tell: |story| {
        story.limits_wait(Client, 5.0)?;
        story.client_keeps_alive(1, 1)?;
        story.exchange("a", "A")?;
        story.silence(3.5)?;
        story.path_dies()?;
        story.awaits(Client, StallBlackholed)?;
        is_given_up(story)
    },
    ..LATE
};

pub(super) fn late_truth() -> Truth {
    Truth::far()
        .stalls(Client, StallBlackholed, 1.0..=4.0)
        .resting_on("timeouts", 3.0..=4.0)
        .timed()
}

/// The path dies, and that is told before the kernel gives up.
pub(super) fn nearly_given_up(story: &mut Story<'_>) -> Result<(), LabError> {
    story.gives_up_after(Client, 4)?;
    story.exchange("a", "A")?;
    story.path_dies()?;
    story.client_sends("b")?;
    story.awaits(Client, StallBlackholed)
}

/// The kernel gives up, the application closes, and nothing more is said.
pub(super) fn is_given_up(story: &mut Story<'_>) -> Result<(), LabError> {
    story.is_given_up(Client)?;
    story.ends(Client)?;
    story.watches_on(2.5)?;
    story.server_received_no_more()
}
