//! One segment of a transfer does not pass, however often it is sent again, as through a
//! box that dislikes what it reads there. What comes behind it is selectively acknowledged
//! until the receiver has no room for more.

use super::prelude::*;

/// Bytes per second, and how many: the transfer would take ten seconds.
const RATE: u32 = 1_000_000;
const BYTES: u64 = 10_000_000;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "one-segment-vanishes",
    about: "one segment of a transfer never passes, all others do",
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::far()
        // A page only where it lasts.
        .due(Client, StallBlackholed, Ticket, 6.0..=30.0)
        .resting_on("timeouts", 6.0..=7.0)
        .showing("peer_heard", "sacked")
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.paces(Client, RATE)?;
    story.sends_bulk(Client, BYTES)?;
    story.bulk_arrives(Server, BYTES / 10)?;
    story.loses(Client, Segments::OnePlaceLongerThan(1_000))?;
    story.awaits(Client, StallBlackholed)?;
    story.bulk_stands_still(Server)
}
