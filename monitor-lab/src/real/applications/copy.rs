//! PostgreSQL's COPY in both directions: a reader slower than the server, a writer that pauses, and a query that takes long.

use super::super::application::{Application, BASE, Due};
use super::super::{Program, Stage};
use super::postgres::{CLIENT, PSYCOPG, SERVER, serve};
use crate::LabError;
use crate::truth::Conclusion::{AwaitingReply, Blackholed, Crossed};
use crate::truth::Severity::{Page, Ticket};

pub(super) const COPY: Application = Application {
    name: "copy",
    about: "PostgreSQL's COPY to a slow reader, COPY from a writer that pauses, and a long query",
    needs: &[SERVER, CLIENT, PSYCOPG],
    start,
    truth: &[
        // What the writer sends after a pause is lost.
        Due::client(Blackholed, Page),
        // So is the answer to the long query.
        Due::server(Blackholed, Ticket),
        Due::client(Crossed, Ticket),
        Due::server(Crossed, Ticket),
    ],
    // Who asked waits for an answer that was lost.
    allowed: &[Due::client(AwaitingReply, Ticket)],
    ..BASE
};

/// Takes 4 MB at 1 MB a second.
const READER: &str = r#"
import sys, time, psycopg
while True:
    try:
        with psycopg.connect(f"host={sys.argv[1]} user=postgres", autocommit=True) as connection:
            while True:
                query = "copy (select repeat('x', 1000) from generate_series(1, 4000)) to stdout"
                with connection.cursor().copy(query) as copy:
                    for number, row in enumerate(copy):
                        if number % 100 == 0:
                            time.sleep(0.1)
                print("did")
    except psycopg.Error as error:
        print("failed:", error)
        time.sleep(0.5)
"#;

/// Sends rows, and pauses in their midst.
const WRITER: &str = r#"
import sys, time, psycopg
while True:
    try:
        with psycopg.connect(f"host={sys.argv[1]} user=postgres", autocommit=True) as connection:
            connection.execute("create temporary table rows (text text)")
            while True:
                with connection.cursor().copy("copy rows from stdin") as copy:
                    for turn in range(2):
                        for row in range(2000):
                            copy.write("y" * 200 + "\n")
                        time.sleep(float(sys.argv[2]))
                connection.execute("truncate rows")
                print("did")
    except psycopg.Error as error:
        print("failed:", error)
        time.sleep(0.5)
"#;

/// Asks what takes as long as others rest.
const REPORT: &str = r#"
while :; do
    while echo "select 'did', pg_sleep($2);"; do sleep 1; done | psql -h "$1" -U postgres -At
    sleep 0.5
done
"#;

fn start(stage: &mut Stage<'_>) -> Result<(), LabError> {
    serve(stage)?;
    let host = stage.server().to_string();
    let rest = stage.rest();
    stage.asks(Program::python("reader", READER).args([&host]))?;
    stage.asks(Program::python("writer", WRITER).args([host.as_str(), rest]))?;
    stage.asks(Program::shell("report", REPORT).args([host.as_str(), rest]))
}
