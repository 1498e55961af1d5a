//! NATS: who asks and who answers, a publisher that rests and whom nobody answers, a subscriber, and one kept alive by
//! pings. All have one program's name, and talk to one port.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const NATS: Application = Application {
    name: "nats",
    about: "NATS with nats-py: request and reply, a publisher that rests, a subscriber, pings",
    needs: &[
        Need::Debian {
            package: "nats-server",
            programs: &["nats-server"],
        },
        Need::Python("nats-py==2.16.0"),
    ],
    start,
    truth: &[
        // What is published after a rest is lost.
        Due::client(Blackholed, Page),
        // So is what subscribers are told.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const PORT: u16 = 4222;

/// One client with one habit. It connects anew by itself, for ever.
const CLIENT: &str = r#"
import asyncio, sys, nats
url, habit, rest, ping = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
async def answer(message):
    print("did")
    await message.respond(b"answer")
async def event(message):
    print("did")
async def note(*what):
    print("noted:", *what)
async def main():
    client = await nats.connect(url, ping_interval=ping, reconnect_time_wait=0.5, max_reconnect_attempts=-1,
        allow_reconnect=True, error_cb=note, disconnected_cb=note, reconnected_cb=note)
    if habit == "answers":
        await client.subscribe("question", cb=answer)
    if habit == "follows":
        await client.subscribe("event", cb=event)
    while True:
        try:
            if habit == "asks":
                await client.request("question", b"question", timeout=20)
                print("did")
            if habit == "publishes":
                await client.publish("event", b"event")
                print("did")
        except nats.errors.Error as error:
            print("failed:", error)
        await asyncio.sleep(rest)
asyncio.run(main())
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let (host, port) = (stage.server().to_string(), PORT.to_string());
    let server = Program::new("nats-server", "nats-server")
        .on_the_server()
        .args(["--addr", &host, "--port", &port]);
    stage.serves(server, PORT)?;
    let url = format!("nats://{host}:{port}");
    let rest = stage.rest();
    // Two minutes between pings are the default.
    for (name, habit, rest, ping) in [
        ("answers", "answers", "60", "120"),
        ("asks", "asks", "0.3", "120"),
        ("follows", "follows", "60", "120"),
        ("pings", "follows", "60", "1"),
        ("publishes", "publishes", rest, "120"),
    ] {
        stage.asks(Program::python(name, CLIENT).args([url.as_str(), habit, rest, ping]))?;
    }
    let editor = Program::python("editor", CLIENT).on_the_server();
    stage.asks(editor.args([url.as_str(), "publishes", rest, "120"]))
}
