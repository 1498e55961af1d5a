//! Durations as people write them, and what each may be.

use super::error::DurationProblem;
use std::time::Duration;

/// What a duration may be, and why no more and no less.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    least: Duration,
    too_short: &'static str,
    most: Duration,
    too_long: &'static str,
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// For `timeout`.
pub const TIMEOUT: Limits = Limits {
    least: Duration::from_millis(20),
    too_short: "two ticks of the coarsest kernel clock (100 Hz)",
    most: DAY.saturating_mul(30),
    too_long: "and the kernel's 32-bit jiffies, which time the silence, come round after 49.7 days at 1000 Hz",
};

/// For `sweep_interval`.
pub const SWEEP_INTERVAL: Limits = Limits {
    least: Duration::from_millis(100),
    too_short: "and a sweep walks every socket of the host",
    most: HOUR,
    too_long: "and what only a sweep can see would come too late to act on",
};

/// For `sweep_interval_max`.
pub const SWEEP_INTERVAL_MAX: Limits = Limits {
    least: Duration::from_millis(100),
    too_short: "and no host is swept so often without a pause",
    most: HOUR,
    too_long: "and what only a sweep can see would come too late to act on",
};

/// For `min_gap`.
pub const MIN_GAP: Limits = Limits {
    least: Duration::from_millis(10),
    too_short: "a tick of the coarsest kernel clock (100 Hz)",
    most: HOUR,
    too_long: "and no path with a shorter timeout could be watched",
};

/// For `user_timeout` of `[path.heal]`.
pub(super) const HEAL_USER_TIMEOUT: Limits = Limits {
    least: Duration::from_secs(1),
    too_short: "and data that was lost once is often sent again only after a second",
    most: HOUR,
    too_long: "and the kernel gives up after some 15 minutes by itself",
};

/// For `page_after`.
pub const PAGE_AFTER: Limits = Limits {
    least: Duration::from_secs(1),
    too_short: "and the daemon looks at its alerts once a second",
    most: HOUR,
    too_long: "and a page that comes so late helps nobody",
};

/// For `max_age` of the history.
pub const MAX_AGE: Limits = Limits {
    least: HOUR,
    too_short: "and nobody looks back so soon",
    most: DAY.saturating_mul(3650),
    too_long: "and no disk keeps its word for so long",
};

/// For `timeout` of an Alertmanager.
pub(super) const ALERTMANAGER_TIMEOUT: Limits = Limits {
    least: Duration::from_secs(1),
    too_short: "and a name may take as long to be looked up",
    most: Duration::from_secs(60),
    too_long: "and alerts are to be sent again by then",
};

/// For `resend_interval`.
pub(super) const RESEND_INTERVAL: Limits = Limits {
    least: Duration::from_secs(1),
    too_short: "and the daemon looks at its alerts once a second",
    most: Duration::from_secs(600),
    too_long: "and an Alertmanager that has restarted would know of nothing for so long",
};

/// For `lease`.
pub(super) const LEASE: Limits = Limits {
    least: Duration::from_secs(2),
    too_short: "and an alert is sent once a second at the most",
    most: HOUR,
    too_long: "and for so long an alert would fire on after its host is gone",
};

impl Limits {
    /// Reads a duration as humans write it ("4m", "350s", "1h30m").
    ///
    /// # Errors
    /// Anything else, and a duration that is negative, zero or out of bounds.
    pub fn parse(&self, text: &str) -> Result<Duration, DurationProblem> {
        let trimmed = text.trim();
        if trimmed.starts_with('-') {
            return Err(DurationProblem::Negative {
                text: text.to_owned(),
            });
        }
        let value =
            humantime::parse_duration(trimmed).map_err(|reason| DurationProblem::Unreadable {
                text: text.to_owned(),
                reason: reason.to_string(),
            })?;
        self.check(value)
    }

    /// Holds a duration to the bounds.
    ///
    /// # Errors
    /// A duration that is zero or out of bounds.
    pub fn check(&self, value: Duration) -> Result<Duration, DurationProblem> {
        if value.is_zero() {
            Err(DurationProblem::Zero { least: self.least })
        } else if value < self.least {
            Err(DurationProblem::TooShort {
                value,
                least: self.least,
                why: self.too_short,
            })
        } else if value > self.most {
            Err(DurationProblem::TooLong {
                value,
                most: self.most,
                why: self.too_long,
            })
        } else {
            Ok(value)
        }
    }
}

/// Reads the value of `--timeout`.
///
/// # Errors
/// As [`Limits::parse`].
pub fn parse_timeout(text: &str) -> Result<Duration, DurationProblem> {
    TIMEOUT.parse(text)
}

/// Reads the value of `--page-after`.
///
/// # Errors
/// As [`Limits::parse`].
pub fn parse_page_after(text: &str) -> Result<Duration, DurationProblem> {
    PAGE_AFTER.parse(text)
}

/// Reads the value of `--sweep-interval`.
///
/// # Errors
/// As [`Limits::parse`].
pub fn parse_sweep_interval(text: &str) -> Result<Duration, DurationProblem> {
    SWEEP_INTERVAL.parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_humans_write_them() {
        for (text, seconds) in [
            ("4m", 240),
            ("350s", 350),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("30days", 30 * 86400),
        ] {
            assert_eq!(
                TIMEOUT.parse(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert_eq!(MIN_GAP.parse("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn a_bad_duration_is_refused_with_what_would_be_right() {
        for (text, expected) in [
            ("0s", "write one of at least 20ms"),
            ("0", "write one of at least 20ms"),
            ("-5s", "\"-5s\" is negative"),
            ("240", "time unit needed"),
            ("", "value was empty"),
            ("4 moons", "write it as \"4m\""),
            ("31days", "above 30days"),
            ("1ms", "below 20ms"),
            ("99999999999999999999s", "write it as \"4m\""),
        ] {
            let message = TIMEOUT.parse(text).expect_err(text).to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
