//! A silence that ends in a black hole, and is not to blame: a longer one was survived
//! before, or it was shorter than what is stated. The box has lost its state otherwise.

use super::prelude::*;

pub(super) const LONGER: Scenario = Scenario {
    name: "longer-gap-survived",
    about: "a silence of 6 s is survived, then a shorter one ends in a black hole",
    truth: longer_truth,
    tell: longer,
    ..BASE
};

/// What is stated, and how long the silence is, in seconds: the sweep of each second
/// comes to see it before, and it stays below.
const PATH: Configuration = Configuration {
    timeout: 8,
    ..PATH_OF_6
};
const RESTS: f64 = 7.3;

pub(super) const BELOW: Scenario = Scenario {
    name: "gap-below-the-timeout",
    about: "8 s are stated, a silence of 7.3 s ends in a black hole",
    configuration: PATH,
    truth: below_truth,
    tell: below,
    ..BASE
};

fn longer_truth() -> Truth {
    Truth::usual()
        .crosses_at_both_ends()
        .due(Client, Survived, Severity::None, 5.8..=6.8)
        .allows(Client, Acknowledged)
        .due(Server, Survived, Severity::None, 5.8..=6.8)
        .crosses_at_both_ends()
        .due(Client, Blackholed, Page, 4.8..=5.8)
        .resting_on("longest_survived_gap_seconds", 5.8..=6.8)
        .saying("a longer one survived")
        .not_advising_first("keepalive")
        .timed()
}

/// Waits until this many silences were seen to outlive the timeout, at both ends, each while it lasts: a busy machine puts
/// the sweep off that sees it, and a silence that no sweep saw wakes nobody.
fn cross(story: &mut Story<'_>, silences: usize) -> Result<(), LabError> {
    story.awaits_times(Client, Crossed, silences)?;
    story.awaits_times(Server, Crossed, silences)
}

fn longer(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    cross(story, 1)?;
    story.silence(6.0)?;
    story.exchange("b", "B")?;
    story.awaits(Client, Survived)?;
    story.awaits(Server, Survived)?;
    cross(story, 2)?;
    story.silence(5.0)?;
    story.path_dies()?;
    story.client_sends("c")?;
    story.awaits(Client, Blackholed)?;
    story.server_received_no_more()
}

fn below_truth() -> Truth {
    Truth::of_path(PATH.path, PATH.timeout)
        .allows(Client, AtRisk)
        .unwatched(Server)
        .due(Client, Blackholed, Page, 7.1..=8.0)
        .saying("below")
        .not_advising_first("keepalive")
        .timed()
}

fn below(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.silence(RESTS)?;
    story.path_dies()?;
    story.client_sends("b")?;
    story.awaits(Client, Blackholed)?;
    story.server_received_no_more()
}
