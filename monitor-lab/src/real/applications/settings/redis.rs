//! redis-py's keepalive. From 8.0 on it is on by itself, 30 s before the first probe: longer than this box remembers.

use super::super::super::application::{Application, Need};
use super::super::super::{Program, Stage};
use super::setting::{KEPT, Setting, UNSET, word};
use crate::LabError;

pub(super) const REDIS_PY: Setting = setting!(
    "redis-py",
    "Redis",
    "redis-py: socket_keepalive_options with TCP_KEEPIDLE",
    &[
        Need::Debian {
            package: "redis-server",
            programs: &["redis-server"],
        },
        Need::Python("redis==8.1.0"),
    ],
    start
);

const PORT: u16 = 6379;

/// One connection, which rests between two commands. The server numbers its connections.
const CLIENT: &str = r#"
import socket, sys, time, redis
options = {socket.TCP_KEEPIDLE: 1, socket.TCP_KEEPINTVL: 1} if sys.argv[3] == "set" else None
client = redis.Redis(host=sys.argv[1], single_connection_client=True, socket_timeout=None, retry=None,
    socket_keepalive=True, socket_keepalive_options=options)
first = client.client_id()
while True:
    if client.client_id() != first:
        sys.exit("another connection")
    print("did")
    time.sleep(float(sys.argv[2]))
"#;

fn start(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    let host = stage.server().to_string();
    let server = Program::new("redis-server", "redis-server")
        .on_the_server()
        .args(["--bind", &host, "--protected-mode", "no", "--save", ""]);
    stage.serves(server, PORT)?;
    let rest = stage.rest();
    stage.asks(Program::python("client", CLIENT).args([host.as_str(), rest, word(set)]))
}
