//! A sender that its own host holds back: the first segments go at once, and pacing
//! then lets their time pass before the next may. The rest is queued, nothing is in
//! flight, and nothing is wrong with the path.

use super::prelude::*;

/// Bytes per second: the ten segments of 1,448 that go at once are paid for with 29 s.
const RATE: u32 = 500;
const BYTES: u32 = 60_000;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "paced-sender",
    about: "the client's kernel sends 500 bytes/s at most (SO_MAX_PACING_RATE), and queues the rest",
    configuration: FAR,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::far()
        .quiet()
        .stalls(Client, SenderLimited, 0.5..=8.0)
        .resting_on("queued_bytes", 1.0..=f64::from(BYTES))
        .resting_on("in_flight_segments", 0.0..=0.0)
        .resting_on("pacing_bytes_per_second", f64::from(RATE)..=f64::from(RATE))
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.paces(Client, RATE)?;
    story.sends_bulk(Client, BYTES.into())?;
    story.awaits(Client, SenderLimited)?;
    story.watches_on(1.0)?;
    story.bulk_is_under_way(Server, BYTES.into())?;
    story.reads_alerts()
}
