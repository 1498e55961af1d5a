//! The path dies in the middle of a transfer. No silence came before: it is a stall,
//! and nothing explains it.

use super::prelude::*;

/// Bytes per second, and how many: the transfer would take ten seconds.
const RATE: u32 = 1_000_000;
const BYTES: u64 = 10_000_000;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "path-dies",
    about: "the path dies in the middle of a transfer",
    case: Some(21),
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path(PATH, NEVER)
        .stalls(Client, StallBlackholed, 0.5..=6.0)
        .resting_on("timeouts", 2.0..=4.0)
        .resting_on("ack_progress_bytes", 0.0..=0.0)
        .resting_on("unacknowledged_bytes", 1.0..=f64::MAX)
        .timed()
        .leaves_firing(StallBlackholed, Page, Client)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.paces(Client, RATE)?;
    story.sends_bulk(Client, BYTES)?;
    story.watches_on(2.0)?;
    story.path_dies()?;
    story.awaits(Client, StallBlackholed)?;
    story.bulk_stands_still(Server)?;
    story.reads_alerts()
}
