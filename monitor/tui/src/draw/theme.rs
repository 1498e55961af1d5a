//! How things look. No colour carries a meaning alone, and text keeps the terminal's own colours, which can be read on
//! light and on dark.

use ratatui::style::{Color, Modifier, Style};

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// There are.
    pub colour: bool,
}

impl Theme {
    /// With the colours that the environment wants: none where `NO_COLOR` says something (<https://no-color.org>).
    pub fn wanted(no_color: Option<&std::ffi::OsStr>) -> Self {
        Self {
            colour: no_color.is_none_or(std::ffi::OsStr::is_empty),
        }
    }

    fn coloured(self, colour: Color, otherwise: Style) -> Style {
        if self.colour {
            otherwise.fg(colour)
        } else {
            otherwise
        }
    }

    pub(super) fn bad(self) -> Style {
        self.coloured(Color::Red, Style::new().add_modifier(Modifier::BOLD))
    }

    pub(super) fn heading() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn faint() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn chosen() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Of a bar that is so full.
    pub(super) fn bar(self, used: f64) -> Style {
        match used {
            0.9.. => self.coloured(Color::Red, Style::new()),
            0.75.. => self.coloured(Color::Yellow, Style::new()),
            _ => self.coloured(Color::Green, Style::new()),
        }
    }
}
