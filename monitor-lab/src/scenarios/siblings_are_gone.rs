//! A NAT forgets one silent connection. Of the others to that server none shows that it
//! is well: one was closed by the server, one was reset by it, and one is newer than the
//! trouble and has carried nothing. None of them is fine.

use super::prelude::*;

// A connection keeps what its first answers taught it of when to send again: they are opened once that is stretched.
const SILENT: usize = 1;
const CLOSED: usize = 2;
const RESET: usize = 3;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "siblings-are-gone",
    about: "a silent connection is lost; of the others one is half closed, one reset, one new",
    middlebox: NAT,
    configuration: NAT_PATH,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path(NAT_PATH.path, TIMEOUT)
        .unwatched(Server)
        .with_connections(5)
        .crosses(Client)
        .about(SILENT..SILENT + 1)
        .due(Client, Blackholed, Page, 4.3..=7.5)
        .about(SILENT..SILENT + 1)
        .resting_on("siblings_moving", 0.0..=0.0)
        .resting_on("siblings_newer", 1.0..=1.0)
        .not_saying("fine")
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.closes()?;
    story.resends_after(Client, 400)?;
    story.opens(3)?;
    story.exchange_on(SILENT, "a", "A")?;
    for _ in 0..5 {
        for connection in [CLOSED, RESET] {
            story.exchange_on(connection, "work", "DONE")?;
        }
        story.watches_on(0.9)?;
    }
    story.awaits_each(Client, SILENT..SILENT + 1, Crossed)?;
    for connection in [CLOSED, RESET] {
        story.exchange_on(connection, "work", "DONE")?;
    }
    story.sends_on(Client, SILENT, "b")?;
    // Later than an answer to that was due.
    story.watches_on(0.4)?;
    story.ends_on(Server, CLOSED)?;
    story.aborts_on(Server, RESET)?;
    story.opens(1)?;
    story.awaits_each(Client, SILENT..SILENT + 1, Blackholed)?;
    story.watches_on(1.0)?;
    story.server_received_no_more()
}
