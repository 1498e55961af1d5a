//! A bar, and what its fullness says without colours.

/// Cells of a bar.
const CELLS: usize = 8;

/// Columns that a bar takes, with its mark.
pub(super) const WIDTH: usize = CELLS + 2;

/// A bar of which the part `used` is full, with `!` behind it from three quarters on, and `!!` from nine tenths on.
pub(super) fn bar(used: f64) -> String {
    let full = filled(used, CELLS);
    let mark = match used {
        0.9.. => "!!",
        0.75.. => "! ",
        _ => "  ",
    };
    format!("{}{}{mark}", "█".repeat(full), "░".repeat(CELLS - full))
}

/// How many of `cells` the part `used` fills: none only where there is nothing, and all only where it is all.
pub(super) fn filled(used: f64, cells: usize) -> usize {
    if used <= 0.0 || used.is_nan() || cells == 0 {
        return 0;
    }
    if used >= 1.0 {
        return cells;
    }
    // Below `cells`, which is a screen's width at most.
    ((used * cells as f64) as usize).max(1)
}
