//! After a silence the server pushes, and what acknowledges that is lost. The client has
//! nothing to send and is owed nothing: that the same comes again and again is all it can
//! know by, and the silence has not survived.

use super::prelude::*;
use super::push_is_no_answer;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "acks-vanish",
    about: "after a silence the server pushes, and the client's ACKs vanish",
    tell,
    ..push_is_no_answer::SCENARIO
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    push_is_no_answer::crosses(story)?;
    story.loses(Client, Segments::BareAcks)?;
    story.server_sends("news")?;
    story.arrives(Client, "news")?;
    push_is_no_answer::is_told(story)
}
