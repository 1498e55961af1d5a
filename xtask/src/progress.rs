//! Progress for people. It goes to stderr: a task's stdout belongs to its result.

/// Says what is being done now.
pub fn step(what: &str) {
    eprintln!("==> {what}");
}

/// Says more about the step under way.
pub fn note(what: &str) {
    eprintln!("    {what}");
}
