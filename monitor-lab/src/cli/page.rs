//! The page about the laboratory, with the table of one run of everything: what
//! `--table FILE` writes.

use super::RunArguments;
use monitor_lab::truth::table::Table;
use std::fmt::Write;

/// What the page says before the table.
const ABOUT: &str = "\
# The laboratory

`tcplull` is judged against truth. Each scenario of `monitor-lab` builds two hosts and the middlebox between them \
in network namespaces of their own, on this machine's kernel, lets real applications live one story (who talks, who \
is silent, what the box does), and declares what is true in it before it begins. Then it compares that with what \
`tcplull` said: findings, alerts, metrics and listings. `cargo xtask lab --list` names the stories.
";

/// What it says about how to read it.
const READING: &str = "\
A row is what was true of one end of a connection, a column what was said about it; \"nothing\" is the row of ends of \
which nothing was to be said, and the column of what was not said. All counts should lie where a row meets the \
column of its own name. Warnings that a story allows and does not demand are not counted.

Times count from the send, or the turn of events, that provoked the conclusion; those of `at_risk`, `crossed` and \
`closed` from the timeout, so that a warning in time is below 0. Where nothing provokes a conclusion (nobody sends, \
and keepalive probes go unanswered) it has none.
";

/// The page for `table`, made by the run that `arguments` asked for.
pub(super) fn page(table: &Table, arguments: &RunArguments, runs: usize, seconds: f64) -> String {
    let mut page = format!(
        "{ABOUT}\n## Truth against verdict\n\n    {}\n\n",
        command(arguments)
    );
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "{runs} runs in {seconds:.0} s.\n\n{}\n{READING}",
        table.markdown()
    );
    page
}

/// The command that makes the page again.
fn command(arguments: &RunArguments) -> String {
    let mut command = "cargo xtask lab".to_owned();
    for name in &arguments.names {
        let _ = write!(command, " {name}");
    }
    let _ = write!(command, " --repeat {}", arguments.repeat);
    if let Some(file) = &arguments.table {
        let _ = write!(command, " --table {}", file.display());
    }
    command
}
