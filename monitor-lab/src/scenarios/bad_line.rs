//! Lines that lose packets, and what they carry moves all the same. Nobody is woken.

use super::prelude::*;

/// Bytes per second while the line is bad: it stays busy for some sweeps.
const RATE: u32 = 500_000;
/// What is sent over it: enough for ten seconds.
const BYTES: u64 = 5_000_000;
/// What goes both ways at once over a line that is a little bad.
const BULK: u64 = 4_000_000;

pub(super) const LOSES: Scenario = Scenario {
    name: "loss-still-moving",
    about: "three packets of ten from the client are lost, and its transfer still moves",
    case: Some(20),
    configuration: FAR,
    truth: loses_truth,
    tell: loses,
    ..BASE
};

pub(super) const BULK_BOTH_WAYS: Scenario = Scenario {
    name: "bulk-through-loss",
    about: "bulk both ways through 5 % loss and reordering",
    case: Some(27),
    middlebox: Middlebox::Lossy {
        percent: 5,
        reorders_percent: 10,
    },
    configuration: FAR,
    truth: bulk_truth,
    tell: bulk,
    ..BASE
};

fn loses_truth() -> Truth {
    quiet_far()
        .stalls(Client, NetworkLoss, 0.0..=2.0)
        // Of ten segments three are sent again, and some of them needlessly.
        .resting_on("retransmitted_percent", 20.0..=60.0)
        .resting_on("ack_progress_bytes", 1.0..=f64::MAX)
}

fn loses(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.path_gets_bad()?;
    story.paces(Client, RATE)?;
    story.sends_bulk(Client, BYTES)?;
    story.awaits(Client, NetworkLoss)?;
    story.path_gets_good()?;
    story.bulk_arrives(Server, BYTES)?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}

fn bulk_truth() -> Truth {
    quiet_far()
        .allows(Client, NetworkLoss)
        .allows(Server, NetworkLoss)
}

fn bulk(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.sends_bulk(Client, BULK)?;
    story.sends_bulk(Server, BULK)?;
    story.bulk_arrives(Server, BULK)?;
    story.bulk_arrives(Client, BULK)?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
