//! The server's whole host dies under twenty connections, ten of them silent past the
//! timeout and ten busy. No timeout killed them: the peer or the network is down, and
//! that is one page, not twenty, and not two kinds.

use super::{BASE, Scenario};
use crate::LabError;
use crate::app::End::{Client, Server};
use crate::story::Story;
use crate::truth::Conclusion::{Blackholed, Crossed, StallBlackholed};
use crate::truth::Severity::Page;
use crate::truth::Truth;
use std::ops::Range;

const SILENT: Range<usize> = 0..10;
const BUSY: Range<usize> = 10..20;

/// How often the busy ones ask while the others are silent, and the pause after each,
/// in seconds.
const TIMES: usize = 7;
const RESTS: f64 = 0.8;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "host-down",
    about: "the server's host dies under 20 connections, silent and busy ones alike",
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        // The host is dead: nobody there says anything that anybody hears.
        .unwatched(Server)
        .with_connections(BUSY.end)
        .crosses(Client)
        .about(SILENT)
        .due(Client, Blackholed, Page, 5.0..=10.0)
        .about(SILENT)
        .says_unreachable()
        .stalls(Client, StallBlackholed, 0.2..=8.0)
        .about(BUSY)
        .says_unreachable()
        .leaves_unreachable(Client, 20)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.opens(19)?;
    for connection in SILENT {
        story.exchange_on(connection, "a", "A")?;
    }
    for _ in 0..TIMES {
        for connection in BUSY {
            story.exchange_on(connection, "a", "A")?;
        }
        story.listens_on(RESTS)?;
    }
    story.hears_of(Client, SILENT, Crossed)?;
    story.host_dies(Server)?;
    for connection in SILENT.chain(BUSY) {
        story.sends_on(Client, connection, "b")?;
    }
    story.hears_of(Client, BUSY, StallBlackholed)?;
    story.hears_of(Client, SILENT, Blackholed)?;
    story.listens_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
