//! How often something had which size: counts by bucket, with the sum.

/// Counts of values by bucket. A bucket takes what is above the bound before it and not above its own; a last one, without a
/// bound, takes the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    bounds: &'static [f64],
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// Without a value yet. The bounds rise.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
        }
    }

    /// Of what was counted elsewhere: how many in each bucket, and the sum of all. Counts that are missing are 0, and those
    /// beyond the last bucket are left out.
    pub fn counted(bounds: &'static [f64], counts: &[u64], sum: f64) -> Self {
        let mut histogram = Self::new(bounds);
        for (bucket, count) in histogram.counts.iter_mut().zip(counts) {
            *bucket = *count;
        }
        Self { sum, ..histogram }
    }

    /// Counts a value; what is no number, or below 0, counts as 0.
    pub fn add(&mut self, value: f64) {
        let value = value.max(0.0);
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum += value;
    }

    /// The upper bound of each bucket, and how many values are not above it; `None` for the last.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let sums = self.counts.iter().scan(0u64, |sum, count| {
            *sum = sum.saturating_add(*count);
            Some(*sum)
        });
        bounds.zip(sums)
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The sum of all values.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// As it was before the first value.
    pub fn emptied(&self) -> Self {
        Self::new(self.bounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_takes_what_is_not_above_it() {
        let mut histogram = Histogram::new(&[1.0, 2.0]);
        for value in [0.5, 1.0, 1.5, 2.0, 2.1, f64::INFINITY] {
            histogram.add(value);
        }
        let counts: Vec<_> = histogram.cumulative().collect();
        assert_eq!(counts, [(Some(1.0), 2), (Some(2.0), 4), (None, 6)]);
        assert_eq!(histogram.count(), 6);
        assert_eq!(histogram.emptied().count(), 0);
    }

    #[test]
    fn what_is_no_size_counts_as_none() {
        let mut histogram = Histogram::new(&[1.0]);
        histogram.add(f64::NAN);
        histogram.add(-3.0);
        assert_eq!((histogram.count(), histogram.sum()), (2, 0.0));
        assert_eq!(histogram.cumulative().next(), Some((Some(1.0), 2)));
    }

    #[test]
    fn counts_of_others_are_taken_as_they_are() {
        let histogram = Histogram::counted(&[1.0, 2.0], &[3, 1], 4.5);
        let counts: Vec<_> = histogram.cumulative().collect();
        assert_eq!(counts, [(Some(1.0), 3), (Some(2.0), 4), (None, 4)]);
        assert_eq!(histogram.sum(), 4.5);
    }
}
