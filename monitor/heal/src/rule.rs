//! What the configuration says of the sockets of one path.

use crate::timers::keepalive_for;
use std::fmt;
use std::time::Duration;

/// TCP_USER_TIMEOUT where nothing else says how long it should be: seven times, data that the kernel has sent again is
/// still without an answer by then (0.2 s, doubled each time).
const HANG: Duration = Duration::from_secs(30);

/// Probes that may be lost one after the other before TCP_USER_TIMEOUT ends a connection: with it, the kernel counts time
/// and not probes (`tcp_keepalive_timer`).
const LOST_PROBES: u32 = 3;

/// Whether TCP_USER_TIMEOUT is set, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserTimeout {
    /// As it fits the path.
    Auto,
    /// To this.
    After(Duration),
}

/// What becomes of what was set when the daemon stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStop {
    /// It is set back.
    #[default]
    Undo,
    /// It stays, until the connections end.
    Keep,
}

/// What is to be done for the sockets of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether keepalive is switched on.
    pub keepalive: bool,
    /// What TCP_USER_TIMEOUT is set to, if it is.
    pub user_timeout: Option<UserTimeout>,
    /// Of a hundred sockets, so many; the same ones each time. 0 for a dry run, 100 for all.
    pub share_percent: u32,
    /// Sockets that are set within a minute, at most.
    pub rate_per_minute: u32,
    /// What becomes of it when the daemon stops.
    pub on_stop: OnStop,
}

/// Why a rule does not fit its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Keepalive does not count there.
    PayloadClock,
    /// Its timeout is too short for keepalive.
    TooShort,
    /// TCP_USER_TIMEOUT would end a connection for too few lost probes.
    Hasty {
        /// What it is to be at least.
        least: Duration,
    },
    /// Neither is to be set.
    Nothing,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PayloadClock => f.write_str(
                "keepalive does not help on a path with clock = \"payload\": its box counts application data alone, and a \
                 keepalive probe is none; leave keepalive out (user_timeout still ends hangs), and have the application send \
                 something itself",
            ),
            Self::TooShort => f.write_str(
                "keepalive does not help on a path with a timeout below 2s: the kernel counts TCP_KEEPIDLE in whole seconds; \
                 leave keepalive out",
            ),
            Self::Hasty { least } => write!(
                f,
                "user_timeout is too short beside keepalive: with it the kernel ends a silent connection by time and not by \
                 probes, so one lost probe would do; give at least {}s, or \"auto\", or leave keepalive out",
                least.as_secs()
            ),
            Self::Nothing => f.write_str(
                "nothing is to be set: give keepalive = \"auto\", user_timeout = \"auto\", or both",
            ),
        }
    }
}

impl Rule {
    /// Whether this makes sense for a path that forgets after `timeout`, by application data alone if `payload` is true.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(&self, timeout: Duration, payload: bool) -> Result<(), Problem> {
        if !self.keepalive {
            return self.user_timeout.map(|_| ()).ok_or(Problem::Nothing);
        }
        if payload {
            return Err(Problem::PayloadClock);
        }
        let timers = keepalive_for(timeout).ok_or(Problem::TooShort)?;
        let probes = u64::from(timers.interval_s) * u64::from(LOST_PROBES + 1);
        let least = Duration::from_secs(u64::from(timers.time_s) + probes);
        match self.user_timeout {
            Some(UserTimeout::After(after)) if after < least => Err(Problem::Hasty { least }),
            _ => Ok(()),
        }
    }

    /// What TCP_USER_TIMEOUT is set to on a path that forgets after `timeout`: beside keepalive, when keepalive itself would
    /// give up. In ms; `None` where it is not set.
    pub(crate) fn user_timeout_ms(&self, timeout: Duration) -> Option<u32> {
        let after = match self.user_timeout? {
            UserTimeout::After(after) => after,
            UserTimeout::Auto if self.keepalive => keepalive_for(timeout)?.keepalive_ends(),
            UserTimeout::Auto => HANG,
        };
        u32::try_from(after.as_millis()).ok()
    }
}
