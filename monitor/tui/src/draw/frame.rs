//! What stands around the lists: tabs, the state of things, what is chosen, and the keys.

use super::theme::Theme;
use crate::app::App;
use crate::app::connections::Grouping;
use crate::app::view::{Opened, Tab};
use crate::text::{ago, clock_time, fit, shown, whole};
use monitor_model::alert::AlertState;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Tabs, and where there is room whom it is about, and the time.
pub(super) fn title(app: &App, frame: &mut Frame<'_>, at: Rect) {
    let short = at.width < 60;
    let firing = app.alerts.iter();
    let firing = firing.filter(|alert| alert.state == AlertState::Firing);
    let firing = firing.count();
    let mut spans = vec![Span::raw(" ")];
    for (number, tab) in (1..).zip(Tab::ALL) {
        let name = if short && tab == Tab::Connections {
            "Conns"
        } else {
            tab.name()
        };
        let count = match (tab, firing) {
            (Tab::Alerts, 1..) => format!(" ({firing}!)"),
            _ => String::new(),
        };
        let style = if tab == app.tab {
            Theme::chosen()
        } else {
            Style::new()
        };
        spans.push(Span::styled(format!(" {number} {name}{count} "), style));
    }
    let tabs = Line::from(spans);
    let taken = tabs.width();
    frame.render_widget(tabs, at);
    let time = clock_time(app.now.wall);
    let right = format!("{} {time} UTC", shown(&app.host));
    let room = usize::from(at.width).saturating_sub(taken + 1);
    let right = [right, time].into_iter().find(|text| text.width() <= room);
    if let Some(right) = right {
        let line = Line::styled(right, Theme::faint()).right_aligned();
        frame.render_widget(line, at);
    }
}

/// How many connections are in which state, and of when that is; or that the daemon is gone.
pub(super) fn state(app: &App, frame: &mut Frame<'_>, at: Rect, theme: Theme) {
    let width = usize::from(at.width).saturating_sub(1);
    let since = |then: std::time::Duration| whole(app.now.up.saturating_sub(then).as_secs_f64());
    let old = app.as_of.map(since);
    if let Some(then) = &app.then {
        let long_ago = ago(app.shown_at(), app.now.wall);
        let text = format!("AS OF {} ({long_ago}), from the history", shown(&then.said));
        let line = Line::styled(fit(&format!(" {text}"), width), Theme::heading());
        frame.render_widget(line, at);
        return;
    }
    if let Some(lost) = app.link.gone() {
        let again = match app.link.wait(app.now.up) {
            None => "asking again".to_owned(),
            Some(wait) => format!("asking again in {}", whole(wait.as_secs_f64().ceil())),
        };
        let shown_is = match &old {
            Some(old) => format!("; shown is {old} old"),
            None => String::new(),
        };
        let text = format!("daemon gone, {again}{shown_is}");
        let with_reason = format!(
            "{text} (since {}: {})",
            since(lost.since),
            shown(&lost.reason)
        );
        let text = if with_reason.width() <= width {
            with_reason
        } else {
            text
        };
        let line = Line::styled(fit(&format!(" {text}"), width), theme.bad());
        frame.render_widget(line, at);
        return;
    }
    let counts = app.connections.counts;
    let mut parts = Vec::new();
    for (number, name, style) in [
        (counts.stalled, "stalled", theme.bad()),
        (counts.crossed, "crossed", theme.bad()),
        (counts.at_risk, "at risk", Theme::heading()),
        (counts.ok, "ok", Style::new()),
    ] {
        let style = if number > 0 { style } else { Style::new() };
        parts.push(Span::styled(format!(" {number} {name} "), style));
    }
    if let Some(old) = old {
        parts.push(Span::styled(format!(" {old} old"), Theme::faint()));
    }
    frame.render_widget(Line::from(parts), at);
}

/// What applies to what is shown: frozen, the filter, where it comes from, a group, the order.
pub(super) fn choice(app: &App, frame: &mut Frame<'_>, at: Rect) {
    let width = usize::from(at.width).saturating_sub(1);
    let mut parts = Vec::new();
    if let Some(then) = &app.then {
        parts.push("FROZEN".to_owned());
        parts.push(format!("found since {} UTC", clock_time(then.since)));
    } else if let Some(frozen) = app.frozen {
        let since = app.now.up.saturating_sub(frozen.up).as_secs_f64();
        parts.push(format!("FROZEN for {}, f goes on", whole(since)));
    }
    let connections = &app.connections;
    if !app.filter.is_empty() {
        let (takes, all) = (connections.counts.sum(), connections.all);
        let filter = format!("filter: {}", shown(app.filter.text()));
        parts.push(match &app.then {
            Some(_) => filter,
            None => format!("{filter} ({takes} of {all})"),
        });
    }
    parts.extend(app.notice.as_deref().map(shown));
    if let Some((grouping, name)) = &connections.within {
        let what = match grouping {
            Grouping::Owner => "owner",
            _ => "path",
        };
        parts.push(format!("of {what} {}, Esc shows all", shown(name)));
    }
    if app.tab == Tab::Connections && app.opened.is_none() && app.then.is_none() {
        let (kept, all) = (connections.rows.len() as u64, connections.counts.sum());
        if kept < all {
            parts.push(format!("the first {kept} of {all}"));
        }
        let down = if app.order.reversed { "▲" } else { "▼" };
        parts.push(format!(
            "sort: {}{down}",
            app.order.column.name().to_lowercase()
        ));
    }
    // There is no room for all of them, and the agent's page has them as well.
    let notes = app.then.iter().flat_map(|then| &then.notes);
    parts.extend(notes.map(|note| shown(note)));
    let text = fit(&format!(" {}", parts.join(" · ")), width);
    frame.render_widget(Line::raw(text), at);
}

/// What is typed, what was said, or the keys.
pub(super) fn bottom(app: &App, frame: &mut Frame<'_>, at: Rect, theme: Theme) {
    let width = usize::from(at.width).saturating_sub(1);
    if let Some((text, wrong)) = &app.typing {
        // Its end is where one types.
        let mut end = shown(text);
        while end.width() + 3 > width {
            end.remove(0);
        }
        let typed = Span::styled(format!(" /{end}▏"), Theme::heading());
        let wrong = wrong.as_deref().map(shown);
        let wrong = Span::styled(format!(" {}", wrong.unwrap_or_default()), theme.bad());
        frame.render_widget(Line::from(vec![typed, wrong]), at);
        return;
    }
    let text = match (&app.message, &app.opened, app.tab) {
        (Some((message, _)), _, _) => {
            let line = Line::styled(
                fit(&format!(" {}", shown(message)), width),
                Theme::heading(),
            );
            frame.render_widget(line, at);
            return;
        }
        _ if app.help => "Esc back  q quit",
        (_, Some(Opened::Connection { .. }), _) if app.then.is_some() => {
            "Esc back  ? help  q quit  c copy  e export"
        }
        (_, Some(Opened::Connection { .. }), _) => {
            "Esc back  ? help  q quit  f freeze  c copy  e export"
        }
        (_, Some(Opened::Alert { .. }), _) => {
            "Esc back  Enter its connection  ? help  q quit  c copy"
        }
        (_, None, Tab::Connections) if app.then.is_some() => {
            "? help  q quit  / filter  Enter open  c copy  e export"
        }
        (_, None, Tab::Connections) => {
            "? help  q quit  / filter  Enter open  s sort  a group  f freeze  c copy  e export"
        }
        (_, None, _) if app.then.is_some() => "? help  q quit  Enter open  c copy  e export",
        (_, None, _) => "? help  q quit  Enter open  f freeze  c copy  e export",
    };
    frame.render_widget(
        Line::styled(fit(&format!(" {text}"), width), Theme::faint()),
        at,
    );
}
