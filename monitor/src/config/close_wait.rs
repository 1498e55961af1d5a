//! From how many connections in CLOSE_WAIT on an owner is a ticket.

use super::error::Problem;

/// As many as one sweep shows at the most (`MAX_LEFT` in monitor/kernel/src/sweep/batch.rs).
const MOST: u64 = 4_096;

/// Holds `close_wait_ticket` to its bounds.
pub(super) fn ticket(value: f64) -> Result<u64, Problem> {
    if value.fract() == 0.0 && (1.0..=MOST as f64).contains(&value) {
        // Whole, and in range.
        Ok(value as u64)
    } else {
        Err(Problem::CloseWaitTicket { value, most: MOST })
    }
}
