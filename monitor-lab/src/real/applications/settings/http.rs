//! HTTP: curl that waits for a late answer, and the keepalive of nginx, HAProxy and socat towards a client that has none.

use super::super::super::application::{Application, Need};
use super::super::super::{Program, Stage};
use super::setting::{KEPT, SERVER_SPEAKS, Setting, UNSET};
use crate::LabError;

pub(super) const CURL: Setting = setting!(
    "curl",
    "curl",
    "curl --keepalive-time, where the answer comes late",
    &[Need::Debian {
        package: "curl",
        programs: &["curl"],
    }],
    curl,
    SERVER_SPEAKS
);

pub(super) const NGINX: Setting = setting!(
    "nginx",
    "nginx",
    "nginx: listen ... so_keepalive",
    &[Need::Debian {
        package: "nginx",
        programs: &["nginx"],
    }],
    nginx
);

pub(super) const HAPROXY: Setting = setting!(
    "haproxy",
    "HAProxy",
    "HAProxy: option clitcpka, clitcpka-idle",
    &[Need::Debian {
        package: "haproxy",
        programs: &["haproxy"],
    }],
    haproxy
);

pub(super) const SOCAT: Setting = setting!(
    "socat",
    "Any program: sysctls",
    "socat before a server without keepalive, with keepalive and keepidle",
    &[Need::Debian {
        package: "socat",
        programs: &["socat"],
    }],
    socat
);

/// Where what is asked listens, and what stands behind it.
const FRONT: u16 = 8080;
const BACK: u16 = 8090;

/// Answers `/SECONDS` after so long with the port of who asks, and keeps its connections.
const SERVER: &str = r#"
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(float(self.path[1:]))
        answer = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Answer).serve_forever()
"#;

/// Asks on one connection without keepalive, which rests. Where it is another one, so is the port that it is told.
const CLIENT: &str = r#"
import http.client, sys, time
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
first = None
while True:
    connection.request("GET", "/0")
    answer = connection.getresponse().read()
    first = first or answer
    if answer != first:
        sys.exit("another connection")
    print("did")
    time.sleep(float(sys.argv[3]))
"#;

/// Asks for what is there at once, and then for what comes late.
const CURLS: &str = r#"
url=$1; shift
curl -sS --fail "$@" "$url/0" > /dev/null && echo did
while curl -sS --fail "$@" "$url/$rest" > /dev/null; do echo did; done
exit 1
"#;

/// Starts the server, and says where it listens.
pub(super) fn serve(stage: &mut Stage<'_>) -> Result<[String; 2], LabError> {
    serve_on(stage, FRONT)
}

fn serve_on(stage: &mut Stage<'_>, port: u16) -> Result<[String; 2], LabError> {
    let place = [stage.server().to_string(), port.to_string()];
    let server = Program::python("server", SERVER).on_the_server();
    stage.serves(server.args(place.clone()), port)?;
    Ok(place)
}

fn ask(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let (host, port) = (stage.server().to_string(), FRONT.to_string());
    let rest = stage.rest();
    stage.asks(Program::python("client", CLIENT).args([host.as_str(), port.as_str(), rest]))
}

fn curl(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    let [host, port] = serve(stage)?;
    let alive: &[&str] = if set {
        &["--keepalive-time", "1"]
    } else {
        &["--no-keepalive"]
    };
    let client = Program::shell("client", CURLS)
        .env("rest", stage.rest())
        .args([format!("http://{host}:{port}")])
        .args(alive.iter().copied());
    stage.asks(client)
}

fn nginx(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    let folder = stage.folder("nginx")?;
    let host = stage.server();
    let alive = if set { "so_keepalive=1s:1s:3" } else { "" };
    let paths: Vec<String> = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("    {name}_temp_path {};\n", folder.join(name).display()))
        .collect();
    let settings = stage.file(
        "nginx.conf",
        format!(
            "daemon off;\npid {0}/pid;\nevents {{}}\nhttp {{\n    access_log off;\n{1}    server {{\n        \
             listen {host}:{FRONT} {alive};\n        location / {{ return 200 \"$remote_port\"; }}\n    }}\n}}\n",
            folder.display(),
            paths.concat()
        ),
    )?;
    let nginx = Program::new("nginx", "nginx")
        .on_the_server()
        .unprivileged()
        .args(["-e", "stderr", "-c"])
        .args([settings]);
    stage.serves(nginx, FRONT)?;
    ask(stage)
}

fn haproxy(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    let [host, back] = serve_on(stage, BACK)?;
    let alive = if set {
        "    option clitcpka\n    clitcpka-idle 1s\n    clitcpka-intvl 1s\n"
    } else {
        ""
    };
    let settings = stage.file(
        "haproxy.cfg",
        format!(
            "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n\
             listen front\n    bind {host}:{FRONT}\n{alive}    server one {host}:{back}\n"
        ),
    )?;
    let haproxy = Program::new("haproxy", "haproxy")
        .on_the_server()
        .args(["-db", "-f"])
        .args([settings]);
    stage.serves(haproxy, FRONT)?;
    ask(stage)
}

fn socat(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    let [host, back] = serve_on(stage, BACK)?;
    let alive = if set {
        ",keepalive,keepidle=1,keepintvl=1"
    } else {
        ""
    };
    let socat = Program::new("socat", "socat").on_the_server().args([
        format!("TCP-LISTEN:{FRONT},bind={host},reuseaddr,fork{alive}"),
        format!("TCP:{host}:{back}"),
    ]);
    stage.serves(socat, FRONT)?;
    ask(stage)
}
