//! Between which two silences a timeout lies.

use monitor_model::probe::Expiry;
use std::time::Duration;

/// How far apart both ends of a bracket may lie, as a part of the greater: 5 %.
pub(crate) const NARROW: f64 = 0.05;

/// How far apart neighbours lie that are to make a bracket narrow: somewhat less than half of that, for a bracket spans two of
/// them, and a silence lasts longer than it was to.
const STEP: f64 = 1.023;

/// How far apart the first silences lie. The next round then has less than twenty in between, and both take as long as the
/// longest of them.
const LADDER: f64 = 1.5;

/// So many silences that were not survived bear the upper end of a bracket out.
pub(crate) const BEARS_OUT: usize = 2;

/// What is known of silences that one side ends.
#[derive(Clone, Debug, Default)]
pub struct Bracket {
    survived: Vec<Duration>,
    expired: Vec<(Duration, Expiry)>,
    /// How many more were not survived, beside others, and are refuted by one alone that was.
    refuted: usize,
}

impl Bracket {
    /// A silence was survived.
    pub fn survived(&mut self, gap: Duration) {
        self.survived.push(gap);
    }

    /// A silence was survived with no other beside it: what is no longer and ended beside others had another reason, however
    /// nearly as long it was.
    pub fn survived_alone(&mut self, gap: Duration) {
        self.survived(gap);
        let before = self.expired.len();
        self.expired.retain(|(expired, _)| *expired > gap);
        self.refuted += before - self.expired.len();
    }

    /// A silence was not.
    pub fn expired(&mut self, gap: Duration, expiry: Expiry) {
        self.expired.push((gap, expiry));
    }

    /// How many were survived.
    pub fn survivals(&self) -> usize {
        self.survived.len()
    }

    /// The longest that was survived; the shortest that fits and was not, where that is shorter: a clock is uneven there.
    pub fn at_least(&self) -> Option<Duration> {
        let longest = self.longest_survived()?;
        let shortest = self.fitting().map(|(gap, _)| *gap).min();
        Some(shortest.map_or(longest, |shortest| shortest.min(longest)))
    }

    fn longest_survived(&self) -> Option<Duration> {
        self.survived.iter().max().copied()
    }

    /// The second shortest that was not and fits; the shortest, while there is no other. A silence that was survived is proof; one
    /// that was not may have another reason, such as a table that ran over, and does not end the search by itself.
    pub fn at_most(&self) -> Option<Duration> {
        let mut fitting: Vec<Duration> = self.fitting().map(|(gap, _)| *gap).collect();
        fitting.sort_unstable();
        fitting.get(BEARS_OUT - 1).or(fitting.last()).copied()
    }

    /// Those not survived that fit: longer than any that was survived, and those nearly as long where more than one is.
    pub fn fitting(&self) -> impl Iterator<Item = &(Duration, Expiry)> {
        let floor = self.longest_survived().unwrap_or_default();
        let expired = || self.expired.iter();
        let near = expired().filter(|(gap, expiry)| *gap <= floor && self.fits(*gap, *expiry));
        let is_uneven = near.count() >= BEARS_OUT;
        expired().filter(move |(gap, expiry)| *gap > floor || is_uneven && self.fits(*gap, *expiry))
    }

    /// Whether a silence that was not survived is longer than any that was, or nearly as long: what the other side ends is as
    /// long as its clock had it, which goes by rounds or is late.
    pub fn fits(&self, gap: Duration, expiry: Expiry) -> bool {
        let floor = self.longest_survived().unwrap_or_default();
        gap > floor || is_at_once(expiry) && gap > floor.mul_f64(1.0 - NARROW)
    }

    /// How many were not survived, although a longer one was.
    pub fn do_not_fit(&self) -> usize {
        self.refuted + self.expired.len() - self.fitting().count()
    }

    /// Whether both ends are known and near enough to each other.
    pub fn is_narrow(&self) -> bool {
        let ends = self.at_least().zip(self.at_most());
        ends.is_some_and(|(least, most)| {
            (most - least).as_secs_f64() <= NARROW * most.as_secs_f64()
        })
    }

    /// Whether more than one silence bears out its upper end.
    pub fn is_borne_out(&self) -> bool {
        self.fitting().count() >= BEARS_OUT
    }

    /// Silences between both ends, at most so many, that make it as narrow as they can; none where it has no two ends.
    pub fn between(&self, most: usize) -> Vec<Duration> {
        match self.at_least().zip(self.at_most()) {
            Some((low, high)) if !self.is_narrow() => {
                let (low, high) = (low.as_secs_f64(), high.as_secs_f64());
                let needed = ((high / low).ln() / STEP.ln()).ceil() as usize;
                inner(low, high, needed.saturating_sub(1).clamp(1, most.max(1)))
            }
            _ => Vec::new(),
        }
    }
}

/// Whether it comes during the silence.
pub(crate) const fn is_at_once(expiry: Expiry) -> bool {
    matches!(expiry, Expiry::FinAtOnce | Expiry::ResetAtOnce)
}

/// So many lengths between these two, each by the same factor longer than the one before it.
fn inner(low: f64, high: f64, count: usize) -> Vec<Duration> {
    let factor = (high / low).powf(1.0 / (count as f64 + 1.0));
    let lengths = (1..=count).map(|step| low * factor.powi(step as i32));
    lengths.map(Duration::from_secs_f64).collect()
}

/// The silences that are tried first, the shortest first: both ends are among them.
pub(crate) fn ladder(from: Duration, up_to: Duration) -> Vec<Duration> {
    if from >= up_to {
        return vec![up_to];
    }
    let (low, high) = (from.as_secs_f64(), up_to.as_secs_f64());
    let steps = ((high / low).ln() / LADDER.ln()).ceil() as usize;
    let mut ladder = vec![from];
    ladder.extend(inner(low, high, steps.saturating_sub(1)));
    ladder.push(up_to);
    ladder
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_silences_reach_from_end_to_end_in_even_steps() {
        let gaps = ladder(s(1), s(900));
        assert_eq!((gaps.first(), gaps.last()), (Some(&s(1)), Some(&s(900))));
        assert!(gaps.len() < 20, "{gaps:?}");
        for pair in gaps.windows(2) {
            let factor = pair[1].as_secs_f64() / pair[0].as_secs_f64();
            assert!((1.3..=1.51).contains(&factor), "{gaps:?}");
        }
        assert_eq!(ladder(s(5), s(5)), [s(5)]);
    }

    #[test]
    fn a_longer_silence_that_was_survived_outweighs_a_shorter_one_that_was_not() {
        let mut bracket = Bracket::default();
        bracket.expired(s(10), Expiry::Drop);
        assert_eq!((bracket.at_least(), bracket.at_most()), (None, Some(s(10))));
        bracket.survived(s(20));
        bracket.expired(s(30), Expiry::Drop);
        assert_eq!(
            (bracket.at_least(), bracket.at_most()),
            (Some(s(20)), Some(s(30)))
        );
        assert_eq!(bracket.do_not_fit(), 1);
        assert!(!bracket.is_narrow() && !bracket.is_borne_out());
    }

    #[test]
    fn closings_a_little_before_what_was_survived_fit_where_there_is_more_than_one() {
        let mut bracket = Bracket::default();
        bracket.survived(s(100));
        // A table that ran over by chance then.
        bracket.expired(s(97), Expiry::FinAtOnce);
        assert_eq!(
            (bracket.at_least(), bracket.at_most()),
            (Some(s(100)), None)
        );
        bracket.expired(s(98), Expiry::FinAtOnce);
        assert_eq!(
            (bracket.at_least(), bracket.at_most()),
            (Some(s(97)), Some(s(98)))
        );
        assert!(bracket.is_narrow() && bracket.is_borne_out(), "{bracket:?}");
        // How long these lasted, whoever was silent chose.
        let mut bracket = Bracket::default();
        bracket.survived(s(100));
        for gap in [97, 98] {
            bracket.expired(s(gap), Expiry::Drop);
        }
        assert_eq!((bracket.at_most(), bracket.do_not_fit()), (None, 2));
    }

    #[test]
    fn one_alone_that_was_survived_refutes_what_ended_beside_others_and_nothing_later() {
        let ends = |bracket: &Bracket| (bracket.at_most(), bracket.do_not_fit());
        let mut bracket = Bracket::default();
        for gap in [97, 98, 130] {
            bracket.expired(s(gap), Expiry::FinAtOnce);
        }
        bracket.survived_alone(s(100));
        assert_eq!(ends(&bracket), (Some(s(130)), 2));
        for gap in [98, 99] {
            bracket.expired(s(gap), Expiry::FinAtOnce);
        }
        assert_eq!(ends(&bracket), (Some(s(99)), 2));
    }

    #[test]
    fn what_lies_between_makes_it_narrow_at_once_where_there_is_room() {
        let mut bracket = Bracket::default();
        bracket.survived(s(200));
        bracket.expired(s(300), Expiry::Drop);
        let between = bracket.between(40);
        assert!(between.len() < 20, "{between:?}");
        let late = Duration::from_millis(100);
        for gap in between {
            if gap < s(240) {
                bracket.survived(gap + late);
            } else {
                bracket.expired(gap + late, Expiry::Drop);
            }
        }
        assert!(bracket.is_narrow() && bracket.is_borne_out(), "{bracket:?}");
        assert!(bracket.between(20).is_empty());
        let mut wide = Bracket::default();
        wide.survived(s(1));
        wide.expired(s(100), Expiry::Drop);
        assert_eq!(wide.between(3).len(), 3);
    }
}
