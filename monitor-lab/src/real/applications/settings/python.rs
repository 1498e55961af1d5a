//! What Python sets: SO_KEEPALIVE alone with the times of the sysctls, and the socket options of requests and httpx.

use super::super::super::application::{Application, Need};
use super::super::super::{Program, Stage};
use super::http::serve;
use super::setting::{KEPT, Setting, UNSET, word};
use crate::LabError;

const PYTHON: &str = "Python: requests and httpx";

pub(super) const SYSCTL: Setting = setting!(
    "sysctl",
    "Any program: sysctls",
    "SO_KEEPALIVE alone, and net.ipv4.tcp_keepalive_time in its network namespace",
    &[],
    sysctl
);

pub(super) const REQUESTS: Setting = setting!(
    "requests",
    PYTHON,
    "requests: an adapter with socket_options",
    &[Need::Python("requests==2.34.2")],
    requests
);

pub(super) const HTTPX: Setting = setting!(
    "httpx",
    PYTHON,
    "httpx: a transport with socket_options",
    &[Need::Python("httpx==0.28.1")],
    httpx
);

/// Has keepalive on, and leaves the times to the system.
const PLAIN: &str = r#"
import http.client, socket, sys, time
if sys.argv[4] == "set":
    for name in ("time", "intvl"):
        with open(f"/proc/sys/net/ipv4/tcp_keepalive_{name}", "w") as file:
            file.write("1")
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
connection.connect()
connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
def ask():
    connection.request("GET", "/0")
    return connection.getresponse().read()
"#;

const WITH_REQUESTS: &str = r#"
import socket, sys, time, requests
from requests.adapters import HTTPAdapter
OPTIONS = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)]
class Alive(HTTPAdapter):
    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, socket_options=OPTIONS, **kwargs)
session = requests.Session()
session.trust_env = False
if sys.argv[4] == "set":
    session.mount("http://", Alive())
def ask():
    return session.get(f"http://{sys.argv[1]}:{sys.argv[2]}/0").content
"#;

/// It lets idle connections go after 5 s, unless told otherwise: that is longer than this box remembers, and shorter
/// than the rest.
const WITH_HTTPX: &str = r#"
import socket, sys, time, httpx
OPTIONS = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)]
options = OPTIONS if sys.argv[4] == "set" else None
transport = httpx.HTTPTransport(socket_options=options, limits=httpx.Limits(keepalive_expiry=None))
client = httpx.Client(transport=transport, timeout=None)
def ask():
    return client.get(f"http://{sys.argv[1]}:{sys.argv[2]}/0").content
"#;

/// Asks for the port of its own connection, again and again.
const ASK: &str = r#"
first = ask()
while True:
    if ask() != first:
        sys.exit("another connection")
    print("did")
    time.sleep(float(sys.argv[3]))
"#;

fn sysctl(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    start(stage, set, PLAIN)
}

fn requests(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    start(stage, set, WITH_REQUESTS)
}

fn httpx(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    start(stage, set, WITH_HTTPX)
}

fn start(stage: &mut Stage<'_>, set: bool, client: &str) -> Result<(), LabError> {
    let [host, port] = serve(stage)?;
    let rest = stage.rest();
    let client = Program::python("client", &[client, ASK].concat());
    stage.asks(client.args([host.as_str(), port.as_str(), rest, word(set)]))
}
