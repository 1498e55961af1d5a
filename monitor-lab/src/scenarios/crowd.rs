//! A control: ten thousand connections of a moment each, and a scan of a thousand
//! closed ports. Much ado, and nothing to say.

use super::prelude::*;

const CONNECTIONS: u32 = 10_000;
const PORTS: u16 = 1_000;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "crowd",
    about: "10,000 short connections, and a scan of 1,000 closed ports",
    case: Some(26),
    configuration: FAR,
    heavy: true,
    truth: quiet_far,
    tell,
    ..BASE
};

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.bursts(CONNECTIONS)?;
    story.scans(PORTS)?;
    story.exchange("b", "B")?;
    story.watches_on(3.0)?;
    story.reads_alerts()
}
