//! A NAT forgets an idle client, which then says goodbye and leaves, as psql does. The
//! goodbye is lost, and nobody misses its answer: that wakes nobody.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "quit-over-dead-path",
    about: "a NAT forgets after 4 s; then the client says goodbye and closes, as psql does",
    middlebox: NAT,
    configuration: NAT_PATH,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path(NAT_PATH.path, TIMEOUT)
        .crosses_at_both_ends()
        .due(Client, Blackholed, Severity::None, 5.8..=6.8)
        .showing("nobody_waits", "true")
        .timed()
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.awaits(Client, Crossed)?;
    story.awaits(Server, Crossed)?;
    story.silence(6.0)?;
    story.sends_and_closes(Client, "quit.")?;
    story.awaits(Client, Blackholed)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()
}
