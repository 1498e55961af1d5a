//! Redis as a client that pings.

use super::line::{Line, begins};
use super::trouble::Trouble;

/// The word after a silence.
pub(super) const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// The longest answer that is read.
const LONGEST: usize = 512;

/// What it says to one client more than it takes, whom it then closes.
const FULL: &[u8] = b"-ERR max number of clients";

/// Waits for what answers [`PING`].
pub(super) async fn answered(line: &mut Line) -> Result<(), Trouble> {
    let heard = line.hear_line(LONGEST).await?;
    match heard.first() {
        Some(_) if heard.starts_with(FULL) => Err(Trouble::Full),
        // An error, such as that nobody has logged in, is an answer as well.
        Some(b'+' | b'-') => Ok(()),
        _ => Err(Trouble::Nonsense(format!(
            "it does not answer as Redis does: {:?}",
            begins(&heard)
        ))),
    }
}
