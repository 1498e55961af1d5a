//! Pages as a terminal shows them.

use anstyle::{AnsiColor, Style};
use monitor_sheet::{Kind, Line};

/// The lines of a page, with colours or without. What is heading or wrong is so by its words, too.
pub(crate) fn sheet(lines: &[Line], colour: bool) -> String {
    let lines = lines.iter().map(|line| {
        let style = style(line.kind).filter(|_| colour && !line.text.is_empty());
        match style {
            Some(style) => format!("{style}{}{style:#}", line.text),
            None => line.text.clone(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Colours of the terminal's own, which are readable on light and dark.
const fn style(kind: Kind) -> Option<Style> {
    match kind {
        Kind::Heading => Some(Style::new().bold()),
        Kind::Bad => Some(
            Style::new()
                .bold()
                .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))),
        ),
        Kind::Faint => Some(Style::new().dimmed()),
        Kind::Plain => None,
    }
}
