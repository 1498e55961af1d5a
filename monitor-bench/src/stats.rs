//! Median and spread of a repeated measurement.

use serde::{Deserialize, Serialize};

/// What a measurement that was repeated came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How often it was taken.
    pub count: usize,
    /// Half of the measurements are below.
    pub median: f64,
    /// A quarter is below.
    pub lower: f64,
    /// A quarter is above.
    pub upper: f64,
    /// The true median lies between this and [`Self::median_high`] with 95 % certainty.
    pub median_low: f64,
    /// See [`Self::median_low`].
    pub median_high: f64,
}

impl Summary {
    /// Of these measurements, in any order; `None` of none.
    pub fn of(measurements: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = measurements.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let (low, high) = interval(count)?;
        Some(Self {
            count,
            median: quantile(&sorted, 0.5)?,
            lower: quantile(&sorted, 0.25)?,
            upper: quantile(&sorted, 0.75)?,
            median_low: *sorted.get(low)?,
            median_high: *sorted.get(high)?,
        })
    }

    /// Median and quartiles, with so many digits behind the point.
    pub fn show(&self, digits: usize) -> String {
        format!(
            "{:.digits$} ({:.digits$} to {:.digits$})",
            self.median, self.lower, self.upper
        )
    }
}

/// What [`Summary::show`] shows, or a dash where nothing was measured.
pub fn shown(summary: Option<Summary>, digits: usize) -> String {
    summary.map_or("–".to_owned(), |summary| summary.show(digits))
}

/// By linear interpolation between the two measurements next to it.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = share * last as f64;
    let below = sorted.get(at.floor() as usize)?;
    let above = sorted.get(at.ceil() as usize)?;
    Some(below + (above - below) * at.fract())
}

/// Indexes of the measurements between which the true median lies with 95 % certainty, whatever their distribution:
/// how many fall below it is binomial, and 1.96 standard deviations of `sqrt(n) / 2` each side hold 95 % of that.
fn interval(count: usize) -> Option<(usize, usize)> {
    let last = count.checked_sub(1)?;
    let n = count as f64;
    let rank = ((n - 1.96 * n.sqrt()) / 2.0).round().max(1.0) as usize;
    let low = (rank - 1).min(last / 2);
    Some((low, last - low))
}

/// Each `between` of a series `A B A B A` against the mean of its two neighbours, as a ratio. What changes slowly
/// (another program, the machine's clock) touches all three alike.
pub fn against_neighbours(base: &[f64], between: &[f64]) -> Vec<f64> {
    base.windows(2)
        .zip(between)
        .map(|(neighbours, between)| between / (neighbours.iter().sum::<f64>() / 2.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_quartiles_of_known_measurements() {
        let summary = Summary::of([5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        assert_eq!(
            (summary.lower, summary.median, summary.upper),
            (2.0, 3.0, 4.0)
        );
        let even = Summary::of([1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(even.median, 2.5);
        assert_eq!(Summary::of([]), None);
    }

    #[test]
    fn one_measurement_is_its_own_interval() {
        let summary = Summary::of([7.0]).unwrap();
        assert_eq!((summary.median_low, summary.median_high), (7.0, 7.0));
    }

    #[test]
    fn the_interval_of_the_median_narrows_with_the_count() {
        // Tables of order statistics have the 40th and the 61st of 100.
        let summary = Summary::of((1..=100).map(f64::from)).unwrap();
        assert_eq!((summary.median_low, summary.median_high), (40.0, 61.0));
        let few = Summary::of((1..=10).map(f64::from)).unwrap();
        assert_eq!((few.median_low, few.median_high), (2.0, 9.0));
    }

    #[test]
    fn a_slow_drift_is_no_effect() {
        let base = [100.0, 110.0, 120.0];
        assert_eq!(against_neighbours(&base, &[105.0, 115.0]), [1.0, 1.0]);
        assert_eq!(against_neighbours(&base, &[210.0]), [2.0]);
    }

    #[test]
    fn a_summary_is_shown_with_its_spread() {
        let summary = Summary::of([1.0, 2.0, 3.0]).unwrap();
        assert_eq!(summary.show(1), "2.0 (1.5 to 2.5)");
    }
}
