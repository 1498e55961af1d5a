//! A control: the NAT forgets after 4 s without a packet, but the client's
//! keepalive sends one every second. Payload is silent for longer than the
//! timeout, packets never are: there is nothing to say.

use super::prelude::*;

const IDLE: u32 = 1;
const INTERVAL: u32 = 1;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "keepalive-saves",
    about: "keepalive every second keeps a NAT of 4 s awake through 7 s without payload",
    case: Some(11),
    middlebox: NAT,
    configuration: NAT_PATH,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path("nat", TIMEOUT)
        .quiet()
        .lists_kept_alive(Client, Some([IDLE, INTERVAL]))
        .lists_kept_alive(Server, None)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(IDLE, INTERVAL)?;
    story.exchange("a", "A")?;
    story.silence(6.0)?;
    story.reads_listing()?;
    story.reads_alerts_in_silence()?;
    story.silence(7.0)?;
    story.exchange("b", "B")?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}
