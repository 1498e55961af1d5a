//! Whether the daemon answers, and when to ask it again.

use std::time::Duration;

/// Between an answer and the next question.
const REST: Duration = Duration::from_secs(2);

/// Of the time at most this part is spent on asking: one in ten.
const SHARE: u32 = 9;

/// The longest rest between two questions that were answered.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// After the first question that was not answered; doubled with each that follows.
const AGAIN: Duration = Duration::from_millis(500);

/// The longest wait for a daemon that is gone.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// The link to the daemon.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// A question is out.
    asking: bool,
    /// When to ask next.
    next: Duration,
    lost: Option<Lost>,
}

/// A daemon that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Since when.
    pub since: Duration,
    /// Questions that were not answered.
    pub tries: u32,
    /// Why, as it was said last.
    pub reason: String,
}

impl Link {
    /// Whether to ask now; if so, a question is out from now on.
    pub(super) fn ask(&mut self, now: Duration) -> bool {
        let due = !self.asking && now >= self.next;
        self.asking |= due;
        due
    }

    /// Ask as soon as may be.
    pub(super) fn hurry(&mut self, now: Duration) {
        if self.lost.is_none() {
            self.next = now;
        }
    }

    /// It answered within `took`; whether it had been lost.
    pub(super) fn answered(&mut self, now: Duration, took: Duration) -> bool {
        self.asking = false;
        let rest = took.saturating_mul(SHARE).clamp(REST, LONGEST_REST);
        self.next = now.saturating_add(rest);
        self.lost.take().is_some()
    }

    /// It did not.
    pub(super) fn lost(&mut self, now: Duration, reason: String) {
        self.asking = false;
        let lost = self.lost.get_or_insert(Lost {
            since: now,
            tries: 0,
            reason: String::new(),
        });
        lost.reason = reason;
        lost.tries = lost.tries.saturating_add(1);
        let doubled = 1u32 << (lost.tries - 1).min(16);
        self.next = now.saturating_add(AGAIN.saturating_mul(doubled).min(LONGEST_WAIT));
    }

    /// Whether it is gone.
    pub fn gone(&self) -> Option<&Lost> {
        self.lost.as_ref()
    }

    /// Until the next question; none if one is out.
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        (!self.asking).then(|| self.next.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_is_gone_is_asked_at_most_so_often_and_at_least_so_often() {
        let mut link = Link::default();
        let mut now = Duration::ZERO;
        let mut waits = Vec::new();
        for _ in 0..40 {
            assert!(link.ask(now));
            link.lost(now, "gone".to_owned());
            let wait = link.wait(now).unwrap();
            waits.push(wait);
            now += wait;
        }
        assert_eq!(waits[0], AGAIN);
        assert!(waits.is_sorted());
        assert!(waits[10..].iter().all(|wait| *wait == LONGEST_WAIT));
        assert!(link.ask(now));
        assert!(link.answered(now, Duration::ZERO));
        assert_eq!(link.wait(now), Some(REST));
    }

    #[test]
    fn a_daemon_whose_answers_take_long_is_asked_more_seldom() {
        let mut link = Link::default();
        assert!(link.ask(Duration::ZERO));
        assert!(!link.ask(Duration::from_secs(3)), "one question at a time");
        link.answered(Duration::from_secs(4), Duration::from_secs(4));
        assert_eq!(
            link.wait(Duration::from_secs(4)),
            Some(Duration::from_secs(36))
        );
    }
}
