//! How long the gaps of each path were, told once an hour: what the kernel side counts anyway, less what it had counted
//! before.

use monitor_common::{GAP_BOUNDS_MS, GapHistogram};
use monitor_kernel::Reading;
use monitor_model::gaps::{GapLength, GapSummary};
use monitor_model::time::Timestamp;
use std::collections::BTreeMap;

/// How often, in ns.
const EVERY_NS: u64 = 3_600_000_000_000;

/// What was told last.
#[derive(Debug)]
pub(super) struct GapSummaries {
    told_at: Reading,
    /// What the kernel side had counted then, by path; `None` for connections without one.
    told: BTreeMap<Option<String>, GapHistogram>,
}

impl GapSummaries {
    /// From now on.
    pub(super) fn new(now: Reading) -> Self {
        Self {
            told_at: now,
            told: BTreeMap::new(),
        }
    }

    /// Whether it is time.
    pub(super) fn are_due(&self, now: &Reading) -> bool {
        now.boot_ns.saturating_sub(self.told_at.boot_ns) >= EVERY_NS
    }

    /// What is to be told now of these histograms, by path. Paths without a gap are left out.
    pub(super) fn of(
        &mut self,
        counted: impl IntoIterator<Item = (Option<String>, GapHistogram)>,
        now: Reading,
    ) -> Vec<GapSummary> {
        let [since, time] = [&self.told_at, &now].map(|at| Timestamp::of(at.wall_unix_ns));
        let mut told = BTreeMap::new();
        let mut summaries = Vec::new();
        for (path, counted) in counted {
            let before = self.told.get(&path).copied().unwrap_or_default();
            let new = since_then(&counted, &before);
            let lengths: Vec<GapLength> = lengths(&new);
            if !lengths.is_empty() {
                summaries.push(GapSummary {
                    time,
                    since,
                    path: path.clone().unwrap_or_else(|| "none".to_owned()),
                    count: lengths.iter().map(|length| length.count).sum(),
                    seconds: new.sum_ms as f64 / 1_000.0,
                    lengths,
                });
            }
            told.insert(path, counted);
        }
        self.told = told;
        self.told_at = now;
        summaries
    }
}

/// What was counted since `before`. Counters that are lower than before began anew: the paths were loaded again.
fn since_then(now: &GapHistogram, before: &GapHistogram) -> GapHistogram {
    let pairs = now.buckets.iter().zip(&before.buckets);
    let anew = now.sum_ms < before.sum_ms || pairs.clone().any(|(now, before)| now < before);
    if anew {
        return *now;
    }
    let mut new = GapHistogram {
        sum_ms: now.sum_ms - before.sum_ms,
        ..GapHistogram::default()
    };
    for (bucket, (now, before)) in new.buckets.iter_mut().zip(pairs) {
        *bucket = now - before;
    }
    new
}

/// The buckets that hold something.
fn lengths(gaps: &GapHistogram) -> Vec<GapLength> {
    let bounds = GAP_BOUNDS_MS.iter().map(|ms| Some(*ms as f64 / 1000.0));
    // The last bucket has no upper bound.
    let buckets = bounds.chain([None]).zip(gaps.buckets);
    let filled = buckets.filter(|(_, count)| *count > 0);
    filled
        .map(|(up_to, count)| GapLength { up_to, count })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use monitor_common::GAP_BUCKETS;

    fn at(hour: u64) -> Reading {
        Reading {
            monotonic_ns: hour * EVERY_NS,
            boot_ns: hour * EVERY_NS,
            wall_unix_ns: 1_800_000_000_000_000_000 + (hour * EVERY_NS) as i64,
        }
    }

    fn gaps(counts: &[(usize, u64)], sum_ms: u64) -> GapHistogram {
        let mut gaps = GapHistogram {
            sum_ms,
            ..GapHistogram::default()
        };
        for (bucket, count) in counts {
            gaps.buckets[*bucket] = *count;
        }
        gaps
    }

    #[test]
    fn each_hour_has_its_own_and_a_quiet_path_none() {
        let mut summaries = GapSummaries::new(at(0));
        assert!(!summaries.are_due(&at(0)) && summaries.are_due(&at(1)));
        let last = GAP_BUCKETS - 1;
        let counted = |nat, none| [(Some("nat".to_owned()), nat), (None, none)];
        let told = summaries.of(
            counted(gaps(&[(0, 2), (last, 1)], 5_500), gaps(&[], 0)),
            at(1),
        );
        let length = |up_to, count| GapLength { up_to, count };
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].path.as_str(), told[0].count, told[0].seconds),
            ("nat", 3, 5.5)
        );
        assert_eq!(told[0].lengths, [length(Some(2.0), 2), length(None, 1)]);
        assert_eq!(
            [told[0].since, told[0].time],
            [at(0), at(1)].map(|at| Timestamp::of(at.wall_unix_ns))
        );
        let told = summaries.of(
            counted(gaps(&[(0, 2), (last, 1)], 5_500), gaps(&[(1, 1)], 3_000)),
            at(2),
        );
        assert_eq!(
            (told.len(), told[0].path.as_str(), told[0].count),
            (1, "none", 1)
        );
        // The paths were loaded again, and the kernel side counts from nothing.
        let told = summaries.of(
            counted(gaps(&[(0, 1)], 1_500), gaps(&[(1, 1)], 3_000)),
            at(3),
        );
        assert_eq!(
            (told.len(), told[0].path.as_str(), told[0].count),
            (1, "nat", 1)
        );
    }
}
