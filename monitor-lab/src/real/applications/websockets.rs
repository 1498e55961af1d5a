//! WebSocket by the Python library: a dialogue that rests, one that does not, one who follows what is pushed now and
//! then, and the same kept alive by pings.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const WEBSOCKETS: Application = Application {
    name: "websockets",
    about: "WebSocket in Python: a dialogue that rests, one that does not, pushed events, pings",
    needs: &[Need::Python("websockets==17.4")],
    quick: true,
    start,
    truth: &[
        // What is asked after a rest is lost.
        Due::client(Blackholed, Page),
        // So is the event.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const PORT: u16 = 8765;

/// Answers what it is asked. To one who follows it pushes events.
const SERVER: &str = r#"
import asyncio, sys
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
async def serves(socket):
    try:
        async for message in socket:
            if message == "ask":
                await socket.send("answer")
            while message != "ask":
                await asyncio.sleep(float(message))
                await socket.send("event")
    except ConnectionClosed:
        pass
async def main():
    async with serve(serves, sys.argv[1], int(sys.argv[2]), ping_interval=None):
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"#;

/// Asks over and over, or follows events; pings where it is told how often.
const CLIENT: &str = r#"
import asyncio, sys
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
url, habit, rest, ping = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]) or None
async def main():
    while True:
        try:
            async with connect(url, ping_interval=ping, proxy=None) as socket:
                if habit == "follows":
                    await socket.send(rest)
                while True:
                    if habit == "asks":
                        await socket.send("ask")
                    await socket.recv()
                    print("did")
                    if habit == "asks":
                        await asyncio.sleep(float(rest))
        except (OSError, WebSocketException) as error:
            print("failed:", error)
            await asyncio.sleep(0.3)
asyncio.run(main())
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let (host, port) = (stage.server().to_string(), PORT.to_string());
    let server = Program::python("websockets", SERVER)
        .on_the_server()
        .args([&host, &port]);
    stage.serves(server, PORT)?;
    let url = format!("ws://{host}:{port}");
    let rest = stage.rest();
    for (name, habit, rest, ping) in [
        ("rests", "asks", rest, "0"),
        ("asks", "asks", "0.3", "0"),
        ("follows", "follows", rest, "0"),
        ("pings", "follows", rest, "1"),
    ] {
        stage.asks(Program::python(name, CLIENT).args([url.as_str(), habit, rest, ping]))?;
    }
    Ok(())
}
