//! `tcplull replay`: a recording judged again.

use super::arguments::Context;
use super::exit::{self, CliError};
use super::help::Help;
use super::output::Output;
use super::remark::remark;
use super::wrong::Shown;
use crate::config::parse_page_after;
use crate::daemon::alert_limits;
use crate::text;
use clap::Args;
use monitor_judge::recording::{Ending, Recording, RecordingError, Replayed, replay};
use monitor_model::alert::AlertState;
use monitor_model::finding::Finding;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull replay facts",
            "what `tcplull run --record facts` led to",
        ),
        ("tcplull replay --alerts facts", "what fired at its end"),
        (
            "tcplull replay --json - < facts",
            "from standard input, for scripts",
        ),
    ],
    findings: Some("a finding is at risk, crossed, a ticket or a page, or with --alerts one fires"),
};

/// Findings come out as `tcplull watch` prints them. This build judges: the same as
/// the one that recorded says the same.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// What `tcplull run --record` wrote; "-" for standard input
    file: PathBuf,
    /// Show the alerts at its end, as `tcplull alerts` does, in place of the findings
    #[arg(long)]
    alerts: bool,
    /// How long trouble lasts until it pages, as `page_after` of the configuration
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_page_after)]
    page_after: Duration,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let wrong = if arguments.file == Path::new("-") {
        let recording = Recording::read("standard input".to_owned(), stdin().lock())?;
        show(recording, arguments)?
    } else {
        let name = arguments.file.display().to_string();
        let file = File::open(&arguments.file).map_err(|source| RecordingError::Read {
            name: name.clone(),
            source,
        })?;
        show(Recording::read(name, BufReader::new(file))?, arguments)?
    };
    Ok(exit::code(wrong))
}

/// Shows what a recording comes to; answers whether some of it is wrong.
fn show<R: BufRead>(mut recording: Recording<R>, arguments: &Arguments) -> Result<bool, CliError> {
    let findings = Output {
        json: arguments.json,
        header: String::new(),
        line: text::watch_lines,
    };
    let (mut reads_on, mut wrong) = (true, false);
    let limits = alert_limits(arguments.page_after);
    let replayed = replay(&mut recording, limits, |finding: &Finding| {
        if !arguments.alerts {
            wrong |= finding.is_wrong();
            reads_on = findings.row(finding)?;
        }
        Ok::<_, CliError>(reads_on)
    })?;
    if arguments.alerts {
        let alerts = Output {
            json: arguments.json,
            header: text::alert_header(),
            line: text::alert_line,
        };
        wrong = replayed.alerts.iter().any(Shown::is_wrong);
        reads_on = alerts.all(&replayed.alerts)?;
    }
    if !reads_on {
        return Ok(wrong);
    }
    for said in remarks(&replayed) {
        remark(&format!("tcplull: {said}\n"));
    }
    if !arguments.json {
        remark(&format!("tcplull: {}\n", summary(&replayed)));
    }
    Ok(wrong)
}

/// What makes a replay say less, or other things, than the daemon did.
fn remarks(replayed: &Replayed) -> Vec<String> {
    let mut remarks = Vec::new();
    if replayed.lost > 0 {
        remarks.push(format!(
            "the recording lacks {} of what the daemon judged (its disk was too slow): findings may differ",
            replayed.lost
        ));
    }
    let ending = match replayed.ending {
        Ending::Stopped => None,
        Ending::Silent => {
            Some("the recording has no end: the daemon was killed, or lines were taken away")
        }
        Ending::Cut => Some(
            "the last line of the recording is cut, and left out: the daemon was killed, or its disk was full",
        ),
        Ending::SizeLimit => {
            Some("the recording stopped at its size (--record-max): the daemon judged on")
        }
    };
    remarks.extend(ending.map(str::to_owned));
    remarks
}

fn summary(replayed: &Replayed) -> String {
    let count = |state| {
        let alerts = replayed.alerts.iter();
        alerts.filter(|alert| alert.state == state).count()
    };
    format!(
        "{} lines judged, {} findings, {} alerts firing at the end, {} pending",
        replayed.inputs,
        replayed.findings,
        count(AlertState::Firing),
        count(AlertState::Pending)
    )
}
