//! Lines and tables for people. Columns have a fixed least width, so that a list
//! can be written as it comes.

pub(crate) mod connections;
mod explained;
pub(crate) mod fit;
mod paths;
mod sheet;

pub use explained::explained;
use monitor_model::alert::Alert;
use monitor_model::finding::{Finding, Severity};
use monitor_model::format::{count, printable};
use monitor_model::listing::CheckRow;
pub use paths::{path_blocks, path_lines, paths_header};
pub(crate) use sheet::sheet;

/// A severity in a column: who wakes nobody shows as a dash.
const fn severity_cell(severity: Severity) -> &'static str {
    match severity {
        Severity::None => "-",
        _ => severity.name(),
    }
}

/// One line for a finding: time, severity, what it concludes, summary.
pub fn finding_line(finding: &Finding) -> String {
    format!(
        "{} {:<6} {:<14} {}",
        finding.time,
        severity_cell(finding.severity),
        finding.kind.name(),
        printable(&finding.summary),
    )
}

/// What `tcplull watch` shows of a finding: its line, and below it what the application loses, its advice, and where
/// settings are explained.
pub fn watch_lines(finding: &Finding) -> String {
    let mut lines = finding_line(finding);
    if let Some(lost) = finding.lost() {
        lines.push_str("\n    ");
        lines.push_str(&printable(&lost));
    }
    if let Some(advice) = &finding.advice {
        lines.push_str("\n    advice: ");
        lines.push_str(&printable(advice));
    }
    if let Some(settings) = &finding.settings {
        lines.push_str("\n    settings: ");
        lines.push_str(&printable(settings));
    }
    lines
}

/// What `tcplull watch` shows where findings came faster than it took them.
pub fn lagged_line(findings: u64) -> String {
    format!("… {findings} findings were not shown: they came faster than they were read")
}

/// The heading above [`alert_line`]s.
pub fn alert_header() -> String {
    alert_cells([
        "SEVERITY", "STATE", "ALERT", "PATH", "OWNER", "CONNS", "SINCE", "SUMMARY",
    ])
}

/// One alert in `tcplull alerts`. Its connections are those in trouble now, and where more
/// were, of how many.
pub fn alert_line(alert: &Alert) -> String {
    let connections = match (alert.connections, alert.count) {
        (now, all) if now >= all => now.to_string(),
        (now, all) => format!("{now}/{all}"),
    };
    alert_cells([
        severity_cell(alert.severity),
        alert.state.name(),
        &printable(&alert.name),
        &printable(&alert.path),
        &printable(&alert.owner),
        &connections,
        &alert.since.to_string(),
        &printable(&alert_summary(alert)),
    ])
}

/// Why it ended, or its summary with what is lost.
fn alert_summary(alert: &Alert) -> String {
    match (&alert.reason, &alert.lost) {
        (Some(reason), _) => reason.clone(),
        (None, Some(lost)) => format!("{}; {lost}", alert.summary),
        (None, None) => alert.summary.clone(),
    }
}

/// One alert for who asks for it by its name: its line, and below it how many are affected and gone, when it fired and ended,
/// and one connection of it.
pub fn alert_lines(alert: &Alert) -> String {
    let (now, all) = (alert.connections, alert.count.max(alert.connections));
    let mut facts = match alert.name.as_str() {
        "interrupted" => vec![format!("mended {}", count(alert.count, "time"))],
        "misstated" => vec![format!("told {}", count(alert.count, "time"))],
        _ => vec![format!("affected now: {now}, gone: {} of {all}", all - now)],
    };
    facts.push(format!("since {}", alert.since));
    facts.extend(alert.fired.map(|at| format!("fired {at}")));
    facts.extend(alert.ended.map(|at| format!("over {at}")));
    if !alert.example.is_empty() {
        facts.push(format!("latest connection {}", printable(&alert.example)));
    }
    format!("{}\n    {}", alert_line(alert), facts.join("; "))
}

fn alert_cells(cells: [&str; 8]) -> String {
    let [
        severity,
        state,
        name,
        path,
        owner,
        connections,
        since,
        summary,
    ] = cells;
    format!(
        "{severity:<8} {state:<7} {name:<14} {path:<22} {owner:<22} {connections:>6} {since:<24} {summary}"
    )
}

/// What a program says of itself, as one line: a name of others in it begins no second one, and commands no terminal.
pub fn log_line(text: &str) -> String {
    let mut line = printable(text.strip_suffix('\n').unwrap_or(text));
    line.push('\n');
    line
}

/// The lines of `tcplull check`, as wide as its longest subject.
pub fn check_lines(rows: &[CheckRow]) -> String {
    let subjects = rows.iter().map(|row| row.subject.chars().count());
    let width = subjects.max().unwrap_or(0);
    let mut lines = String::new();
    for row in rows {
        let mark = if row.works { "ok" } else { "--" };
        let (subject, detail) = (printable(&row.subject), printable(&row.detail));
        lines.push_str(&format!("{mark} {subject:<width$}  {detail}\n"));
        if let Some(remedy) = &row.remedy {
            lines.push_str(&format!("   {:<width$}  → {}\n", "", printable(remedy)));
        }
    }
    lines
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
pub(crate) mod tests;
