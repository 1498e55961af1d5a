//! The history as those who write and read it meet it.

// For clippy, which knows by this that what helps a test may unwrap.
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod common;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod reading;
