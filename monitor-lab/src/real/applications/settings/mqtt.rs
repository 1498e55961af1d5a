//! MQTT's keep-alive. mosquitto's own clients take 5 s at the least, which is longer than this box remembers.

use super::super::super::application::{Application, Need};
use super::super::super::{Program, Stage};
use super::setting::{KEPT, SERVER_SPEAKS, Setting, UNSET, word};
use crate::LabError;

pub(super) const PAHO: Setting = setting!(
    "paho",
    "MQTT",
    "paho: connect(keepalive=...) of a subscriber of mosquitto",
    &[
        Need::Debian {
            package: "mosquitto",
            programs: &["mosquitto"],
        },
        Need::Python("paho-mqtt==2.2.0"),
    ],
    start,
    SERVER_SPEAKS
);

const PORT: u16 = 1883;

/// Waits for news on one connection.
const SUBSCRIBER: &str = r#"
import os, sys
import paho.mqtt.client as mqtt
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_connect = lambda client, *rest: client.subscribe("news")
client.on_message = lambda *rest: print("did")
client.on_disconnect = lambda *rest: os._exit(1)
client.connect(sys.argv[1], keepalive=2 if sys.argv[2] == "set" else 60)
client.loop_forever()
"#;

/// Has news at once, and then rests after each, on the broker's own host.
const EDITOR: &str = r#"
import sys, time
import paho.mqtt.client as mqtt
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.connect(sys.argv[1])
client.loop_start()
for turn in range(1_000_000):
    client.publish("news", "n").wait_for_publish()
    print("did")
    # The first ones are there before who subscribes has rested.
    time.sleep(float(sys.argv[2]) if turn > 9 else 0.3)
"#;

fn start(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
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
    stage.asks(Program::python("subscriber", SUBSCRIBER).args([host.as_str(), word(set)]))?;
    let editor = Program::python("editor", EDITOR).on_the_server();
    stage.asks(editor.args([host.as_str(), rest]))
}
