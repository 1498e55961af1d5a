//! MQTT by mosquitto: subscribers with QoS 0 and 1, one kept alive by pings, a sensor that reports now and then with
//! QoS 0, one that reports often with QoS 1, and who publishes on the broker's own host.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const MOSQUITTO: Application = Application {
    name: "mosquitto",
    about: "MQTT: subscribers of QoS 0 and 1, pings, a sensor of QoS 0 that rests, one of QoS 1",
    needs: &[
        Need::Debian {
            package: "mosquitto",
            programs: &["mosquitto"],
        },
        Need::Debian {
            package: "mosquitto-clients",
            programs: &["mosquitto_pub", "mosquitto_sub"],
        },
    ],
    quick: true,
    start,
    truth: &[
        // What the sensor reports after a rest is lost.
        Due::client(Blackholed, Page),
        // So is what subscribers are told.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const PORT: u16 = 1883;

/// Subscribes; what is published says that it did.
const SUBSCRIBER: &str = r#"
while :; do
    mosquitto_sub -h "$1" -t news -q "$2" -k "$3"
    sleep 0.3
done
"#;

/// Reports a line now and then, on one connection. The first report on a connection says that it works.
const SENSOR: &str = r#"
reports() { while echo 21.5; do echo did >&3; sleep "$1"; done; }
while :; do
    { reports "$3" | mosquitto_pub -h "$1" -t sensor -l -q "$2" -k 60; } 3>&1
    sleep 0.3
done
"#;

/// Has news now and then, and connects for each.
const EDITOR: &str = r#"
while sleep "$2"; do
    mosquitto_pub -h "$1" -t news -q 1 -m did && echo did
done
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let host = stage.server().to_string();
    let settings = stage.file(
        "mosquitto.conf",
        format!("listener {PORT} {host}\nallow_anonymous true\npersistence false\nuser root\n"),
    )?;
    let broker = Program::new("mosquitto", "mosquitto")
        .on_the_server()
        .args(["-c"])
        .args([settings]);
    stage.serves(broker, PORT)?;
    let rest = stage.rest();
    let host = host.as_str();
    // Of MQTT's keepalive 5 s are the least that mosquitto's clients take.
    for (name, qos, keepalive) in [
        ("qos0", "0", "60"),
        ("qos1", "1", "60"),
        ("pings", "1", "5"),
    ] {
        stage.asks(Program::shell(name, SUBSCRIBER).args([host, qos, keepalive]))?;
    }
    stage.asks(Program::shell("sensor", SENSOR).args([host, "0", rest]))?;
    stage.asks(Program::shell("meter", SENSOR).args([host, "1", "0.5"]))?;
    let editor = Program::shell("editor", EDITOR).on_the_server();
    stage.asks(editor.args([host, rest]))
}
