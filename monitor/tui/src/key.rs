//! Keys, as far as anything is done by them.

/// One key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter, as typed.
    Char(char),
    /// A small letter with Control.
    Ctrl(char),
    /// Return.
    Enter,
    /// Escape.
    Escape,
    /// The next field.
    Tab,
    /// The field before.
    BackTab,
    /// The letter before the cursor goes.
    Backspace,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// To the first.
    Home,
    /// To the last.
    End,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
}
