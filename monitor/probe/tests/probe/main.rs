//! Probes of simulated boxes, whose truth is known: no socket, no waiting.

// For clippy, which knows by this that what helps a test may unwrap.
#[cfg(test)]
mod boxes;
#[cfg(test)]
mod found;
