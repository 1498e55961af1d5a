//! The list of alerts.

use super::table::{self, Cell, Column};
use super::theme::Theme;
use crate::app::App;
use crate::text::{age, shown};
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::Severity;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

#[derive(Clone, Copy)]
enum Of {
    Severity,
    State,
    Name,
    Connections,
    Since,
    Path,
    Owner,
    Summary,
}

const COLUMNS: [Column<Of>; 8] = [
    Column::new(Of::State, 7, 0, false),
    Column::new(Of::Severity, 8, 3, false),
    Column::new(Of::Name, 12, 1, true),
    Column::new(Of::Connections, 8, 2, false),
    Column::new(Of::Since, 7, 4, false),
    Column::new(Of::Path, 10, 6, true),
    Column::new(Of::Owner, 11, 5, true),
    Column::new(Of::Summary, 12, 7, true),
];

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    if app.alerts.is_empty() {
        let text = match app.as_of {
            None => "Nothing was told yet.",
            Some(_) => "No alert waits, fires, or is lately over.",
        };
        table::nothing(frame, area, text);
        return;
    }
    let place = app.places[app.tab as usize];
    let cell = |row: usize, of| match app.alerts.get(place.top + row) {
        Some(alert) => cell(app, alert, of, theme),
        None => (String::new(), Style::new()),
    };
    let rows = app.alerts.len().saturating_sub(place.top);
    let chosen = place.chosen.checked_sub(place.top);
    table::draw(frame, area, &COLUMNS, heading, rows, chosen, cell);
}

fn heading(of: Of) -> String {
    match of {
        Of::Severity => "SEVERITY",
        Of::State => "STATE",
        Of::Name => "ALERT",
        Of::Connections => "CONNS",
        Of::Since => "SINCE",
        Of::Path => "PATH",
        Of::Owner => "OWNER",
        Of::Summary => "SUMMARY",
    }
    .to_owned()
}

fn cell(app: &App, alert: &Alert, of: Of, theme: Theme) -> Cell {
    let firing = alert.state == AlertState::Firing;
    let style = match alert.state {
        AlertState::Firing if alert.severity == Severity::Page => theme.bad(),
        AlertState::Firing => Theme::heading(),
        AlertState::Pending => Style::new(),
        AlertState::Over => Theme::faint(),
    };
    let text = match of {
        Of::Severity => alert.severity.name().to_owned(),
        Of::State if firing => "FIRING".to_owned(),
        Of::State => alert.state.name().to_owned(),
        Of::Name => shown(&alert.name),
        Of::Connections if alert.connections == alert.count => alert.count.to_string(),
        Of::Connections => format!("{}/{}", alert.connections, alert.count),
        Of::Since => age(alert.since, app.shown_at()),
        Of::Path => shown(&alert.path),
        Of::Owner => shown(&alert.owner),
        Of::Summary => shown(&alert.summary),
    };
    (text, style)
}
