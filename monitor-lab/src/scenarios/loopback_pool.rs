//! A control: a pool of idle connections to a database on the same host. They are
//! silent past every timeout, even one that names their own address, and healthy.

use super::prelude::*;

const CONNECTIONS: u32 = 50;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "loopback-pool",
    about: "50 idle connections over loopback, silent past a timeout that names their address",
    case: Some(28),
    placement: Placement::OneHost,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    Truth::usual()
        .quiet()
        .with_connections(CONNECTIONS as usize)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.opens(CONNECTIONS - 1)?;
    for connection in 0..CONNECTIONS as usize {
        story.exchange_on(connection, "a", "A")?;
    }
    story.silence(f64::from(TIMEOUT) + 4.0)?;
    story.reads_alerts()
}
