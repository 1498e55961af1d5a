//! The page about the laboratory, with the table of one run of everything: what
//! `--table FILE` writes.

use super::RunArguments;
use monitor_lab::scenarios::{self, Scenario};
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

The lab sweeps every second. To be expected on a machine that is not overloaded: `blackholed` at most 2 s after the \
send at a retransmission timeout of 200 ms, a stall one sweep later than that, `at_risk` before the timeout, \
`crossed` at most one sweep after it. Times are reported and fail nothing: how soon a busy machine speaks is no truth \
about `tcplull`. What a verdict rests on is, and that is held to.
";

/// What it says before the list of stories.
const STORIES: &str = "
## The stories

By the row of the taxonomy that each tells; the rest stand beside it. All that is due must be said, once and in this \
order at each end, with severity, certainty, path, timeout, clock, owner, length of the silence and the evidence named \
here; nothing else may be said, but for warnings and ACKs that wake nobody. Unless it says otherwise a finding is \
observed and wakes nobody. *Quiet*: no page ever, no ticket left when it ends.

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
        "{runs} runs in {seconds:.0} s.\n\n{}\n{READING}{STORIES}{}",
        table.markdown(),
        stories()
    );
    page
}

/// Begins the part of the page that is about real applications, which is the last.
const APPLICATIONS: &str = "\n## Real applications\n\n";

/// What `page` says of real applications, if it does.
pub(super) fn applications_in(page: &str) -> Option<&str> {
    page.split_once(APPLICATIONS).map(|(_, section)| section)
}

/// `page`, which says this of real applications now, in the place of what it said.
pub(super) fn with_applications(page: &str, section: &str) -> String {
    let before = page
        .split_once(APPLICATIONS)
        .map_or(page, |(before, _)| before);
    format!("{before}{APPLICATIONS}{section}")
}

/// Every story with its truth, as a Markdown table.
fn stories() -> String {
    let mut all: Vec<&Scenario> = scenarios::ALL.iter().collect();
    // Those beside the taxonomy come last; within a case the order is that of the list.
    all.sort_by_key(|scenario| scenario.case.unwrap_or(u8::MAX));
    let mut text = "| row | story | what happens | truth |\n| --: | --- | --- | --- |\n".to_owned();
    for scenario in all {
        let case = scenario
            .case
            .map_or("–".to_owned(), |case| case.to_string());
        let _ = writeln!(
            text,
            "| {case} | {} | {} | {} |",
            scenario.name,
            scenario.about,
            (scenario.truth)().in_words()
        );
    }
    text
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
    if !arguments.daemon.is_empty() {
        command.push_str(" --");
    }
    for argument in &arguments.daemon {
        let _ = write!(command, " {argument}");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_two_runs_keeps_what_the_other_wrote() {
        let page = with_applications("stories\n", "first\n");
        assert_eq!(applications_in(&page), Some("first\n"));
        let page = with_applications(&page, "second\n");
        assert_eq!(page, "stories\n\n## Real applications\n\nsecond\n");
        assert_eq!(applications_in("stories\n"), None);
    }
}
