//! The list of connections, or of their groups.

use super::bar::{WIDTH, bar};
use super::table::{self, Cell, Column};
use super::theme::Theme;
use crate::app::App;
use crate::app::connections::{Entry, Group, Grouping};
use crate::order::{self, idle, left, used};
use crate::text::{clock_time, keepalive, owner, path, shown, whole};
use monitor_model::finding::Severity;
use monitor_model::listing::{ConnectionRow, IdleState};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    State,
    Left,
    Bar,
    Idle,
    Keepalive,
    Remote,
    Owner,
    Path,
    Local,
    Last,
}

const COLUMNS: [Column<Of>; 10] = [
    Column::new(Of::State, 8, 0, false),
    Column::new(Of::Left, 9, 1, false),
    Column::new(Of::Bar, WIDTH, 4, false),
    Column::new(Of::Idle, 7, 6, false),
    Column::new(Of::Remote, 19, 2, true),
    Column::new(Of::Owner, 8, 3, true),
    Column::new(Of::Last, 16, 5, true),
    Column::new(Of::Path, 14, 8, true),
    Column::new(Of::Keepalive, 11, 7, false),
    Column::new(Of::Local, 19, 9, true),
];

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let connections = &app.connections;
    if connections.entries.is_empty() {
        let text = match app.as_of {
            None => "Nothing was told yet.",
            Some(_) if !app.filter.is_empty() => {
                "No connection that the filter takes. Esc takes the filter away."
            }
            Some(_) => "No connection.",
        };
        table::nothing(frame, area, text);
        return;
    }
    if connections.grouping != Grouping::None {
        groups(app, frame, area, theme);
        return;
    }
    let place = app.places[app.tab as usize];
    let rows = connections.entries.len().saturating_sub(place.top);
    let cell = |row: usize, of| {
        let entry = connections.entries.get(place.top + row);
        match entry.and_then(|entry| connections.connection(entry)) {
            Some((row, closed)) => cell(app, row, closed, of, theme),
            None => (String::new(), Style::new()),
        }
    };
    let chosen = place.chosen.checked_sub(place.top);
    table::draw(
        frame,
        area,
        &COLUMNS,
        |of| heading(app, of),
        rows,
        chosen,
        cell,
    );
}

/// The name of a column, with an arrow at that by which the list is sorted.
fn heading(app: &App, of: Of) -> String {
    let (name, sorts) = match of {
        Of::State => ("STATE", Some(order::Column::State)),
        Of::Left => ("LEFT", Some(order::Column::Left)),
        Of::Bar => ("OF TIMEOUT", None),
        Of::Idle => ("IDLE", Some(order::Column::Idle)),
        Of::Keepalive => ("KEEPALIVE", None),
        Of::Remote => ("REMOTE", Some(order::Column::Remote)),
        Of::Owner => ("OWNER", Some(order::Column::Owner)),
        Of::Path => ("PATH", Some(order::Column::Path)),
        Of::Local => ("LOCAL", Some(order::Column::Local)),
        Of::Last => ("TOLD LAST", None),
    };
    let arrow = match (sorts == Some(app.order.column), app.order.reversed) {
        (false, _) => "",
        (true, false) => "▼",
        (true, true) => "▲",
    };
    format!("{name}{arrow}")
}

fn cell(app: &App, row: &ConnectionRow, closed: Option<Duration>, of: Of, theme: Theme) -> Cell {
    let plain = if closed.is_some() {
        Theme::faint()
    } else {
        Style::new()
    };
    let text = match of {
        Of::State => return state(row, closed, theme),
        Of::Left if closed.is_some() => {
            let since = app.now.up.saturating_sub(closed.unwrap_or_default());
            format!("{} ago", whole(since.as_secs_f64()))
        }
        Of::Left => match left(row) {
            left if left.is_infinite() => "-".to_owned(),
            left if left < 0.0 => format!("over {}", whole(-left)),
            left => whole(left),
        },
        Of::Bar => match row.timeout_seconds {
            Some(_) if closed.is_none() => return (bar(used(row)), theme.bar(used(row))),
            _ => "-".to_owned(),
        },
        Of::Idle => whole(idle(row)),
        Of::Keepalive => keepalive(row),
        Of::Remote => shown(&row.connection.remote),
        Of::Owner => owner(&row.owner),
        Of::Path => path(row),
        Of::Local => shown(&row.connection.local),
        Of::Last => match app.findings.latest(&row.connection.id) {
            None => "-".to_owned(),
            Some(finding) => {
                let text = format!(
                    "{} {}",
                    finding.kind.name().replace('_', " "),
                    clock_time(finding.time)
                );
                let bad = finding.severity == Severity::Page;
                return (text, if bad { theme.bad() } else { plain });
            }
        },
    };
    (text, plain)
}

fn state(row: &ConnectionRow, closed: Option<Duration>, theme: Theme) -> Cell {
    let (text, style) = match (closed, row.silence) {
        (Some(_), _) => ("closed", Theme::faint()),
        (None, IdleState::Ok) => ("ok", Style::new()),
        (None, IdleState::AtRisk) => ("AT RISK", Theme::heading()),
        (None, IdleState::Crossed) => ("CROSSED", theme.bad()),
        (None, IdleState::Stalled) => ("STALLED", theme.bad()),
    };
    (text.to_owned(), style)
}

#[derive(Clone, Copy)]
enum OfGroup {
    Name,
    All,
    Stalled,
    Crossed,
    AtRisk,
    Bar,
}

const GROUP_COLUMNS: [Column<OfGroup>; 6] = {
    const fn column(of: OfGroup, least: usize, rank: u8) -> Column<OfGroup> {
        Column {
            of,
            least,
            rank,
            grows: matches!(of, OfGroup::Name),
        }
    }
    [
        column(OfGroup::Stalled, 7, 1),
        column(OfGroup::Crossed, 7, 2),
        column(OfGroup::AtRisk, 7, 3),
        column(OfGroup::All, 7, 4),
        column(OfGroup::Bar, WIDTH, 5),
        column(OfGroup::Name, 7, 0),
    ]
};

fn groups(app: &App, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let connections = &app.connections;
    let place = app.places[app.tab as usize];
    let heading = |of| {
        match of {
            OfGroup::Name if connections.grouping == Grouping::Owner => "OWNER",
            OfGroup::Name => "PATH",
            OfGroup::All => "ALL",
            OfGroup::Stalled => "STALLED",
            OfGroup::Crossed => "CROSSED",
            OfGroup::AtRisk => "AT RISK",
            OfGroup::Bar => "THE WORST",
        }
        .to_owned()
    };
    let cell = |row: usize, of| match connections.entries.get(place.top + row) {
        Some(Entry::Group(group)) => group_cell(group, of, theme),
        _ => (String::new(), Style::new()),
    };
    let rows = connections.entries.len().saturating_sub(place.top);
    let chosen = place.chosen.checked_sub(place.top);
    table::draw(frame, area, &GROUP_COLUMNS, heading, rows, chosen, cell);
}

fn group_cell(group: &Group, of: OfGroup, theme: Theme) -> Cell {
    let number = |number: u64, style| match number {
        0 => ("-".to_owned(), Style::new()),
        number => (number.to_string(), style),
    };
    match of {
        OfGroup::Name => (shown(&group.name), Style::new()),
        OfGroup::All => number(group.counts.sum(), Style::new()),
        OfGroup::Stalled => number(group.counts.stalled, theme.bad()),
        OfGroup::Crossed => number(group.counts.crossed, theme.bad()),
        OfGroup::AtRisk => number(group.counts.at_risk, Theme::heading()),
        OfGroup::Bar => (bar(group.used), theme.bar(group.used)),
    }
}
