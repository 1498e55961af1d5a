//! A NAT forgets an idle client, which then says goodbye and leaves, as psql does. The
//! goodbye is lost, and nobody misses its answer: that wakes nobody. Or it is the server that
//! tidies up: a phone has long been gone when its connection is closed.

use super::prelude::*;

pub(super) const CLIENT: Scenario = Scenario {
    name: "quit-over-dead-path",
    about: "a NAT forgets after 4 s; then the client says goodbye and closes, as psql does",
    middlebox: NAT,
    configuration: NAT_PATH,
    truth: || truth(Client),
    tell: |story| tell(story, Client),
    ..BASE
};

pub(super) const SERVER: Scenario = Scenario {
    name: "server-tidies-up",
    about: "a NAT forgets after 4 s; then the server says goodbye and closes",
    truth: || truth(Server),
    tell: |story| tell(story, Server),
    ..CLIENT
};

fn truth(leaves: End) -> Truth {
    Truth::of_path(NAT_PATH.path, TIMEOUT)
        .crosses_at_both_ends()
        .due(leaves, Blackholed, Severity::None, 5.8..=6.8)
        .showing("nobody_waits", "true")
        .timed()
}

fn tell(story: &mut Story<'_>, leaves: End) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.awaits(Client, Crossed)?;
    story.awaits(Server, Crossed)?;
    story.silence(6.0)?;
    story.sends_and_closes(leaves, "quit.")?;
    story.awaits(leaves, Blackholed)?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.client_received_no_more()
}
