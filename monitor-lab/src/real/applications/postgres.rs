//! PostgreSQL: psql at a terminal, a pool of psycopg whose connections rest between two bursts, and LISTEN.

use super::super::application::{Application, BASE, Due, Need};
use super::super::{Program, Stage};
use crate::LabError;
use crate::truth::Conclusion::{Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};
use nix::sys::signal::Signal;

pub(super) const POSTGRES: Application = Application {
    name: "postgres",
    about: "PostgreSQL with psql at a terminal, a pool of psycopg, and LISTEN",
    needs: &[SERVER, CLIENT, PSYCOPG, Need::Python("psycopg-pool==3.3.3")],
    quick: true,
    start: |stage| live(stage, ""),
    truth: &[
        // The next query is lost, at the terminal and of the pool.
        Due::client(Blackholed, Page),
        // So is what LISTEN waits for.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    ..BASE
};

pub(super) const KEPT: Application = Application {
    name: "postgres-kept",
    about: "the same with libpq's keepalives_idle=1: behind the box it lives",
    needs: POSTGRES.needs,
    // By any segment, and so by the path's clock, it is never silent.
    idles: false,
    start: |stage| live(stage, " keepalives_idle=1 keepalives_interval=1"),
    ..BASE
};

pub(super) const SERVER: Need = Need::Debian {
    package: "postgresql-*",
    programs: &["postgres", "initdb", "pgbench"],
};

pub(super) const CLIENT: Need = Need::Debian {
    package: "postgresql-client-*",
    programs: &["psql"],
};

pub(super) const PSYCOPG: Need = Need::Python("psycopg[binary]==3.3.9");

pub(super) const PORT: u16 = 5432;

/// Starts an empty PostgreSQL, on which everybody may do everything.
pub(super) fn serve(stage: &mut Stage<'_>) -> Result<(), LabError> {
    let folder = stage.folder("postgres")?;
    let data = folder.join("data").display().to_string();
    let rules = stage.file("pg_hba.conf", "host all all 0.0.0.0/0 trust\n")?;
    stage.runs(
        &Program::new("initdb", "initdb")
            .on_the_server()
            .unprivileged()
            .args(["-D", &data, "-U", "postgres", "-A", "trust"])
            .args(["--no-sync", "--no-locale", "-E", "UTF8"]),
    )?;
    let settings = [
        format!("listen_addresses={}", stage.server()),
        format!("hba_file={}", rules.display()),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
    ];
    let server = Program::new("postgres-server", "postgres")
        .on_the_server()
        .unprivileged()
        .args(["-D", &data])
        .args(settings.into_iter().flat_map(|one| ["-c".to_owned(), one]))
        // It is not to wait for its clients.
        .ends_on(Signal::SIGINT);
    stage.serves(server, PORT)
}

/// Somebody at a terminal, who thinks for a while between two queries.
const TERMINAL: &str = r#"
while :; do
    while echo "select 'did';"; do sleep "$2"; done | psql "$1" -At
    sleep 0.5
done
"#;

/// Three threads share a pool; between two bursts it rests.
const POOL: &str = r#"
import sys, time, threading, psycopg, psycopg_pool
rest = float(sys.argv[2])
pool = psycopg_pool.ConnectionPool(sys.argv[1], min_size=3, max_size=3, timeout=60)
def burst(number):
    for turn in range(4):
        try:
            with pool.connection() as connection:
                connection.execute("select count(*) from pg_class").fetchone()
            print("did", number)
        except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
            print("failed:", error)
            time.sleep(0.2)
        time.sleep(0.05)
while True:
    threads = [threading.Thread(target=burst, args=(number,)) for number in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    time.sleep(rest)
"#;

/// Waits for notifications without end.
const LISTENER: &str = r#"
import sys, time, psycopg
while True:
    try:
        with psycopg.connect(sys.argv[1], autocommit=True) as connection:
            connection.execute("listen news")
            for notification in connection.notifies():
                print("did", notification.payload)
    except psycopg.Error as error:
        print("failed:", error)
        time.sleep(0.5)
"#;

/// Has news now and then, on the server's own host.
const EDITOR: &str = r#"
import sys, time, psycopg
while True:
    try:
        with psycopg.connect(sys.argv[1], autocommit=True) as connection:
            while True:
                time.sleep(float(sys.argv[2]))
                connection.execute("notify news, 'n'")
                print("did")
    except psycopg.Error as error:
        print("failed:", error)
        time.sleep(0.5)
"#;

/// Starts a server and its clients, which say this of their connections besides.
fn live(stage: &mut Stage<'_>, settings: &str) -> Result<(), LabError> {
    serve(stage)?;
    let here = format!("host={} user=postgres", stage.server());
    let there = format!("{here}{settings}");
    let rest = stage.rest();
    stage.asks(Program::python("listener", LISTENER).args([&there]))?;
    stage.asks(Program::shell("terminal", TERMINAL).args([there.as_str(), rest]))?;
    stage.asks(Program::python("pool", POOL).args([there.as_str(), rest]))?;
    stage.asks(
        Program::python("editor", EDITOR)
            .on_the_server()
            .args([here.as_str(), rest]),
    )
}
