//! A report as Markdown that reads well as it is.

use crate::shown::{Shown, connections, headline, length, missing, reading, steps};
use jiff::tz::TimeZone;
use monitor_model::format::{count, duration, duration_of, printable};
use monitor_model::report::{PathReport, Report};
use std::fmt::Write;

/// The report of the host of this name, with times as they are in `zone`. No name from outside makes markup of itself.
pub fn text(report: &Report, host: &str, zone: &TimeZone) -> String {
    let shown = Shown { zone };
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, report, host, &shown);
    out
}

fn write(out: &mut String, report: &Report, host: &str, shown: &Shown<'_>) -> std::fmt::Result {
    writeln!(out, "# tcplull on {}\n", code(host))?;
    writeln!(
        out,
        "{} to {}, local time ({}).\n",
        shown.time(report.from),
        shown.time(report.until),
        shown.zone(report.until)
    )?;
    writeln!(out, "{}\n", headline(report))?;
    if report.findings > 0 {
        writeln!(out, "{}\n", over_time(report))?;
    }
    not_seen(out, report, shown)?;
    alerts(out, report, shown)?;
    if !report.paths.is_empty() {
        writeln!(out, "## Paths\n")?;
        table(
            out,
            &[
                "path",
                "timeout",
                "gaps",
                "survived",
                "longest survived",
                "failed",
                "shortest failed",
                "findings",
            ],
            report.paths.iter().map(|path| {
                vec![
                    code(&path.path),
                    length(path.timeout_seconds),
                    path.gaps.to_string(),
                    path.survived.to_string(),
                    length(path.longest_survived_seconds),
                    path.failed.to_string(),
                    length(path.shortest_failed_seconds),
                    path.findings.to_string(),
                ]
            }),
        )?;
        for path in &report.paths {
            one_path(out, path)?;
        }
    }
    Ok(())
}

fn not_seen(out: &mut String, report: &Report, shown: &Shown<'_>) -> std::fmt::Result {
    let mut lines: Vec<String> = report
        .not_seen
        .iter()
        .map(|not| shown.not_seen(not))
        .collect();
    lines.extend(missing(report));
    section(out, "Not seen", lines)?;
    section(out, "The clock", steps(report, shown))
}

fn section(out: &mut String, title: &str, lines: Vec<String>) -> std::fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {title}\n")?;
    for line in lines {
        writeln!(out, "- {line}")?;
    }
    writeln!(out)
}

fn alerts(out: &mut String, report: &Report, shown: &Shown<'_>) -> std::fmt::Result {
    if report.alerts.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Alerts\n")?;
    table(
        out,
        &[
            "alert",
            "severity",
            "state",
            "path",
            "owner",
            "connections",
            "since",
            "fired",
            "until",
        ],
        report.alerts.iter().map(|alert| {
            vec![
                code(&alert.name),
                alert.severity.name().to_owned(),
                alert.state.name().to_owned(),
                code(&alert.path),
                code(&alert.owner),
                connections(alert),
                shown.time(alert.since),
                shown.or(alert.fired, "-"),
                shown.or(alert.ended, "-"),
            ]
        }),
    )?;
    if report.alerts_left_out > 0 {
        writeln!(out, "{} more.\n", report.alerts_left_out)?;
    }
    for alert in report.alerts.iter().filter(|alert| alert.fired.is_some()) {
        writeln!(out, "- {}: {}", code(&alert.name), code(&alert.summary))?;
    }
    writeln!(out)
}

fn one_path(out: &mut String, path: &PathReport) -> std::fmt::Result {
    if path.findings + path.gaps == 0 {
        return Ok(());
    }
    writeln!(out, "### {}\n", code(&path.path))?;
    if let Some(reading) = reading(path) {
        writeln!(out, "{reading}\n")?;
    }
    if path.gaps > 0 {
        writeln!(
            out,
            "- gaps: {}, {} together",
            count(path.gaps, "silence"),
            duration_of(path.gap_seconds)
        )?;
    }
    if !path.found.is_empty() {
        let found = path.found.iter();
        let found: Vec<String> = found
            .map(|found| format!("{} {}", found.count, code(&found.name)))
            .collect();
        writeln!(out, "- found: {}", found.join(", "))?;
    }
    for owner in &path.owners {
        writeln!(
            out,
            "- owner {}: {}, {} failed",
            code(&owner.owner),
            count(owner.findings, "finding"),
            owner.failed
        )?;
    }
    for advised in &path.advice {
        write!(
            out,
            "- advice ({}): {}",
            advised.count,
            plain(&advised.advice)
        )?;
        if let Some(settings) = &advised.settings {
            write!(out, " (see {})", code(settings))?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

/// Findings over time, as high as they are many.
fn over_time(report: &Report) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let all = |slot: &monitor_model::report::TimeSlot| slot.pages + slot.tickets + slot.others;
    let most = report.over_time.iter().map(all).max().unwrap_or(0).max(1);
    let step = |slot| match all(slot) {
        0 => ' ',
        // Below 8, whatever the numbers.
        findings => STEPS[(u128::from(findings) * 7 / u128::from(most)) as usize],
    };
    let bars: String = report.over_time.iter().map(step).collect();
    let parts = report.over_time.len();
    let whole = report.until.unix_ns().saturating_sub(report.from.unix_ns());
    let part = u64::try_from(whole).unwrap_or(0) / (parts as u64).max(1);
    format!(
        "`|{bars}|` findings; each of the {parts} parts is {}, and the fullest has {most}",
        duration(part)
    )
}

fn table(
    out: &mut String,
    heads: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> std::fmt::Result {
    let rows: Vec<Vec<String>> = rows.collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        widest.max(heads[column].len())
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        writeln!(out, "| {} |", cells.join(" | "))
    };
    line(&mut heads.iter().copied())?;
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&mut dashes.iter().map(String::as_str))?;
    for row in &rows {
        line(&mut row.iter().map(String::as_str))?;
    }
    writeln!(out)
}

/// Text from outside as a span of code: nothing in it is markup. Its fence is longer than any within (CommonMark, 6.1); a
/// bar would end a table's cell even there.
fn code(text: &str) -> String {
    let text = printable(text).replace('|', "\\|");
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence from outside: what Markdown or HTML would take for markup is escaped.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for c in printable(text).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '<' | '>' | '[' | ']' | '&' | '|' | '~' | '!'
        ) {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_makes_markup_of_itself() {
        for (name, expected) in [
            ("api", "`api`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("", "`  `"),
            ("a|b", "`a\\|b`"),
            (
                "<img src=x onerror=alert(1)>",
                "`<img src=x onerror=alert(1)>`",
            ),
            ("a\nb\u{1b}[2J", "`a\u{fffd}b\u{fffd}[2J`"),
        ] {
            assert_eq!(code(name), expected);
        }
        assert_eq!(plain("set <b> & [x](y)"), "set \\<b\\> \\& \\[x\\](y)");
    }
}
