//! Waiting until something is so, and giving up.

use crate::LabError;
use crate::interrupt::Interrupt;
use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take that should take a moment. Far more than it
/// needs, so that a busy machine fails no test.
pub const BOUND: Duration = Duration::from_secs(40);

/// How often one looks again.
pub const PAUSE: Duration = Duration::from_millis(50);

/// Looks every `pause` until there is an answer. When `bound` has passed, the last
/// reason why there is none.
///
/// # Errors
/// [`LabError::Interrupted`], and whatever `look` returns.
pub fn poll<T, W, E: From<LabError>>(
    (bound, pause): (Duration, Duration),
    interrupt: &Interrupt,
    mut look: impl FnMut() -> Result<Result<T, W>, E>,
) -> Result<Result<T, W>, E> {
    let until = Instant::now() + bound;
    loop {
        if interrupt.is_set() {
            return Err(LabError::Interrupted.into());
        }
        let seen = look()?;
        if seen.is_ok() || Instant::now() >= until {
            return Ok(seen);
        }
        thread::sleep(pause);
    }
}

/// Looks again and again until there is an answer.
///
/// # Errors
/// [`LabError::InVain`] if there is none within [`BOUND`], with `what` was waited for
/// and the last reason why not; and whatever `look` returns.
pub fn eventually<T, W: Display, E: From<LabError>>(
    what: &str,
    look: impl FnMut() -> Result<Result<T, W>, E>,
) -> Result<T, E> {
    within(BOUND, what, look)
}

/// As [`eventually`], with a bound of its own.
///
/// # Errors
/// As there.
pub fn within<T, W: Display, E: From<LabError>>(
    bound: Duration,
    what: &str,
    look: impl FnMut() -> Result<Result<T, W>, E>,
) -> Result<T, E> {
    poll((bound, PAUSE), &Interrupt::default(), look)?.map_err(|why| {
        let until = format!("{what}: {why}");
        LabError::InVain { until, bound }.into()
    })
}
