//! The server's whole host dies under twenty connections, ten of them silent past the
//! timeout and ten busy; or the cable of the client's. No timeout killed them: the peer or the network is down, and
//! that is one page, not twenty, and not two kinds.

use super::prelude::*;
use std::ops::Range;

const SILENT: Range<usize> = 0..10;
const BUSY: Range<usize> = 10..20;

/// What is sent into the void. Of one byte that its own host refuses once, the counters
/// look like those of a server whose listener had no backlog.
const LAST: &str = "last";

pub(super) const SCENARIO: Scenario = Scenario {
    name: "host-down",
    about: "the server's host dies under 20 connections, silent and busy ones alike",
    case: Some(37),
    truth,
    tell: |story| tell(story, |story| story.host_dies(Server)),
    ..BASE
};

pub(super) const UPLINK: Scenario = Scenario {
    name: "uplink-down",
    about: "the client's uplink loses its carrier under 20 connections, silent and busy ones alike",
    tell: |story| tell(story, |story| story.uplink_dies(Client)),
    ..SCENARIO
};

fn truth() -> Truth {
    Truth::usual()
        // It is beyond reach: nobody there says anything that anybody hears.
        .unwatched(Server)
        .with_connections(BUSY.end)
        .crosses(Client)
        .about(SILENT)
        .due(Client, Blackholed, Page, 5.0..=10.0)
        .about(SILENT)
        .says_unreachable()
        .resting_on("siblings_failing", 1.0..=19.0)
        .resting_on("siblings_moving", 0.0..=0.0)
        .saying("the peer or the network is down, it was not the silence")
        .stalls(Client, StallBlackholed, 0.2..=8.0)
        .about(BUSY)
        .says_unreachable()
        .resting_on("siblings_failing", 1.0..=19.0)
        .resting_on("siblings_moving", 0.0..=0.0)
        .leaves_unreachable(Client, 20)
}

fn tell(
    story: &mut Story<'_>,
    dies: impl FnOnce(&mut Story<'_>) -> Result<(), LabError>,
) -> Result<(), LabError> {
    story.opens(19)?;
    story.some_are_silent_and_others_busy(SILENT, BUSY)?;
    story.awaits_each(Client, SILENT, Crossed)?;
    dies(story)?;
    for connection in SILENT.chain(BUSY) {
        story.sends_on(Client, connection, LAST)?;
    }
    story.awaits_each(Client, BUSY, StallBlackholed)?;
    story.awaits_each(Client, SILENT, Blackholed)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
