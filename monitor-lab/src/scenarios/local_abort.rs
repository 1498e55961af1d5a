//! A control: after a short pause the application resets its own connection
//! (`SO_LINGER` of 0 s). That is no path's doing.

use super::prelude::*;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "local-abort",
    about: "the application itself resets after a pause of 2 s: no path's doing",
    case: Some(17),
    tell,
    ..BASE
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.silence(2.0)?;
    story.aborts(Client)?;
    story.watches_on(4.0)?;
    story.reads_alerts()
}
