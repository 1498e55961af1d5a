//! HAProxy: a pool of connections through a proxy on the clients' own host, one that is passed through, and an edge that
//! cuts what takes too long.

use super::super::application::{Application, BASE, Due, Need};
use super::super::staging::Staging;
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Closed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const HAPROXY: Application = Application {
    name: "haproxy",
    about: "HAProxy on the clients' host: a pool that rests, one that does not, a connection passed through",
    needs: &[NEED],
    start,
    truth: &[
        // The pool's next request is lost.
        Due::client(Blackholed, Page),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

/// A proxy that cuts is a box by itself: after less silence than the NAT's.
pub(super) const CUTS: Application = Application {
    name: "haproxy-cuts",
    about: "HAProxy on the server's host passes TCP through, and cuts a request that runs too long",
    needs: &[NEED],
    idles: false,
    stagings: &[Staging::NoPath, Staging::Box],
    start: start_cutting,
    truth: &[
        // FIN in place of the answer.
        Due::client(Closed, Ticket),
    ],
    ..BASE
};

const NEED: Need = Need::Debian {
    package: "haproxy",
    programs: &["haproxy"],
};

/// Where the proxies listen.
const POOL: u16 = 8080;
const BUSY: u16 = 8081;
const PASSED: u16 = 8082;

/// Where the backend does.
const BACKEND: u16 = 8090;

/// An HTTP/1.1 server that answers `/SECONDS` after so long, and keeps its connections.
const SERVER: &str = r#"
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(float(self.path[1:]))
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"answer\n")
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Answer).serve_forever()
"#;

/// Asks on a connection that it keeps.
const CLIENT: &str = r#"
import sys, time, http.client
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=20)
while True:
    try:
        connection.request("GET", "/0")
        response = connection.getresponse()
        response.read()
        print("did" if response.status == 200 else "failed:", response.status)
    except (OSError, http.client.HTTPException) as error:
        print("failed:", repr(error))
        connection.close()
    time.sleep(float(sys.argv[3]))
"#;

/// Asks a few times on one connection, and then something that takes longer than the proxy waits. That it is cut is what
/// it is used to.
const SLOW: &str = r#"
import sys, time, http.client
while True:
    connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=20)
    for seconds in ["0.1", "0.1", "0.1", "0.1", sys.argv[3]]:
        try:
            connection.request("GET", "/" + seconds)
            connection.getresponse().read()
            print("did")
        except (OSError, http.client.HTTPException) as error:
            print("did not:" if seconds == sys.argv[3] else "failed:", repr(error))
            break
        time.sleep(0.5)
    connection.close()
    time.sleep(0.3)
"#;

fn start_cutting(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let host = stage.server().to_string();
    let backend = Program::python("backend", SERVER)
        .on_the_server()
        .args(["127.0.0.1".to_owned(), BACKEND.to_string()]);
    stage.serves(backend, BACKEND)?;
    let settings = stage.file(
        "haproxy.cfg",
        format!(
            "defaults\n    mode tcp\n    timeout connect 2s\n    timeout client 30s\n    timeout server 3500ms\n\
             listen cuts\n    bind {host}:{POOL}\n    server one 127.0.0.1:{BACKEND}\n"
        ),
    )?;
    let haproxy = Program::new("haproxy", "haproxy")
        .on_the_server()
        .args(["-db", "-f"])
        .args([settings]);
    stage.serves(haproxy, POOL)?;
    stage.asks(Program::python("slow", SLOW).args([host.as_str(), &POOL.to_string(), "6"]))
}

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let host = stage.server().to_string();
    let backend = Program::python("backend", SERVER)
        .on_the_server()
        .args([host.clone(), BACKEND.to_string()]);
    stage.serves(backend, BACKEND)?;
    let proxy = |name: &str, mode: &str, port: u16| {
        format!(
            "listen {name}\n    bind 127.0.0.1:{port}\n    mode {mode}\n    server one {host}:{BACKEND}\n"
        )
    };
    let settings = stage.file(
        "haproxy.cfg",
        [
            "defaults\n    timeout connect 2s\n    timeout client 30s\n    timeout server 10s\n",
            &proxy("pool", "http", POOL),
            &proxy("busy", "http", BUSY),
            &proxy("passed", "tcp", PASSED),
        ]
        .concat(),
    )?;
    let haproxy = Program::new("haproxy", "haproxy")
        .args(["-db", "-f"])
        .args([settings]);
    stage.relays(haproxy, POOL)?;
    let rest = stage.rest();
    for (name, port, rest) in [
        ("pool", POOL, rest),
        ("busy", BUSY, "0.3"),
        ("passed", PASSED, rest),
    ] {
        let port = port.to_string();
        stage.asks(Program::python(name, CLIENT).args(["127.0.0.1", &port, rest]))?;
    }
    Ok(())
}
