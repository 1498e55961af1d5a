//! gRPC's keepalive pings, in Python: those of C core.

use super::super::super::application::{Application, Need};
use super::super::super::{Program, Stage};
use super::setting::{KEPT, Setting, UNSET, word};
use crate::LabError;

pub(super) const GRPC: Setting = setting!(
    "grpc",
    "gRPC",
    "grpcio: grpc.keepalive_time_ms without calls, and a server that permits it",
    &[Need::Python("grpcio==1.85.3")],
    start
);

const PORT: u16 = 50051;

/// Answers with the address of who asks. Messages are plain bytes, so nothing is generated.
const SERVER: &str = r#"
import sys, grpc
from concurrent.futures import ThreadPoolExecutor
def ask(request, context):
    return context.peer().encode()
server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 500)])
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("lab.Lab",
    {"Ask": grpc.unary_unary_rpc_method_handler(ask)})])
server.add_insecure_port(sys.argv[1])
server.start()
server.wait_for_termination()
"#;

/// Calls on one channel, and rests.
const CLIENT: &str = r#"
import sys, time, grpc
options = [("grpc.enable_http_proxy", 0)]
if sys.argv[3] == "set":
    options += [("grpc.keepalive_time_ms", 1000), ("grpc.keepalive_timeout_ms", 20000),
        ("grpc.keepalive_permit_without_calls", 1), ("grpc.http2.max_pings_without_data", 0)]
call = grpc.insecure_channel(sys.argv[1], options=options).unary_unary("/lab.Lab/Ask")
first = call(b"ask", wait_for_ready=True)
while True:
    if call(b"ask", wait_for_ready=True) != first:
        sys.exit("another connection")
    print("did")
    time.sleep(float(sys.argv[2]))
"#;

fn start(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    let address = format!("{}:{PORT}", stage.server());
    let server = Program::python("grpcio", SERVER).on_the_server();
    stage.serves(server.args([&address]), PORT)?;
    let rest = stage.rest();
    stage.asks(Program::python("client", CLIENT).args([address.as_str(), rest, word(set)]))
}
