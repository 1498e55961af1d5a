//! Whether the daemon does its work: attached, sweeping, and seeing something.

use monitor_model::format::duration_of;
use std::time::Duration;
use thiserror::Error;

/// A sweep may be late by a stretched interval or a busy host; three are missed
/// only where something is wrong.
const SWEEPS_MISSED: u32 = 3;

/// Why the daemon is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotReady {
    /// No sweep has completed yet.
    #[error("no sweep has completed yet")]
    NoSweep,
    /// It sees no process but itself, so its sweeps find nothing.
    #[error(
        "it sees no process of this host, only its own pid namespace: hostPID: true in Kubernetes, --pid=host with docker or podman"
    )]
    Blind,
    /// The last sweep is too long ago.
    #[error("the last sweep completed {} ago, and one is due every {}", duration_of(since.as_secs_f64()), duration_of(interval.as_secs_f64()))]
    SweepOverdue {
        /// Time since it completed.
        since: Duration,
        /// The interval in force.
        interval: Duration,
    },
}

/// Ready means that a sweep completed within the last three intervals; nobody asks before
/// the kernel side is attached.
/// `since_sweep` is the time since the last one completed, `None` before the
/// first; `interval` is the one in force. A `blind` one sees no other process.
///
/// # Errors
/// Why the daemon is not ready.
pub fn readiness(
    since_sweep: Option<Duration>,
    interval: Duration,
    blind: bool,
) -> Result<(), NotReady> {
    match since_sweep {
        None => Err(NotReady::NoSweep),
        Some(since) if since > interval.saturating_mul(SWEEPS_MISSED) => {
            Err(NotReady::SweepOverdue { since, interval })
        }
        Some(_) if blind => Err(NotReady::Blind),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_sweeping() {
        let (interval, second) = (Duration::from_secs(5), Duration::from_secs(1));
        assert_eq!(readiness(None, interval, true), Err(NotReady::NoSweep));
        assert_eq!(readiness(Some(second * 15), interval, false), Ok(()));
        let blind = readiness(Some(second), interval, true);
        assert_eq!(blind, Err(NotReady::Blind));
        let late = readiness(Some(second * 16), interval, true).unwrap_err();
        assert_eq!(
            late.to_string(),
            "the last sweep completed 16s ago, and one is due every 5s"
        );
    }
}
