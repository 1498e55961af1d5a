//! A bound on how much is said: so many lines a second on the average, and for a while after a quiet time more at once.
//! What goes beyond is left out and counted, and how much that was is told now and then.

use std::time::{Duration, Instant};

/// After a quiet time, so many seconds' lines may come at once: the beginning of a storm is worth reading.
const AT_ONCE_SECONDS: u32 = 20;

/// How often it is told how much is left out, at most.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// The target of what is said whatever the rate: that a page fires or is over, and what the bound left out.
pub(crate) const ALWAYS: &str = "always";

/// One bound.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: u32,
    /// Lines that may come now.
    left: f64,
    at: Instant,
    left_out: u64,
    told: u64,
    told_at: Option<Instant>,
}

impl Rate {
    /// So many lines a second.
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        Self {
            per_second,
            left: most(per_second),
            at: now,
            left_out: 0,
            told: 0,
            told_at: None,
        }
    }

    /// So many lines a second from now on.
    pub(crate) fn set(&mut self, per_second: u32) {
        if self.per_second != per_second {
            self.per_second = per_second;
            self.left = most(per_second);
        }
    }

    /// Whether one more line may be said; one that may not is counted.
    pub(crate) fn admits(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        let earned = passed * f64::from(self.per_second);
        self.left = (self.left + earned).min(most(self.per_second));
        if self.left < 1.0 {
            self.left_out += 1;
            return false;
        }
        self.left -= 1.0;
        true
    }

    /// How many lines were left out so far.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many were left out since that was told, where it is time to tell again.
    pub(crate) fn untold(&mut self, now: Instant) -> Option<u64> {
        let recently = |at: Instant| now.saturating_duration_since(at) < TOLD_EVERY;
        if self.told_at.is_some_and(recently) {
            return None;
        }
        let untold = self.rest()?;
        self.told_at = Some(now);
        Some(untold)
    }

    /// The same at the end, when there is no later time.
    pub(crate) fn rest(&mut self) -> Option<u64> {
        let untold = self.left_out - self.told;
        self.told = self.left_out;
        (untold > 0).then_some(untold)
    }
}

fn most(per_second: u32) -> f64 {
    f64::from(per_second) * f64::from(AT_ONCE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_storm_has_its_beginning_and_then_the_rate_and_all_else_is_counted() {
        let begun = Instant::now();
        let mut rate = Rate::new(5, begun);
        let mut said = 0;
        for tenth in 0..600 {
            for _ in 0..100 {
                said += u64::from(rate.admits(begun + SECOND / 10 * tenth));
            }
        }
        // 100 at once, and 5 in each of almost 60 seconds.
        assert!((394..=400).contains(&said), "{said}");
        assert_eq!(said + rate.left_out(), 60_000);
        // After a quiet time all is as at the beginning.
        let later = begun + SECOND * 600;
        assert_eq!((0..200).filter(|_| rate.admits(later)).count(), 100);
    }

    #[test]
    fn what_was_left_out_is_told_once_and_not_all_the_time() {
        let begun = Instant::now();
        let mut rate = Rate::new(1, begun);
        assert_eq!(rate.untold(begun), None);
        for _ in 0..30 {
            rate.admits(begun);
        }
        assert_eq!(rate.untold(begun), Some(10));
        rate.admits(begun);
        assert_eq!(rate.untold(begun + SECOND * 9), None);
        assert_eq!(rate.untold(begun + SECOND * 10), Some(1));
        assert_eq!(rate.untold(begun + SECOND * 30), None);
        assert_eq!(rate.rest(), None);
        rate.set(2);
        assert_eq!((0..50).filter(|_| rate.admits(begun)).count(), 40);
        assert_eq!((rate.rest(), rate.rest()), (Some(10), None));
    }
}
