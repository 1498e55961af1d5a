//! nginx and curl: a client that keeps its connection and rests, limited transfers both ways, a long poll and server-sent
//! events through nginx, and an nginx beside its clients with a pool of connections to its upstream.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

pub(super) const CURL: Application = Application {
    name: "curl",
    about: "nginx with curl that keeps its connection and rests, a long poll, and server-sent events",
    needs: &[NGINX, CURL_ITSELF],
    quick: true,
    start: rests,
    truth: &[
        // The next request on the connection that was kept is lost.
        Due::client(Blackholed, Page),
        // So are the answer to the long poll and the next event.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

pub(super) const TRANSFERS: Application = Application {
    name: "transfers",
    about: "nginx with curl that downloads and uploads at a limited rate",
    needs: &[NGINX, CURL_ITSELF],
    // They move all the time.
    idles: false,
    start: transfers,
    ..BASE
};

pub(super) const UPSTREAM: Application = Application {
    name: "upstream",
    about: "nginx beside its clients, with a pool of connections to its upstream that rests",
    needs: &[NGINX, CURL_ITSELF],
    start: upstream,
    truth: &[
        // The pool's next request is lost.
        Due::client(Blackholed, Page),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const NGINX: Need = Need::Debian {
    package: "nginx",
    programs: &["nginx"],
};

const CURL_ITSELF: Need = Need::Debian {
    package: "curl",
    programs: &["curl"],
};

const PORT: u16 = 8080;

/// The program behind nginx, on its own host.
const BEHIND: u16 = 8081;

/// An nginx that serves what `locations` say at `address`.
fn nginx(
    stage: &Stage<'_>,
    name: &'static str,
    address: IpAddr,
    before: &str,
    locations: &str,
) -> Result<Program, LabError> {
    let folder = stage.folder(name)?;
    let kept: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {}/{what};\n", folder.display()))
        .concat();
    let settings = format!(
        "daemon off;\nuser nobody nogroup;\nworker_processes 1;\npid {name}.pid;\nerror_log stderr warn;\n\
         events {{ }}\nhttp {{\naccess_log off;\n{kept}{before}\n\
         server {{\nlisten {address}:{PORT};\nroot {};\n{locations}\n}}\n}}\n",
        folder.display()
    );
    let file = stage.file(&format!("{name}.conf"), settings)?;
    let program = Program::new(name, "nginx")
        .args(["-p"])
        .args([stage.directory()])
        .args(["-e", "stderr", "-c"])
        .args([file]);
    Ok(program)
}

/// Writes a file that `nginx` called so serves.
fn page(stage: &Stage<'_>, nginx: &str, name: &str, bytes: usize) -> Result<(), LabError> {
    let file = Path::new(nginx).join(name).display().to_string();
    stage.file(&file, vec![b'x'; bytes]).map(|_| ())
}

/// Asks on one connection, which it keeps, and rests between two requests. The last argument is how many it asks a minute.
const KEEPS: &str = r#"
while :; do
    curl -sS --rate "$2/m" "http://$1/small?[1-1000]" -o /dev/null -w '%{stderr}did %{num_connects}\n' 2>&1
    sleep 0.5
done
"#;

/// Asks again and again for what comes after a while, on a connection that it keeps.
const POLLS: &str = r#"
while :; do
    curl -sS "http://$1/poll?[1-1000]" -o /dev/null -w '%{stderr}did\n' 2>&1
    sleep 0.5
done
"#;

/// Hears events without end.
const HEARS: &str = r#"
while :; do
    curl -sSN "http://$1/events" | sed -u -n 's/^data: /did /p'
    sleep 0.5
done
"#;

/// Answers a poll after a while, and has an event now and then.
const SOURCE: &str = r#"
import sys, time, http.server
class Source(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_GET(self):
        rest = float(sys.argv[3])
        if self.path.startswith("/poll"):
            time.sleep(rest)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"data: event\n\n")
                self.wfile.flush()
                time.sleep(rest)
        except OSError:
            pass
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Source).serve_forever()
"#;

/// How many requests a minute leave so much rest between two.
fn rate(rest: &str) -> String {
    let rest: u32 = rest.parse().unwrap_or(1);
    (60 / rest.max(1)).to_string()
}

fn rests(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let rest = stage.rest();
    let behind = Ipv4Addr::LOCALHOST.to_string();
    let source = Program::python("source", SOURCE).on_the_server().args([
        behind.as_str(),
        &BEHIND.to_string(),
        rest,
    ]);
    stage.serves(source, BEHIND)?;
    let locations = format!(
        "location /poll {{ proxy_pass http://{behind}:{BEHIND}; }}\n\
         location /events {{ proxy_pass http://{behind}:{BEHIND}; proxy_buffering off; }}"
    );
    let server = nginx(stage, "nginx", stage.server(), "", &locations)?;
    page(stage, "nginx", "small", 1_000)?;
    stage.serves(server.on_the_server(), PORT)?;
    let address = format!("{}:{PORT}", stage.server());
    stage.asks(Program::shell("keeps", KEEPS).args([address.as_str(), &rate(rest)]))?;
    stage.asks(Program::shell("polls", POLLS).args([&address]))?;
    stage.asks(Program::shell("hears", HEARS).args([&address]))
}

/// Takes 1 MB at 500 kB a second: it fits the buffers, so its connection is silent meanwhile, again and again.
const DOWNLOADS: &str = r#"
while :; do
    curl -sS --limit-rate 500k "http://$1/large?[1-1000]" -o /dev/null -w '%{stderr}did %{size_download}\n' 2>&1
    sleep 0.5
done
"#;

/// Sends 1 MB at 500 kB a second, again and again.
const UPLOADS: &str = r#"
while :; do
    curl -sS --limit-rate 500k -T nginx/large "http://$1/stored" -o /dev/null -w '%{stderr}did %{size_upload}\n' 2>&1
    sleep 0.5
done
"#;

fn transfers(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let locations = "location /stored { dav_methods PUT; client_max_body_size 10m; }";
    let server = nginx(stage, "nginx", stage.server(), "", locations)?;
    page(stage, "nginx", "large", 1_000_000)?;
    stage.serves(server.on_the_server(), PORT)?;
    let address = format!("{}:{PORT}", stage.server());
    stage.asks(Program::shell("downloads", DOWNLOADS).args([&address]))?;
    stage.asks(Program::shell("uploads", UPLOADS).args([&address]))
}

/// Visits in bursts of three at once, each on a connection of its own.
const VISITS: &str = r#"
while :; do
    for number in 1 2 3; do
        curl -sS "http://127.0.0.1:$1/small?[1-3]" -o /dev/null -w '%{stderr}did %{http_code}\n' 2>&1 &
    done
    wait
    sleep "$2"
done
"#;

fn upstream(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let origin = nginx(stage, "nginx", stage.server(), "", "")?;
    page(stage, "nginx", "small", 1_000)?;
    stage.serves(origin.on_the_server(), PORT)?;
    let before = format!(
        "upstream origin {{ server {}:{PORT} max_fails=0; keepalive 8; keepalive_timeout 10m; }}",
        stage.server()
    );
    let locations = "location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ''; }";
    let proxy = nginx(
        stage,
        "proxy",
        Ipv4Addr::LOCALHOST.into(),
        &before,
        locations,
    )?;
    stage.relays(proxy, PORT)?;
    let rest = stage.rest();
    stage.asks(Program::shell("visits", VISITS).args([PORT.to_string().as_str(), rest]))
}
