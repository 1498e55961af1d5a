//! The NAT forgets after 6 s, and the applications set no keepalive: by `[path.heal]` the daemon sets it on the sockets of both
//! ends, before the path forgets. Payload is silent for twice as long, and nothing is lost.

use super::prelude::*;

/// Half of the timeout, and a tenth of it, which is no less than 1 s.
const SET: [u32; 2] = [3, 1];

pub(super) const SCENARIO: Scenario = Scenario {
    name: "heal-saves",
    about: "a NAT forgets after 6 s, and the daemon sets the keepalive that the applications did not",
    middlebox: NAT_OF_6,
    configuration: PATH_OF_6,
    heal: Some("keepalive = \"auto\""),
    truth: || kept_alive(SET),
    tell,
    ..BASE
};

/// The same over IPv6.
pub(super) const IPV6: Scenario = Scenario {
    name: "heal-saves-ipv6",
    about: "as heal-saves, over IPv6",
    family: Family::V6,
    ..SCENARIO
};

/// The client's application has switched keepalive on itself, if too late for the NAT: it stays as it is, and what the server
/// is given keeps the NAT awake for both.
pub(super) const OWN: Scenario = Scenario {
    name: "heal-leaves-own",
    about: "as heal-saves, but the client has a keepalive of its own, which the daemon leaves as it is",
    truth: || kept_alive(OWN_KEEPALIVE),
    tell: |story| {
        let [idle, interval] = OWN_KEEPALIVE;
        story.client_keeps_alive(idle, interval)?;
        tell(story)
    },
    ..SCENARIO
};

/// What the client sets there, in seconds.
const OWN_KEEPALIVE: [u32; 2] = [30, 5];

fn kept_alive(client: [u32; 2]) -> Truth {
    Truth::of_path(PATH, PATH_OF_6.timeout)
        .quiet()
        // As the sweep finds it that has it set.
        .allows(Client, AtRisk)
        .allows(Server, AtRisk)
        // The first probe leaves as soon as it is set, and ends a silence that had come so far.
        .allows(Client, Acknowledged)
        .allows(Server, Acknowledged)
        .allows(Client, Survived)
        .allows(Server, Survived)
        .lists_kept_alive(Client, Some(client))
        .lists_kept_alive(Server, Some(SET))
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.silence(8.0)?;
    story.reads_listing()?;
    story.reads_alerts_in_silence()?;
    story.silence(12.0)?;
    story.exchange("b", "B")?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
