//! What is shown, for a clipboard or for a file.

use super::App;
use super::view::{Opened, Tab};
use crate::event::Export;
use crate::text::{owner, shown};
use monitor_model::format::{json_line, told_line};
use serde_json::json;

/// What is chosen, as one line.
pub(super) fn chosen(app: &App) -> Option<String> {
    let at = app.places[app.tab as usize].chosen;
    if let Some(Opened::Connection { id, row, .. }) = &app.opened {
        let connection = row.as_ref().map(|row| (&row.connection, &row.owner));
        let finding = || {
            let latest = app.findings.latest(id);
            latest.map(|found| (&found.connection, &found.owner))
        };
        let (connection, holder) = connection.or_else(finding)?;
        let summary = app.findings.latest(id).map(|found| shown(&found.summary));
        let (local, remote) = (shown(&connection.local), shown(&connection.remote));
        let summary = summary.map_or(String::new(), |summary| format!(": {summary}"));
        return Some(format!(
            "{} {local} → {remote} {}{summary}",
            shown(id),
            owner(holder)
        ));
    }
    match app.tab {
        Tab::Connections if app.then.is_some() => {
            let found = app.then.as_ref()?.found.get(at)?;
            let connection = &found.connection;
            let (local, remote) = (shown(&connection.local), shown(&connection.remote));
            let id = shown(&connection.id);
            let (held, summary) = (owner(&found.owner), shown(&found.summary));
            Some(format!("{id} {local} → {remote} {held}: {summary}"))
        }
        Tab::Connections => {
            let entry = app.connections.entries.get(at)?;
            let Some((row, _)) = app.connections.connection(entry) else {
                return app.connections.identity(at).map(|name| shown(&name));
            };
            let connection = &row.connection;
            let (local, remote) = (shown(&connection.local), shown(&connection.remote));
            Some(format!(
                "{} {local} → {remote} {}",
                shown(&connection.id),
                owner(&row.owner)
            ))
        }
        Tab::Alerts => {
            let alert = app.opened_alert().or_else(|| app.alerts.get(at))?;
            let (path, summary) = (shown(&alert.path), shown(&alert.summary));
            Some(format!("{} on {path}: {summary}", shown(&alert.name)))
        }
        Tab::Paths => app.path_lines().get(at).map(|line| shown(line.name)),
        Tab::Agent => None,
    }
}

/// All that is shown, as lines of JSON: connections with the filter and in the order that apply, of an opened one what
/// the daemon told of it, or its findings.
pub(super) fn all(app: &App) -> Export {
    let (what, lines): (_, Vec<_>) = match (&app.opened, app.tab) {
        (
            Some(Opened::Connection {
                detail: Some(detail),
                ..
            }),
            _,
        ) => ("connection", vec![told_line(detail.as_ref())]),
        (Some(Opened::Connection { id, row, .. }), _) => {
            let row = row.as_ref().map(|row| told_line(row.as_ref()));
            let findings = app.findings.of(id).map(told_line);
            ("connection", row.into_iter().chain(findings).collect())
        }
        (Some(Opened::Alert { .. }), _) => (
            "alert",
            app.opened_alert().map(told_line).into_iter().collect(),
        ),
        (None, Tab::Connections) if app.then.is_some() => {
            let found = app.then.iter().flat_map(|then| &then.found);
            (
                "findings",
                found.map(|found| told_line(found.as_ref())).collect(),
            )
        }
        (None, Tab::Connections) => {
            let connections = &app.connections;
            let lines = connections.entries.iter().enumerate().map(|(at, entry)| {
                match (connections.connection(entry), connections.identity(at)) {
                    (Some((row, _)), _) => told_line(row),
                    (None, name) => json_line(&json!({ "group": name })),
                }
            });
            ("connections", lines.collect())
        }
        (None, Tab::Alerts) => ("alerts", app.alerts.iter().map(told_line).collect()),
        (None, Tab::Paths) => {
            let lines = app.path_lines();
            let lines = lines.iter().map(|line| {
                let gaps = line.sheet.and_then(|sheet| sheet.gaps.as_ref());
                json_line(&json!({
                    "path": line.name,
                    "timeout_seconds": line.timeout_seconds,
                    "connections": line.counts.sum(),
                    "gaps": gaps,
                }))
            });
            ("paths", lines.collect())
        }
        (None, Tab::Agent) => {
            let sheet = app.agent.as_ref();
            let sections = sheet.into_iter().flat_map(|sheet| &sheet.sections);
            let lines = sections.flat_map(|(section, lines)| {
                let line = move |(name, value): &(String, String)| {
                    json_line(&json!({ "section": section, "name": name, "value": value }))
                };
                lines.iter().map(line)
            });
            ("agent", lines.collect())
        }
    };
    Export {
        what,
        time: app.shown_at(),
        // Numbers that JSON has no words for are none that a daemon tells.
        lines: lines.into_iter().flatten().collect(),
    }
}
