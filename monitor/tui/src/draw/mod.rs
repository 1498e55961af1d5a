//! What the state looks like. It is drawn from the state alone, and costs what the screen costs.

mod alerts;
mod bar;
mod connections;
mod found;
mod frame;
mod paths;
mod table;
mod theme;

pub use theme::Theme;

use crate::app::App;
use crate::app::sheet::{self, Kind, Line as Said};
use crate::app::view::Tab;
use crate::text::wrapped;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Clear;

/// The least terminal on which something is to be read: columns and rows.
pub const LEAST: (u16, u16) = (40, 8);

/// Draws the state.
pub fn draw(app: &App, frame: &mut Frame<'_>, theme: Theme) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(frame, area);
        return;
    }
    let row = |y| Rect::new(0, y, area.width, 1);
    frame::title(app, frame, row(0));
    frame::state(app, frame, row(1), theme);
    frame::choice(app, frame, row(2));
    frame::bottom(app, frame, row(area.height - 1), theme);
    let body = Rect::new(0, 3, area.width, area.height - 4);
    let top = app.places[app.tab as usize].top;
    match (&app.opened, app.tab) {
        (Some(_), _) => page(frame, body, &sheet::opened(app), app.scrolled.top, theme),
        (None, Tab::Connections) => match &app.then {
            Some(then) => found::draw(app, then, frame, body, theme),
            None => connections::draw(app, frame, body, theme),
        },
        (None, Tab::Alerts) => alerts::draw(app, frame, body, theme),
        (None, Tab::Paths) => paths::draw(app, frame, body, theme),
        (None, Tab::Agent) => page(frame, body, &sheet::agent(app), top, theme),
    }
    if app.help {
        frame.render_widget(Clear, body);
        page(frame, body, &sheet::help(app), 0, theme);
    }
}

fn too_small(frame: &mut Frame<'_>, area: Rect) {
    let text = format!(
        "too small: {}x{}, needs {}x{}",
        area.width, area.height, LEAST.0, LEAST.1
    );
    for (line, y) in wrapped(&text, area.width.into(), 0)
        .into_iter()
        .zip(0..area.height)
    {
        frame.render_widget(Line::raw(line), Rect::new(0, y, area.width, 1));
    }
}

fn page(frame: &mut Frame<'_>, body: Rect, lines: &[Said], top: usize, theme: Theme) {
    let last = lines.len().saturating_sub(body.height.into());
    let lines = lines.iter().skip(top.min(last));
    for (line, y) in lines.zip(body.y..body.bottom()) {
        let style = match line.kind {
            Kind::Heading => Theme::heading(),
            Kind::Bad => theme.bad(),
            Kind::Plain => Style::new(),
            Kind::Faint => Theme::faint(),
        };
        let at = Rect::new(body.x + 1, y, body.width.saturating_sub(1), 1);
        frame.render_widget(Line::styled(line.text.as_str(), style), at);
    }
}
