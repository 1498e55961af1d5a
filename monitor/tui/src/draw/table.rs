//! Tables: which columns there is room for, and how wide each is.

use super::theme::Theme;
use crate::text::fit;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<Of> {
    /// What it shows.
    pub(super) of: Of,
    /// Its least width.
    pub(super) least: usize,
    /// Which column has to go first where there is no room: that with the highest number.
    pub(super) rank: u8,
    /// Wider where there is room, as its cells need it.
    pub(super) grows: bool,
}

impl<Of> Column<Of> {
    pub(super) const fn new(of: Of, least: usize, rank: u8, grows: bool) -> Self {
        Self {
            of,
            least,
            rank,
            grows,
        }
    }
}

/// Says why there are no rows, in their place.
pub(super) fn nothing(frame: &mut Frame<'_>, area: Rect, why: &str) {
    let at = Rect::new(area.x + 1, area.y, area.width.saturating_sub(1), 1);
    frame.render_widget(Line::styled(why, Theme::faint()), at.intersection(area));
}

/// A cell: its text, and how it looks.
pub(super) type Cell = (String, Style);

/// Draws a heading and rows, of which one may be chosen. A cell of a column is asked for once, for rows on the screen only.
pub(super) fn draw<Of: Copy>(
    frame: &mut Frame<'_>,
    area: Rect,
    columns: &[Column<Of>],
    heading: impl Fn(Of) -> String,
    rows: usize,
    chosen: Option<usize>,
    cell: impl Fn(usize, Of) -> Cell,
) {
    if area.height == 0 {
        return;
    }
    // The mark of the chosen row has the first column.
    let room = usize::from(area.width).saturating_sub(1);
    let columns = chosen_columns(columns, room);
    let rows = rows.min(usize::from(area.height) - 1);
    let cells: Vec<Vec<Cell>> = (0..rows)
        .map(|row| columns.iter().map(|column| cell(row, column.of)).collect())
        .collect();
    let widths = widths(&columns, &cells, room);
    let headings = columns.iter().map(|column| heading(column.of));
    let headings = headings.map(|text| (text, Theme::heading())).collect();
    line(frame, area, 0, " ", headings, &widths, Style::new());
    for (row, cells) in cells.into_iter().enumerate() {
        let (mark, style) = match chosen == Some(row) {
            true => (">", Theme::chosen()),
            false => (" ", Style::new()),
        };
        line(frame, area, row + 1, mark, cells, &widths, style);
    }
}

fn line(
    frame: &mut Frame<'_>,
    area: Rect,
    row: usize,
    mark: &'static str,
    cells: Vec<Cell>,
    widths: &[usize],
    style: Style,
) {
    let mut spans = vec![Span::styled(mark, style)];
    for ((text, look), width) in cells.into_iter().zip(widths) {
        let text = fit(&text, *width);
        let blanks = (width + 1).saturating_sub(text.width());
        spans.push(Span::styled(text + &" ".repeat(blanks), look.patch(style)));
    }
    let Ok(row) = u16::try_from(row) else { return };
    let at = Rect::new(area.x, area.y.saturating_add(row), area.width, 1);
    frame.render_widget(Line::from(spans), at.intersection(area));
}

/// Those for which there is room, in their order.
fn chosen_columns<Of: Copy>(columns: &[Column<Of>], room: usize) -> Vec<Column<Of>> {
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.sort_by_key(|at| columns[*at].rank);
    let mut taken = 0;
    let mut there = vec![false; columns.len()];
    for at in by_rank {
        let width = columns[at].least + usize::from(taken > 0);
        if taken > 0 && taken + width > room {
            break;
        }
        taken += width;
        there[at] = true;
    }
    let there = columns.iter().zip(there).filter(|(_, there)| *there);
    there.map(|(column, _)| *column).collect()
}

fn widths<Of>(columns: &[Column<Of>], cells: &[Vec<Cell>], room: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|column| column.least).collect();
    let gaps = columns.len().saturating_sub(1);
    let mut spare = room.saturating_sub(widths.iter().sum::<usize>() + gaps);
    let growing = (0..columns.len()).filter(|at| columns[*at].grows);
    for at in growing {
        let needed = cells.iter().map(|row| row[at].0.width()).max();
        let more = needed.unwrap_or(0).saturating_sub(widths[at]).min(spare);
        widths[at] += more;
        spare -= more;
    }
    widths
}
