//! `monitor-lab demo`: the newcomer's minute.

use super::{DIFFERS, INTERRUPTED, UnderTest, is_root, tools};
use monitor_lab::app::Report;
use monitor_lab::ends::End;
use monitor_lab::network::cgroup::OwnGroup;
use monitor_lab::timeline::{Entry, Happened, Observer};
use monitor_lab::truth::alerts::FIRING;
use monitor_lab::truth::{Finding, Severity};
use monitor_lab::{LabError, runner, scenarios};
use std::fs;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// The story that is shown.
const SHOWN: &str = "nat-silent-drop";

/// Who may see addresses on the page: user and password are both `demo`.
const USERS: &str =
    "basic_auth_users:\n  demo: $2b$10$abcdefghijklmnopqrstuu3XEy7sAuqf0awFQrE8Rakk7J.cSBot2\n";

pub(super) fn demo(under_test: &UnderTest, page: bool) -> Result<ExitCode, String> {
    if !is_root() {
        return Err("the demo builds network namespaces: run it as root".to_owned());
    }
    let mut tools = tools(under_test)?;
    let users = tempfile::NamedTempFile::new();
    let users = users.map_err(|error| format!("cannot make a file: {error}"))?;
    if page {
        let written = fs::write(users.path(), USERS);
        written.map_err(|error| format!("cannot write {}: {error}", users.path().display()))?;
        let file = users.path().display().to_string();
        tools.page = true;
        tools.daemon_arguments = ["--web.api", "--web.config.file", &file]
            .map(str::to_owned)
            .into();
    }
    let _own = OwnGroup::enter().map_err(|error| error.to_string())?;
    let scenario = scenarios::named(SHOWN).ok_or_else(|| format!("{SHOWN} is gone"))?;
    println!("{SHOWN}: {}.", scenario.about);
    println!("Two hosts, a NAT between them, and tcplull watching. It starts …");
    if page {
        println!("The page asks who you are: user demo, password demo.");
    }
    match runner::run(scenario, 1, &tools, Some(narrator())) {
        Ok(report) => {
            println!("\nWhat fires now, as `tcplull alerts` has it:");
            let mut alerts = runner::alerts(&report).to_vec();
            // The page comes last: it is what the minute was for.
            alerts.sort_by_key(|alert| alert.severity == Severity::Page.word());
            let firing = alerts.iter().filter(|alert| alert.state == FIRING);
            for alert in firing.filter(|alert| alert.connections > 0) {
                println!("{:>8}  {}: {}", alert.severity, alert.name, alert.summary);
            }
            for difference in &report.differences {
                eprintln!("monitor-lab: {difference}");
            }
            if let Some(log) = &report.log {
                eprintln!("{}", log.trim_end());
            }
            Ok(if report.ok {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(DIFFERS)
            })
        }
        Err(LabError::Interrupted) => Ok(ExitCode::from(INTERRUPTED)),
        Err(error) => Err(error.to_string()),
    }
}

/// Prints what happens, with the seconds since the first line.
fn narrator() -> Observer {
    let start: OnceLock<Instant> = OnceLock::new();
    Arc::new(move |entry: &Entry| {
        if let Some(line) = line(&entry.what) {
            let start = start.get_or_init(|| entry.at);
            let passed = entry.at.saturating_duration_since(*start).as_secs_f64();
            println!("{passed:>+7.1}s  {line}");
        }
    })
}

fn line(happened: &Happened) -> Option<String> {
    match happened {
        Happened::Step(step) | Happened::Turn(step) => Some(step.clone()),
        Happened::Sent(end, _, text) => Some(format!("{} → {text:?}", end.word())),
        Happened::App(end, Report::Received { text, .. }) => {
            Some(format!("{:21}{} ← {text:?}", "", end.word()))
        }
        Happened::Finding(finding) if shown(finding) => Some(format!(
            "tcplull: {}: {}",
            finding.conclusion(),
            finding.summary
        )),
        _ => None,
    }
}

/// The newcomer follows the client; the server's side of the silence comes
/// with the alerts.
fn shown(finding: &Finding) -> bool {
    finding.owner.comm.as_deref() == Some(End::Client.app())
}
