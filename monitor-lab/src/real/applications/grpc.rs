//! gRPC by grpcio: unary calls with and without rests, a stream of events, and one that rests, kept alive by pings.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const GRPC: Application = Application {
    name: "grpc",
    about: "gRPC in Python: unary calls that rest and that do not, a stream of events, keepalive pings",
    needs: &[Need::Python("grpcio==1.85.3")],
    start,
    truth: &[
        // The call after a rest is lost.
        Due::client(Blackholed, Page),
        // So is the event.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const PORT: u16 = 50051;

/// Messages are plain bytes, so nothing is generated.
const SERVER: &str = r#"
import sys, time, grpc
from concurrent.futures import ThreadPoolExecutor
def ask(request, context):
    return b"answer"
def follow(request, context):
    while context.is_active():
        time.sleep(float(request))
        yield b"event"
# A client that pings more often than every five minutes is sent away by default.
server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.http2.max_ping_strikes", 0)])
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("lab.Lab", {
    "Ask": grpc.unary_unary_rpc_method_handler(ask),
    "Follow": grpc.unary_stream_rpc_method_handler(follow)})])
server.add_insecure_port(f"{sys.argv[1]}:{sys.argv[2]}")
server.start()
server.wait_for_termination()
"#;

/// Calls over and over, or follows events; pings where it is told how often, in ms.
const CLIENT: &str = r#"
import sys, time, grpc
address, habit, rest, ping = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
options = [("grpc.enable_http_proxy", 0), ("grpc.max_reconnect_backoff_ms", 1000)]
if ping:
    options += [("grpc.keepalive_time_ms", ping), ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0)]
channel = grpc.insecure_channel(address, options=options)
while True:
    try:
        if habit == "asks":
            channel.unary_unary("/lab.Lab/Ask")(b"ask", timeout=20, wait_for_ready=True)
            print("did")
        else:
            for _ in channel.unary_stream("/lab.Lab/Follow")(rest.encode(), wait_for_ready=True):
                print("did")
    except grpc.RpcError as error:
        print("failed:", error.code())
    time.sleep(float(rest))
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let (host, port) = (stage.server().to_string(), PORT.to_string());
    let server = Program::python("grpcio", SERVER)
        .on_the_server()
        .args([&host, &port]);
    stage.serves(server, PORT)?;
    let address = format!("{host}:{port}");
    let rest = stage.rest();
    for (name, habit, rest, ping) in [
        ("rests", "asks", rest, "0"),
        ("asks", "asks", "0.3", "0"),
        ("follows", "follows", rest, "0"),
        ("pings", "asks", rest, "1000"),
    ] {
        stage.asks(Program::python(name, CLIENT).args([address.as_str(), habit, rest, ping]))?;
    }
    Ok(())
}
