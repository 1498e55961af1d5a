//! One application stops reading in the middle of a transfer. Both ends stand still,
//! and each end's finding says whose doing it is; nobody is woken for it.

use super::prelude::*;

/// More than the buffers of both kernels hold, in bytes.
const BYTES: u64 = 32 * 1024 * 1024;

pub(super) const PEER: Scenario = Scenario {
    name: "peer-stops-reading",
    about: "the server's application stops reading what the client sends",
    case: Some(18),
    configuration: FAR,
    truth: || truth(Server),
    tell: |story| tell(story, Server),
    ..BASE
};

pub(super) const OWN: Scenario = Scenario {
    name: "client-stops-reading",
    about: "the client's application stops reading what the server sends",
    case: Some(19),
    truth: || truth(Client),
    tell: |story| tell(story, Client),
    ..PEER
};

fn truth(reader: End) -> Truth {
    Truth::far()
        .quiet()
        .stalls(reader.other(), ZeroWindow, 0.5..=20.0)
        .resting_on("peer_window_bytes", 0.0..=0.0)
        .resting_on("waiting_bytes", 1.0..=f64::MAX)
        .stalls(reader, LocalReader, 0.5..=20.0)
        .resting_on("unread_bytes", 1.0..=f64::MAX)
        .resting_on("bytes_read", 0.0..=0.0)
}

fn tell(story: &mut Story<'_>, reader: End) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.stops_reading(reader)?;
    story.sends_bulk(reader.other(), BYTES)?;
    story.awaits(reader.other(), ZeroWindow)?;
    story.awaits(reader, LocalReader)?;
    story.bulk_stands_still(reader)?;
    story.reads_again(reader)?;
    story.bulk_arrives(reader, BYTES)?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
