//! What is said of histories that were made up: of a whole one, of one that is damaged or not ours, and of clocks that step.

// For clippy, which knows by this that what helps a test may unwrap.
#[cfg(test)]
mod common;
#[cfg(test)]
mod folders;
#[cfg(test)]
mod found;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod standing;
