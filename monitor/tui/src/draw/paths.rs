//! Paths, and below them the gaps of the chosen one against its timeout.

use super::bar::filled;
use super::table::{self, Cell, Column};
use super::theme::Theme;
use crate::app::{App, PathLine};
use crate::order::used;
use crate::text::{age, fit, shown};
use monitor_model::finding::Clock;
use monitor_model::format::duration_of;
use monitor_model::gaps::GapSummary;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

#[derive(Clone, Copy)]
enum Of {
    Name,
    Timeout,
    Connections,
    Stalled,
    Crossed,
    AtRisk,
    Gaps,
}

const fn column(of: Of, least: usize, rank: u8) -> Column<Of> {
    Column {
        of,
        least,
        rank,
        grows: matches!(of, Of::Name),
    }
}

const COLUMNS: [Column<Of>; 7] = [
    column(Of::Name, 12, 0),
    column(Of::Timeout, 16, 1),
    column(Of::Connections, 7, 5),
    column(Of::Stalled, 7, 2),
    column(Of::Crossed, 7, 3),
    column(Of::AtRisk, 7, 4),
    column(Of::Gaps, 7, 6),
];

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let lines = app.path_lines();
    let place = app.places[app.tab as usize];
    let rows = App::path_rows(area.height.into());
    let Some(chosen) = lines.get(place.chosen) else {
        let text = match app.as_of {
            Some(_) if app.then.is_some() => "Nothing was told of any path in that time.",
            None => "Nothing was told yet.",
            Some(_) => {
                "No path applies to any connection: state a timeout in the configuration, or --timeout."
            }
        };
        let at = Rect::new(area.x + 1, area.y, area.width.saturating_sub(1), 1);
        frame.render_widget(Line::styled(text, Theme::faint()), at.intersection(area));
        return;
    };
    let [list, rest] = {
        let height = u16::try_from(rows + 1).unwrap_or(u16::MAX).min(area.height);
        let below = area.y + height;
        let rest = Rect::new(area.x, below, area.width, area.bottom() - below);
        [Rect { height, ..area }, rest]
    };
    let cell = |row: usize, of| match lines.get(place.top + row) {
        Some(line) => cell(line, of, theme),
        None => (String::new(), Style::new()),
    };
    let rows = lines.len().saturating_sub(place.top);
    let at = place.chosen.checked_sub(place.top);
    table::draw(frame, list, &COLUMNS, heading, rows, at, cell);
    let (title, buckets) = match chosen.sheet.and_then(|sheet| sheet.gaps.as_ref()) {
        Some(gaps) => (
            format!(
                "Gaps on {}: how long silences were that ended, since {} ago",
                shown(chosen.name),
                age(gaps.since, app.shown_at())
            ),
            of_gaps(gaps, chosen.timeout_seconds),
        ),
        None if app.then.is_some() => (
            format!(
                "No gaps on {} were counted in that time",
                shown(chosen.name)
            ),
            Vec::new(),
        ),
        None => (
            format!(
                "Silences on {} now, in parts of its timeout",
                shown(chosen.name)
            ),
            of_silences(app, chosen.name),
        ),
    };
    histogram(frame, rest, &title, &buckets, theme);
}

fn heading(of: Of) -> String {
    match of {
        Of::Name => "PATH",
        Of::Timeout => "TIMEOUT",
        Of::Connections => "CONNS",
        Of::Stalled => "STALLED",
        Of::Crossed => "CROSSED",
        Of::AtRisk => "AT RISK",
        Of::Gaps => "GAPS",
    }
    .to_owned()
}

fn cell(line: &PathLine<'_>, of: Of, theme: Theme) -> Cell {
    let number = |number: u64, bad: bool| match number {
        0 => ("-".to_owned(), Style::new()),
        number if bad => (number.to_string(), theme.bad()),
        number => (number.to_string(), Style::new()),
    };
    match of {
        Of::Name => (shown(line.name), Style::new()),
        Of::Timeout => {
            let timeout = line.timeout_seconds.map(duration_of);
            let data = if line.clock == Some(Clock::Payload) {
                " of no data"
            } else {
                ""
            };
            let text = timeout.map_or("-".to_owned(), |timeout| timeout + data);
            (text, Style::new())
        }
        Of::Connections => number(line.counts.sum(), false),
        Of::Stalled => number(line.counts.stalled, true),
        Of::Crossed => number(line.counts.crossed, true),
        Of::AtRisk => number(line.counts.at_risk, false),
        Of::Gaps => {
            let gaps = line.sheet.and_then(|sheet| sheet.gaps.as_ref());
            number(gaps.map_or(0, |gaps| gaps.count), false)
        }
    }
}

/// One bar: what it counts, how many, and which part of the timeout that is at the most.
struct Bucket {
    name: String,
    count: u64,
    used: f64,
}

fn of_gaps(gaps: &GapSummary, timeout: Option<f64>) -> Vec<Bucket> {
    let buckets = gaps.lengths.iter().map(|length| Bucket {
        name: match length.up_to {
            Some(up_to) => format!("to {}", duration_of(up_to)),
            None => "longer".to_owned(),
        },
        count: length.count,
        used: match (length.up_to, timeout) {
            (Some(up_to), Some(timeout)) if timeout > 0.0 => up_to / timeout,
            (None, Some(_)) => f64::INFINITY,
            _ => 0.0,
        },
    });
    buckets.collect()
}

fn of_silences(app: &App, path: &str) -> Vec<Bucket> {
    const PARTS: [(f64, &str); 5] = [
        (0.25, "to 25 %"),
        (0.5, "to 50 %"),
        (0.75, "to 75 %"),
        (0.9, "to 90 %"),
        (1.0, "to 100 %"),
    ];
    let mut counts = [0u64; PARTS.len() + 1];
    let rows = app.connections.rows.iter();
    for row in rows.filter(|row| row.path.as_deref() == Some(path)) {
        counts[PARTS.partition_point(|(part, _)| *part <= used(row))] += 1;
    }
    let names = PARTS.iter().copied().chain([(f64::INFINITY, "over")]);
    let buckets = names.zip(counts).map(|((used, name), count)| Bucket {
        name: name.to_owned(),
        count,
        used,
    });
    buckets.collect()
}

/// Bars, with a line where the timeout lies.
fn histogram(frame: &mut Frame<'_>, area: Rect, title: &str, buckets: &[Bucket], theme: Theme) {
    if area.height == 0 {
        return;
    }
    let width = usize::from(area.width).saturating_sub(1);
    let most = buckets.iter().map(|bucket| bucket.count).max();
    let most = most.unwrap_or(0).max(1) as f64;
    let mut lines = vec![Line::styled(fit(title, width), Theme::heading())];
    let mut before = 0.0;
    for bucket in buckets {
        if before <= 1.0 && bucket.used > 1.0 {
            let line = "timeout ".to_owned() + &"─".repeat(width.saturating_sub(8));
            lines.push(Line::raw(line));
        }
        before = bucket.used;
        let cells = width.saturating_sub(9 + 12);
        let full = filled(bucket.count as f64 / most, cells);
        let name = format!("{:<9}", fit(&bucket.name, 8));
        lines.push(Line::from(vec![
            Span::raw(name),
            Span::styled("█".repeat(full), theme.bar(bucket.used)),
            Span::raw(format!(" {}", bucket.count)),
        ]));
    }
    let more = lines.len().saturating_sub(area.height.into());
    if more > 0 {
        lines.truncate(usize::from(area.height) - 1);
        lines.push(Line::styled(
            format!("… {} more lines, on a higher terminal", more + 1),
            Theme::faint(),
        ));
    }
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        frame.render_widget(line, Rect::new(area.x + 1, y, area.width - 1, 1));
    }
}
