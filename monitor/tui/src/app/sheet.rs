//! Pages of text: one connection, one alert, the daemon, the keys.

use super::App;
use super::view::{Opened, Tab};
use crate::text::{ago, clock_time, owner, shown, whole};
use monitor_model::alert::Alert;
use monitor_model::evidence::meanings;
use monitor_model::finding::{Finding, Role};
use monitor_model::format::{count, duration_of};
use monitor_model::listing::ConnectionRow;
pub use monitor_sheet::{Kind, Line};
use monitor_sheet::{Names, Page, state, verdict};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// Inside a terminal of so many columns, with a margin.
fn begun(app: &App) -> Page {
    Page::new(usize::from(app.size.0).saturating_sub(2))
}

/// Since when findings are known.
fn began(app: &App) -> String {
    match &app.then {
        None => "since this began".to_owned(),
        Some(then) => format!("since {} UTC", clock_time(then.since)),
    }
}

/// The page of what is open; empty where nothing is.
pub fn opened(app: &App) -> Vec<Line> {
    let mut page = begun(app);
    match &app.opened {
        Some(Opened::Connection {
            id,
            row,
            detail,
            untold,
        }) => {
            if let Some(reason) = untold {
                let text = format!("Nothing more is told of it: {}", shown(reason));
                page.say(Kind::Bad, &text);
            }
            match detail {
                Some(detail) => {
                    for line in monitor_sheet::connection(detail, &Names::new(), page.width()) {
                        // Commands are whole lines there; here nothing beyond the edge is seen.
                        match line.text.width() > page.width() {
                            true => page.indented(line.kind, &line.text, 2),
                            false => page.extend([line]),
                        }
                    }
                }
                None => connection(app, &mut page, id, row.as_deref()),
            }
        }
        Some(Opened::Alert { .. }) => match app.opened_alert() {
            Some(found) => alert(app, &mut page, found),
            None => page.say(
                Kind::Faint,
                "This alert is over, and the daemon does not tell it any more. Esc goes back.",
            ),
        },
        None => {}
    }
    page.into_lines()
}

fn connection(app: &App, page: &mut Page, id: &str, row: Option<&ConnectionRow>) {
    let latest = app.findings.latest(id);
    let known = row.map(|row| (&row.connection, &row.owner));
    let known = known.or_else(|| latest.map(|found| (&found.connection, &found.owner)));
    let Some((connection, holder)) = known else {
        page.heading(&shown(id));
        let began = began(app);
        let text = format!(
            "It is not among the connections that were told, and nothing was found of it {began}. It may have closed."
        );
        page.say(Kind::Faint, &text);
        return;
    };
    let arrow = match connection.role {
        Role::Client => "→",
        Role::Server => "←",
    };
    let (local, remote) = (shown(&connection.local), shown(&connection.remote));
    page.heading(&format!("{local} {arrow} {remote}"));
    if let Some((_, Some(closed))) = app.connections.with_id(id) {
        let closed = app.now.up.saturating_sub(closed).as_secs_f64();
        page.say(
            Kind::Bad,
            &format!("It is closed, since {} at the most.", whole(closed + 2.0)),
        );
    }
    page.named("owner", &owner(holder));
    if let Some(row) = row {
        state(page, row);
    }
    page.named("id", &shown(&connection.id));
    match latest {
        Some(latest) => verdict(page, latest, &meanings([latest]), None),
        None => {
            page.heading("Verdict");
            page.say(Kind::Faint, "Nothing was found since this began; `tcplull watch --since` will have what was before.");
        }
    }
    timeline(app, page, id);
}

fn timeline(app: &App, page: &mut Page, id: &str) {
    let mut before: Option<&Finding> = None;
    for finding in app.findings.of(id) {
        match before {
            None => page.heading("What was told, in order"),
            Some(before) => {
                let between = finding.time.unix_ns().saturating_sub(before.time.unix_ns());
                let between = Duration::from_nanos(between.max(0) as u64).as_secs_f64();
                page.say(
                    Kind::Faint,
                    &format!("         … {} later", duration_of(between)),
                );
            }
        }
        let name = finding.kind.name().replace('_', " ");
        let text = format!(
            "{} {name}: {}",
            clock_time(finding.time),
            shown(&finding.summary)
        );
        page.indented(Kind::Plain, &text, 9);
        before = Some(finding);
    }
    if app.findings.dropped > 0 {
        page.say(
            Kind::Faint,
            &format!(
                "Older findings are not kept here: {} of all connections.",
                app.findings.dropped
            ),
        );
    }
    if app.findings.missed > 0 {
        page.say(
            Kind::Faint,
            &format!(
                "Findings came faster than they were read: {} were missed.",
                app.findings.missed
            ),
        );
    }
}

fn alert(app: &App, page: &mut Page, alert: &Alert) {
    let now = app.shown_at();
    page.heading(&format!(
        "{}, {}, {}",
        shown(&alert.name),
        alert.severity.name(),
        alert.state.name()
    ));
    page.say(Kind::Plain, &shown(&alert.summary));
    page.named("path", &shown(&alert.path));
    page.named("owner", &shown(&alert.owner));
    let connections = count(alert.connections, "connection");
    page.named(
        "now",
        &format!("{connections} in trouble, of {} that were", alert.count),
    );
    page.named(
        "since",
        &format!("{} UTC, {}", clock_time(alert.since), ago(alert.since, now)),
    );
    if let Some(fired) = alert.fired {
        page.named(
            "fires since",
            &format!("{} UTC, {}", clock_time(fired), ago(fired, now)),
        );
    }
    if let Some(ended) = alert.ended {
        page.named(
            "over since",
            &format!("{} UTC, {}", clock_time(ended), ago(ended, now)),
        );
    }
    page.named(
        "latest",
        &format!("{} (Enter opens it)", shown(&alert.example)),
    );
    let told = app.findings.all().rev().filter(|finding| {
        finding.kind.name() == alert.name && finding.path.as_deref().unwrap_or("none") == alert.path
    });
    let told: Vec<&Finding> = told.take(100).collect();
    if !told.is_empty() {
        page.heading(&format!("Of this kind and path, as told {}", began(app)));
    }
    for finding in told {
        let connection = &finding.connection;
        let (local, remote) = (shown(&connection.local), shown(&connection.remote));
        let text = format!(
            "{} {local} → {remote} {}",
            clock_time(finding.time),
            owner(&finding.owner)
        );
        page.indented(Kind::Plain, &text, 9);
    }
}

/// What the daemon says of itself.
pub fn agent(app: &App) -> Vec<Line> {
    let mut page = begun(app);
    let Some(sheet) = &app.agent else {
        page.say(Kind::Faint, "Nothing was told of the daemon yet.");
        return page.into_lines();
    };
    match &sheet.ready {
        Some(Ok(text)) => page.say(Kind::Plain, &format!("ready: {}", shown(text))),
        Some(Err(text)) => page.say(Kind::Bad, &format!("NOT READY: {}", shown(text))),
        None => {}
    }
    for (heading, lines) in &sheet.sections {
        page.heading(&shown(heading));
        let longest = lines.iter().map(|(name, _)| name.chars().count()).max();
        let width = longest.unwrap_or(0).clamp(8, 28);
        for (name, value) in lines {
            page.indented(
                Kind::Plain,
                &format!("{:<width$} {}", shown(name), shown(value)),
                width + 1,
            );
        }
    }
    page.into_lines()
}

/// What the keys do here, and what is to be seen.
pub fn help(app: &App) -> Vec<Line> {
    let mut page = begun(app);
    let (what, keys): (&str, &[(&str, &str)]) = match (&app.opened, app.tab) {
        (Some(Opened::Connection { .. }), _) if app.then.is_some() => (
            "One connection: the verdict, what it rests on, and what was told of it by then.",
            &[
                ("Esc", "back"),
                ("c", "copy it"),
                ("e", "export its findings"),
            ],
        ),
        (Some(Opened::Connection { .. }), _) => (
            "One connection: all that is known of it, as `tcplull show` has it; until the daemon has told that, what is at hand.",
            &[("Esc", "back"), ("c", "copy it"), ("e", "export it")],
        ),
        (Some(Opened::Alert { .. }), _) => (
            "One alert.",
            &[
                ("Enter", "the connection that was told last"),
                ("Esc", "back"),
                ("c", "copy it"),
                ("e", "export it"),
            ],
        ),
        (None, Tab::Connections) if app.then.is_some() => (
            "What was found last of each connection by then: pages first, then tickets, of each the newest first.",
            &[
                ("Enter", "open one"),
                ("/", "filter; Enter with nothing typed takes it away"),
                ("c  e", "copy the chosen one; export all that is shown"),
            ],
        ),
        (None, Tab::Connections) => (
            "Suspects first. LEFT is until the path's timeout; the bar has ! from 75 % of it on, and !! from 90 %. A ! behind \
             keepalive says that it will not help.",
            &[
                ("Enter", "open one"),
                ("/", "filter; Enter with nothing typed takes it away"),
                ("s  S", "sort by the next column; turn the order"),
                ("a", "group by owner, by path, not"),
                ("c  e", "copy the chosen one; export all that is shown"),
            ],
        ),
        (None, Tab::Alerts) => (
            "Alerts that fire, wait, or are lately over. CONNS: in trouble now, of all that were.",
            &[
                ("Enter", "open one"),
                ("c  e", "copy the chosen one; export all"),
            ],
        ),
        (None, Tab::Paths) => (
            "Paths, and how long the silences on them were that ended, against the timeout.",
            &[
                ("Enter", "its connections"),
                ("c  e", "copy the name; export all"),
            ],
        ),
        (None, Tab::Agent) => ("What the daemon says of itself.", &[("e", "export it")]),
    };
    page.say(Kind::Plain, what);
    let everywhere = [
        ("1-4  Tab", "connections, alerts, paths, the agent"),
        (
            "j k  arrows",
            "move; g G first and last; PgUp PgDn, Ctrl-B F U D pages",
        ),
        ("f  Space", "freeze, and go on"),
        ("Esc", "back"),
        ("q  Ctrl-C", "quit"),
    ];
    for (key, does) in keys.iter().chain(&everywhere) {
        page.indented(Kind::Plain, &format!("{key:<12} {does}"), 13);
    }
    page.into_lines()
}
