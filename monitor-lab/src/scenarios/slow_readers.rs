//! An application that reads at a pace of its own, as one does that keeps to a rate: its window closes and opens again
//! and again, and nothing is said of it.

use super::prelude::*;

/// More than the buffers of both kernels hold, in bytes.
const BYTES: u64 = 32 * 1024 * 1024;

/// What it reads at a time, in bytes: enough for its window to open.
const SIP: u32 = 1024 * 1024;

/// How often, in s: as curl with `--limit-rate`.
const EVERY: f64 = 3.0;

pub(super) const UPLOAD: Scenario = Scenario {
    name: "server-reads-at-a-pace",
    about: "the server reads a MiB every 3 s of what the client sends",
    configuration: FAR,
    truth: quiet_far,
    tell: |story| tell(story, Server),
    ..BASE
};

pub(super) const DOWNLOAD: Scenario = Scenario {
    name: "client-reads-at-a-pace",
    about: "the client reads a MiB every 3 s of what the server sends",
    tell: |story| tell(story, Client),
    ..UPLOAD
};

fn tell(story: &mut Story<'_>, reader: End) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.sips(reader, SIP, EVERY)?;
    story.sends_bulk(reader.other(), BYTES)?;
    story.watches_on(20.0)?;
    story.bulk_is_under_way(reader, BYTES)?;
    story.reads_again(reader)?;
    story.bulk_arrives(reader, BYTES)?;
    story.watches_on(1.0)?;
    story.reads_alerts()
}
