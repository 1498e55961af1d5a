//! PgBouncer beside its clients: pgbench works through it all the time, another program now and then.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use super::postgres::{CLIENT, PORT, PSYCOPG, SERVER, serve};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const PGBOUNCER: Application = Application {
    name: "pgbouncer",
    about: "pgbench through PgBouncer all the time, psycopg through it now and then",
    needs: &[
        SERVER,
        CLIENT,
        PSYCOPG,
        Need::Debian {
            package: "pgbouncer",
            programs: &["pgbouncer"],
        },
    ],
    start,
    truth: &[
        // Of the pool that rests, the next query is lost.
        Due::client(Blackholed, Page),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

const BOUNCER: u16 = 6432;

/// Works all the time, at the pace of twenty transactions a second.
const BENCH: &str = r#"
while :; do
    pgbench -n -h 127.0.0.1 -p "$1" -U postgres -c 2 -R 20 -T 100000 -P 1 busy 2>&1 | sed -u 's/^progress/did/'
    sleep 0.5
done
"#;

/// Works now and then, each time with a connection of its own, which PgBouncer serves from its pool.
const VISITOR: &str = r#"
import sys, time, psycopg
while True:
    try:
        address = f"host=127.0.0.1 port={sys.argv[1]} user=postgres dbname=rests"
        with psycopg.connect(address, autocommit=True, prepare_threshold=None) as connection:
            for turn in range(3):
                connection.execute("select 1")
        print("did")
    except psycopg.Error as error:
        print("failed:", error)
    time.sleep(float(sys.argv[2]))
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    serve(stage)?;
    let host = stage.server().to_string();
    let address = ["-h", &host, "-U", "postgres", "postgres"];
    stage.runs(
        &Program::new("tables", "pgbench")
            .on_the_server()
            .args(["-i", "-q"])
            .args(address),
    )?;
    let upstream = format!("host={host} port={PORT} dbname=postgres user=postgres");
    let settings = format!(
        "[databases]\nbusy = {upstream}\nrests = {upstream}\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {BOUNCER}\nauth_type = any\npool_mode = transaction\nunix_socket_dir =\n"
    );
    let settings = stage.file("pgbouncer.ini", settings)?;
    let bouncer = Program::new("bouncer", "pgbouncer")
        .unprivileged()
        .args([settings]);
    stage.relays(bouncer, BOUNCER)?;
    let port = BOUNCER.to_string();
    stage.asks(Program::shell("bench", BENCH).args([&port]))?;
    let rest = stage.rest();
    stage.asks(Program::python("visitor", VISITOR).args([port.as_str(), rest]))
}
