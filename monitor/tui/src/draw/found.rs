//! The list of what was found by a moment that is over.

use super::table::{self, Cell, Column};
use super::theme::Theme;
use crate::app::App;
use crate::app::past::Then;
use crate::text::{clock_time, owner, shown, whole};
use monitor_model::finding::{Finding, Severity};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

#[derive(Clone, Copy)]
enum Of {
    Verdict,
    Severity,
    Told,
    Silence,
    Remote,
    Owner,
    Path,
    Local,
}

const COLUMNS: [Column<Of>; 8] = [
    Column::new(Of::Verdict, 14, 0, true),
    Column::new(Of::Severity, 8, 5, false),
    Column::new(Of::Told, 8, 2, false),
    Column::new(Of::Silence, 7, 4, false),
    Column::new(Of::Remote, 19, 1, true),
    Column::new(Of::Owner, 8, 3, true),
    Column::new(Of::Path, 10, 6, true),
    Column::new(Of::Local, 19, 7, true),
];

pub(super) fn draw(app: &App, then: &Then, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    if then.found.is_empty() {
        let text = match app.filter.is_empty() {
            true => "Nothing was found of any connection in that time.",
            false => "Nothing was found that the filter takes. Esc takes the filter away.",
        };
        table::nothing(frame, area, text);
        return;
    }
    let place = app.places[app.tab as usize];
    let cell = |row: usize, of| match then.found.get(place.top + row) {
        Some(found) => cell(found, of, theme),
        None => (String::new(), Style::new()),
    };
    let rows = then.found.len().saturating_sub(place.top);
    let chosen = place.chosen.checked_sub(place.top);
    table::draw(frame, area, &COLUMNS, heading, rows, chosen, cell);
}

fn heading(of: Of) -> String {
    match of {
        Of::Verdict => "TOLD LAST",
        Of::Severity => "SEVERITY",
        Of::Told => "UTC",
        Of::Silence => "SILENCE",
        Of::Remote => "REMOTE",
        Of::Owner => "OWNER",
        Of::Path => "PATH",
        Of::Local => "LOCAL",
    }
    .to_owned()
}

fn cell(found: &Finding, of: Of, theme: Theme) -> Cell {
    let style = match found.severity {
        Severity::Page => theme.bad(),
        Severity::Ticket => Theme::heading(),
        Severity::None => Style::new(),
    };
    match of {
        Of::Verdict => (found.kind.name().replace('_', " "), style),
        Of::Severity => (found.severity.name().to_owned(), style),
        Of::Told => (clock_time(found.time), Style::new()),
        Of::Silence => (whole(found.gap_seconds), Style::new()),
        Of::Remote => (shown(&found.connection.remote), Style::new()),
        Of::Owner => (owner(&found.owner), Style::new()),
        Of::Path => (shown(found.path.as_deref().unwrap_or("-")), Style::new()),
        Of::Local => (shown(&found.connection.local), Style::new()),
    }
}
