//! Progress for people. It goes to stderr: a task's stdout belongs to its result.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What was begun so far, and when.
static BEGUN: Mutex<Vec<(String, Instant)>> = Mutex::new(Vec::new());

/// A step that takes as long is worth a line at the end.
const LONG: Duration = Duration::from_secs(20);

/// Says what is being done now.
pub fn step(what: &str) {
    eprintln!("==> {what}");
    begun().push((what.to_owned(), Instant::now()));
}

/// Says more about the step under way.
pub fn note(what: &str) {
    eprintln!("    {what}");
}

/// The steps that took long, each until the next one began, in their order.
pub fn long_steps() -> Vec<(String, Duration)> {
    let begun = begun();
    let ends = begun.iter().skip(1).map(|(_, at)| *at);
    let ends = ends.chain([Instant::now()]);
    let steps = begun.iter().zip(ends);
    steps
        .map(|((what, at), end)| (what.clone(), end.saturating_duration_since(*at)))
        .filter(|(_, took)| *took >= LONG)
        .collect()
}

fn begun() -> MutexGuard<'static, Vec<(String, Instant)>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}
