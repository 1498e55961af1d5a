//! The clocks of the kernel side, seen from here.

use crate::time_namespace::Ahead;
use nix::time::{ClockId, clock_getres, clock_gettime};
use std::sync::OnceLock;
use std::time::Duration;

/// Length of a jiffy in ns. The coarse clocks tick once a jiffy, and their
/// resolution is `TICK_NSEC` (kernel/time/posix-timers.c: `posix_get_coarse_res`),
/// so HZ, which is not in BTF, needs no measuring.
///
/// # Errors
///
/// Where the clock does not exist, which no Linux with eBPF is without.
pub fn jiffy_ns() -> Result<u32, nix::Error> {
    let resolution = Duration::from(clock_getres(ClockId::CLOCK_MONOTONIC_COARSE)?);
    u32::try_from(resolution.as_nanos())
        .ok()
        .filter(|ns| *ns > 0)
        .ok_or(nix::Error::ERANGE)
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu() -> Result<Duration, nix::Error> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from)
}

/// CPU time that all threads of this process took since its start, those that have ended included.
///
/// # Errors
///
/// Where the clock does not exist, which no Linux is without.
pub fn process_cpu() -> Result<Duration, nix::Error> {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map(Duration::from)
}

/// The host's three clocks, read one right after the other, in ns: whatever time namespace this process is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// CLOCK_MONOTONIC: the clock of all facts. It stands still in suspend.
    pub monotonic_ns: u64,
    /// CLOCK_BOOTTIME: the same, with suspend.
    pub boot_ns: u64,
    /// CLOCK_REALTIME since 1970, which may step.
    pub wall_unix_ns: i64,
}

impl Reading {
    /// Reads them now.
    ///
    /// # Errors
    ///
    /// Where a clock does not exist, or the kernel does not say how far this process's are from the host's.
    pub fn now() -> Result<Self, nix::Error> {
        let ahead = ahead()?;
        let ns = |clock, ahead_ns| -> Result<u64, nix::Error> {
            let time = Duration::from(clock_gettime(clock)?);
            let ns = i128::try_from(time.as_nanos()).map_err(|_| nix::Error::ERANGE)?;
            u64::try_from(ns - i128::from(ahead_ns)).map_err(|_| nix::Error::ERANGE)
        };
        Ok(Self {
            monotonic_ns: ns(ClockId::CLOCK_MONOTONIC, ahead.monotonic_ns)?,
            boot_ns: ns(ClockId::CLOCK_BOOTTIME, ahead.boot_ns)?,
            // No namespace moves this one.
            wall_unix_ns: i64::try_from(ns(ClockId::CLOCK_REALTIME, 0)?)
                .map_err(|_| nix::Error::ERANGE)?,
        })
    }

    /// Wall-clock time, in ns since 1970, of a moment on the monotonic clock. Times
    /// before a suspend come out late by its length: the name of an old moment
    /// matters less than that of the present one.
    pub fn wall_of(&self, monotonic_ns: u64) -> i64 {
        let ago = i128::from(self.monotonic_ns) - i128::from(monotonic_ns);
        let wall = i128::from(self.wall_unix_ns) - ago;
        i64::try_from(wall).unwrap_or(self.wall_unix_ns)
    }

    fn asleep_ns(&self) -> u64 {
        self.boot_ns.saturating_sub(self.monotonic_ns)
    }
}

/// How far this process's clocks are ahead. Asked for once: this process moves to no other time namespace, which only
/// one with a single thread can.
fn ahead() -> Result<Ahead, nix::Error> {
    static AHEAD: OnceLock<Ahead> = OnceLock::new();
    if let Some(ahead) = AHEAD.get() {
        return Ok(*ahead);
    }
    let ahead = Ahead::own().map_err(|error| {
        let number = error.raw_os_error();
        number.map_or(nix::Error::ENOTSUP, nix::Error::from_raw)
    })?;
    Ok(*AHEAD.get_or_init(|| ahead))
}

/// Remembers when the host slept: facts' clocks stand still then, the timers of middleboxes do not.
#[derive(Clone, Debug)]
pub struct SleepLog {
    last: Reading,
    /// When it was noticed (monotonic ns), and for how long (ns).
    sleeps: std::collections::VecDeque<(u64, u64)>,
}

/// More sleeps than this in one silence are not told apart; the oldest go.
const SLEEPS: usize = 64;

/// Both clocks are not read at one instant: smaller differences mean nothing.
const NOISE_NS: u64 = 100_000_000;

impl SleepLog {
    /// Starts from this reading.
    pub fn new(now: Reading) -> Self {
        Self {
            last: now,
            sleeps: std::collections::VecDeque::new(),
        }
    }

    /// Takes a new reading in. To be called at least once a sweep.
    pub fn update(&mut self, now: Reading) {
        let slept = now.asleep_ns().saturating_sub(self.last.asleep_ns());
        if slept < NOISE_NS {
            return;
        }
        if self.sleeps.len() == SLEEPS {
            self.sleeps.pop_front();
        }
        self.sleeps.push_back((now.monotonic_ns, slept));
        self.last = now;
    }

    /// How long the host slept between two moments on the monotonic clock, in ns.
    pub fn slept_between(&self, from_ns: u64, to_ns: u64) -> u64 {
        self.sleeps
            .iter()
            .filter(|(at, _)| (from_ns..=to_ns.max(from_ns)).contains(at))
            .map(|(_, slept)| slept)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(monotonic_s: u64, asleep_s: u64) -> Reading {
        Reading {
            monotonic_ns: monotonic_s * 1_000_000_000,
            boot_ns: (monotonic_s + asleep_s) * 1_000_000_000,
            wall_unix_ns: 1_800_000_000_000_000_000,
        }
    }

    #[test]
    fn a_jiffy_is_one_of_the_lengths_linux_can_be_built_with() {
        let per_second = 1_000_000_000 / u64::from(jiffy_ns().unwrap());
        assert!([100, 250, 300, 1000].contains(&per_second), "{per_second}");
    }

    #[test]
    fn a_silence_counts_the_sleep_within_it_and_no_other() {
        let mut log = SleepLog::new(at(100, 0));
        log.update(at(110, 0));
        log.update(at(120, 3600));
        assert_eq!(
            log.slept_between(at(105, 0).monotonic_ns, at(125, 0).monotonic_ns),
            3_600_000_000_000
        );
        assert_eq!(
            log.slept_between(at(121, 0).monotonic_ns, at(125, 0).monotonic_ns),
            0
        );
    }

    #[test]
    fn a_step_of_the_wall_clock_moves_no_duration_and_no_age() {
        let mut before = at(100, 0);
        let moment = at(90, 0).monotonic_ns;
        assert_eq!(before.wall_unix_ns - before.wall_of(moment), 10_000_000_000);
        before.wall_unix_ns += 3_600_000_000_000;
        assert_eq!(before.wall_unix_ns - before.wall_of(moment), 10_000_000_000);
    }
}
