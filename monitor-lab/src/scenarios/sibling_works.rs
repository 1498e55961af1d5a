//! What one dead connection alone cannot tell: it died of its silence. Of three
//! connections to one server two are silent for longer than the NAT remembers, one after
//! the other they fail, and the third, which was silent for less, works all the while.

use super::prelude::*;
use std::ops::Range;

const SILENT: Range<usize> = 0..2;
const WORKS: usize = 2;

/// The path: from three quarters of it on a silence is kept an eye on, and the sweep of
/// each second must come to see it and who holds it, before the silence ends.
const PATH: Configuration = Configuration {
    timeout: 8,
    ..PATH_OF_6
};

/// How long that one is silent, in seconds: close to the NAT's limit, and within.
const RESTS: f64 = 7.4;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "sibling-works",
    about: "two silent connections die one after the other, a third to the same server works on",
    middlebox: Middlebox::Nat {
        forgets_after: PATH.timeout,
        unknown: Unknown::Drop,
    },
    configuration: PATH,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path(PATH.path, PATH.timeout)
        .with_connections(WORKS + 1)
        .crosses(Client)
        .about(SILENT)
        .crosses(Server)
        .about(SILENT)
        // No alert on the one that works, and no word that the peer is down.
        .due(Client, Survived, Severity::None, 7.2..=8.2)
        .about(WORKS..WORKS + 1)
        .due(Server, Survived, Severity::None, 7.2..=8.2)
        .about(WORKS..WORKS + 1)
        .due(Client, Blackholed, Page, 10.2..=11.2)
        .about(0..1)
        .resting_on("siblings_moving", 1.0..=1.0)
        .resting_on("longest_survived_gap_seconds", 7.2..=8.2)
        .saying("1 other connection there is fine")
        .timed()
        .due(Client, Blackholed, Page, 11.9..=16.4)
        .about(1..2)
        .resting_on("siblings_moving", 1.0..=1.0)
        .resting_on("siblings_failing", 1.0..=1.0)
        .resting_on("longest_survived_gap_seconds", 7.2..=8.2)
        .resting_on("shortest_failed_gap_seconds", 10.2..=11.2)
        .saying("1 other connection there is fine")
        .leaves_firing(Blackholed, Page, Client)
        .for_connections(2)
        .leaves_firing(Crossed, Ticket, Server)
        .for_connections(2)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.opens(2)?;
    for connection in SILENT.chain([WORKS]) {
        story.exchange_on(connection, "a", "A")?;
    }
    story.silence(RESTS)?;
    story.works_for(WORKS, 3.0)?;
    story.awaits_each(Client, SILENT, Crossed)?;
    story.awaits_each(Server, SILENT, Crossed)?;
    for connection in SILENT {
        story.sends_on(Client, connection, "b")?;
        story.works_for(WORKS, 2.5)?;
        story.awaits_each(Client, connection..connection + 1, Blackholed)?;
    }
    story.server_received_no_more()?;
    story.reads_alerts()
}
