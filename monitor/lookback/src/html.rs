//! A report as one page that needs nothing else: no script, nothing from elsewhere, light or dark as the reader has it.
//! `maud` escapes whatever stands between parentheses; nothing here is written unescaped but the style.

use crate::shown::{Shown, connections, headline, length, missing, reading, steps};
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use monitor_model::format::{count, duration_of, printable};
use monitor_model::report::{PathReport, Report, TimeSlot};

/// Nothing is loaded and nothing runs, whatever a name in here contains.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark;--page:#c62828;--ticket:#b26a00;--other:#78909c;--line:#8886}\
@media (prefers-color-scheme:dark){:root{--page:#ef5350;--ticket:#ffb74d;--other:#90a4ae}}\
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;display:block;overflow-x:auto}\
th,td{border-bottom:1px solid var(--line);padding:.25rem .75rem;text-align:left;vertical-align:top}\
svg{width:100%;height:auto;font:11px system-ui,sans-serif}\
.page{fill:var(--page)}.ticket{fill:var(--ticket)}.other{fill:var(--other)}.axis{stroke:var(--line)}\
text{fill:currentColor}code{overflow-wrap:anywhere}";

/// The report of the host of this name, with times as they are in `zone`.
pub fn html(report: &Report, host: &str, zone: &TimeZone) -> String {
    let shown = Shown { zone };
    let title = format!("tcplull on {}", printable(host));
    let lost: Vec<String> = report
        .not_seen
        .iter()
        .map(|not| shown.not_seen(not))
        .chain(missing(report))
        .collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p {
                    (shown.time(report.from)) " to " (shown.time(report.until))
                    ", local time (" (shown.zone(report.until)) ")."
                }
                p { strong { (headline(report)) } }
                @if report.findings > 0 { (over_time(report, &shown)) }
                (list("Not seen", &lost))
                (list("The clock", &steps(report, &shown)))
                (alerts(report, &shown))
                (paths(report))
            }
        }
    };
    page.into_string()
}

fn list(title: &str, lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            h2 { (title) }
            ul { @for line in lines { li { (line) } } }
        }
    }
}

fn alerts(report: &Report, shown: &Shown<'_>) -> Markup {
    html! {
        @if !report.alerts.is_empty() {
            h2 { "Alerts" }
            table {
                tr { @for head in ["alert", "severity", "state", "path", "owner", "connections", "since", "fired", "until", "summary"] { th { (head) } } }
                @for alert in &report.alerts {
                    tr {
                        td { code { (printable(&alert.name)) } }
                        td { (alert.severity.name()) }
                        td { (alert.state.name()) }
                        td { code { (printable(&alert.path)) } }
                        td { code { (printable(&alert.owner)) } }
                        td { (connections(alert)) }
                        td { (shown.time(alert.since)) }
                        td { (shown.or(alert.fired, "-")) }
                        td { (shown.or(alert.ended, "-")) }
                        td { (printable(&alert.summary)) }
                    }
                }
            }
            @if report.alerts_left_out > 0 { p { (report.alerts_left_out) " more." } }
        }
    }
}

fn paths(report: &Report) -> Markup {
    html! {
        @if !report.paths.is_empty() {
            h2 { "Paths" }
            table {
                tr { @for head in ["path", "timeout", "gaps", "survived", "longest survived", "failed", "shortest failed", "findings"] { th { (head) } } }
                @for path in &report.paths {
                    tr {
                        td { code { (printable(&path.path)) } }
                        td { (length(path.timeout_seconds)) }
                        td { (path.gaps) }
                        td { (path.survived) }
                        td { (length(path.longest_survived_seconds)) }
                        td { (path.failed) }
                        td { (length(path.shortest_failed_seconds)) }
                        td { (path.findings) }
                    }
                }
            }
            @for path in &report.paths { (one_path(path)) }
        }
    }
}

fn one_path(path: &PathReport) -> Markup {
    html! {
        @if path.findings + path.gaps > 0 {
            h3 { code { (printable(&path.path)) } }
            @if let Some(reading) = reading(path) { p { (reading) } }
            @if path.gaps > 0 {
                p { (count(path.gaps, "gap")) ", " (duration_of(path.gap_seconds)) " together." }
                (gap_lengths(path))
            }
            @if !path.found.is_empty() {
                p { @for found in &path.found { (found.count) " " code { (printable(&found.name)) } "; " } }
            }
            ul {
                @for owner in &path.owners {
                    li { code { (printable(&owner.owner)) } ": " (count(owner.findings, "finding")) ", " (owner.failed) " failed" }
                }
                @for advised in &path.advice {
                    li {
                        "advice (" (advised.count) "): " (printable(&advised.advice))
                        @if let Some(settings) = &advised.settings { " " code { (printable(settings)) } }
                    }
                }
            }
        }
    }
}

/// The bars are drawn in this box.
const WIDTH: u64 = 960;
const HEIGHT: u64 = 120;

/// As high as `value` is of `most`.
fn height(value: u64, most: u64) -> u64 {
    let height = u128::from(value) * u128::from(HEIGHT) / u128::from(most.max(1));
    // At most the whole height.
    (height as u64).max(u64::from(value > 0)).min(HEIGHT)
}

fn over_time(report: &Report, shown: &Shown<'_>) -> Markup {
    let all = |slot: &TimeSlot| slot.pages + slot.tickets + slot.others;
    let most = report.over_time.iter().map(all).max().unwrap_or(0);
    let width = WIDTH / (report.over_time.len() as u64).max(1);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + 20)) role="img" aria-label="Findings over time" {
            @for (place, slot) in (0_u64..).zip(&report.over_time) {
                @let page = height(slot.pages, most);
                @let ticket = height(slot.pages + slot.tickets, most);
                @let other = height(all(slot), most);
                g {
                    title { (shown.time(slot.from)) ": " (count(slot.pages, "page")) ", " (count(slot.tickets, "ticket")) ", " (slot.others) " others" }
                    (bar("other", place * width, width, ticket, other))
                    (bar("ticket", place * width, width, page, ticket))
                    (bar("page", place * width, width, 0, page))
                }
            }
            line class="axis" x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
            text x="0" y=(HEIGHT + 15) { (shown.time(report.from)) }
            text x=(WIDTH / 2) y=(HEIGHT + 15) text-anchor="middle" { "findings: pages, tickets, others; at most " (most) " at once" }
            text x=(WIDTH) y=(HEIGHT + 15) text-anchor="end" { (shown.time(report.until)) }
        }
    }
}

fn bar(class: &str, x: u64, width: u64, from: u64, to: u64) -> Markup {
    html! {
        @if to > from {
            rect class=(class) x=(x) width=(width.saturating_sub(1).max(1)) y=(HEIGHT - to) height=(to - from) {}
        }
    }
}

fn gap_lengths(path: &PathReport) -> Markup {
    let most = path
        .lengths
        .iter()
        .map(|length| length.count)
        .max()
        .unwrap_or(0);
    let width = WIDTH / (path.lengths.len() as u64).max(8);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + 20)) role="img" aria-label="Lengths of gaps" {
            @for (place, length) in (0_u64..).zip(&path.lengths) {
                @let beyond = length.up_to.is_none_or(|bound| path.timeout_seconds.is_some_and(|timeout| bound > timeout));
                @let name = length.up_to.map_or_else(|| "longer".to_owned(), |bound| format!("≤{}", duration_of(bound)));
                g {
                    title { (name) ": " (length.count) }
                    (bar(if beyond { "ticket" } else { "other" }, place * width, width, 0, height(length.count, most)))
                    text x=(place * width) y=(HEIGHT + 15) { (name) }
                }
            }
            line class="axis" x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
        }
    }
}
