//! Whether what a command writes has colours.

use clap::ValueEnum;
use std::io::stdout;

/// When there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal that can show them, and unless NO_COLOR is set.
    Auto,
    /// Whatever standard output is.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// Whether there are any on standard output.
    pub(super) fn is_on(self) -> bool {
        match self {
            Self::Auto => anstream::AutoStream::choice(&stdout()) != anstream::ColorChoice::Never,
            Self::Always => true,
            Self::Never => false,
        }
    }
}
