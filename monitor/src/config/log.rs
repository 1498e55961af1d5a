//! How much the log may hold.

use super::error::Problem;

/// Findings of some 2 KB: 100 KB a second at the most, and a thousand of them at once.
pub(super) const DEFAULT_RATE: u32 = 50;

/// More than any log takes.
const MOST_RATE: u32 = 1_000_000;

/// Holds `log_rate` to its bounds.
pub(super) fn rate(value: f64) -> Result<u32, Problem> {
    if value.fract() == 0.0 && (1.0..=f64::from(MOST_RATE)).contains(&value) {
        // Whole, and in range.
        Ok(value as u32)
    } else {
        let most = MOST_RATE;
        Err(Problem::LogRate { value, most })
    }
}
