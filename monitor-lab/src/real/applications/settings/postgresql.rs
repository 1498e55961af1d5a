//! PostgreSQL: libpq's keepalive by psycopg, the server's own, and PgBouncer's towards its clients.

use super::super::super::application::{Application, Need};
use super::super::super::{Program, Stage};
use super::super::postgres::{PORT, PSYCOPG as CLIENT_LIBRARY, SERVER, serve};
use super::setting::{KEPT, Setting, UNSET};
use crate::LabError;

const LIBPQ: &str = "PostgreSQL: libpq and psycopg";

pub(super) const PSYCOPG: Setting = setting!(
    "psycopg",
    LIBPQ,
    "psycopg, and so libpq: keepalives_idle",
    &[SERVER, CLIENT_LIBRARY],
    psycopg
);

pub(super) const POSTGRES_SERVER: Setting = setting!(
    "postgres-server",
    LIBPQ,
    "PostgreSQL's tcp_keepalives_idle, of a client without keepalive",
    &[SERVER, CLIENT_LIBRARY],
    server
);

pub(super) const PGBOUNCER: Setting = setting!(
    "pgbouncer",
    "PgBouncer",
    "PgBouncer: tcp_keepidle towards a client without keepalive",
    &[
        SERVER,
        CLIENT_LIBRARY,
        Need::Debian {
            package: "pgbouncer",
            programs: &["pgbouncer"],
        },
    ],
    pgbouncer
);

const BOUNCER: u16 = 6432;

/// One session, which rests between two queries. Each has a number of its own; one that is lost ends this.
const CLIENT: &str = r#"
import sys, time, psycopg
with psycopg.connect(sys.argv[1], autocommit=True, prepare_threshold=None) as connection:
    while True:
        connection.execute("select pg_backend_pid()").fetchone()
        print("did")
        time.sleep(float(sys.argv[2]))
"#;

fn ask(stage: &mut Stage<'_>, port: u16, settings: &str) -> Result<(), LabError> {
    let address = format!(
        "host={} port={port} user=postgres {settings}",
        stage.server()
    );
    let rest = stage.rest();
    stage.asks(Program::python("client", CLIENT).args([address.as_str(), rest]))
}

fn psycopg(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    serve(stage)?;
    let settings = if set {
        "keepalives_idle=1 keepalives_interval=1 keepalives_count=3"
    } else {
        ""
    };
    ask(stage, PORT, settings)
}

/// What the server's file has for all sessions is set here by one for itself.
fn server(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    serve(stage)?;
    let settings = if set {
        "keepalives=0 options='-c tcp_keepalives_idle=1 -c tcp_keepalives_interval=1'"
    } else {
        "keepalives=0"
    };
    ask(stage, PORT, settings)
}

fn pgbouncer(stage: &mut Stage<'_>, set: bool) -> Result<(), LabError> {
    serve(stage)?;
    let host = stage.server();
    let alive = if set {
        "tcp_keepidle = 1\ntcp_keepintvl = 1\n"
    } else {
        ""
    };
    let settings = stage.file(
        "pgbouncer.ini",
        format!(
            "[databases]\npostgres = host={host} port={PORT} user=postgres\n\n[pgbouncer]\nlisten_addr = {host}\n\
             listen_port = {BOUNCER}\nauth_type = any\nunix_socket_dir =\n{alive}"
        ),
    )?;
    let bouncer = Program::new("bouncer", "pgbouncer")
        .on_the_server()
        .unprivileged()
        .args([settings]);
    stage.serves(bouncer, BOUNCER)?;
    ask(stage, BOUNCER, "keepalives=0")
}
