//! What `top` takes of a daemon's metrics: what it costs, what it dropped, and the gaps of its paths.

use monitor_model::gaps::{GapLength, GapSummary};
use monitor_model::time::Timestamp;
use monitor_tui::source::PathSheet;
use std::collections::BTreeMap;

/// So many series are read; a daemon of thousands of paths has more, of which the first are as good as any.
const MOST: usize = 100_000;

/// Series that are of use, by name and labels.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    sums: BTreeMap<String, f64>,
    timeouts: BTreeMap<String, f64>,
    /// Of each path: upper bound, and how many gaps are not above it. The last has no bound.
    gaps: BTreeMap<String, Vec<(Option<f64>, u64)>>,
    seconds: BTreeMap<String, f64>,
    taken: usize,
}

impl Numbers {
    /// Takes a line in Prometheus' text format.
    pub(super) fn take(&mut self, line: &str) {
        if line.starts_with('#') || self.taken >= MOST {
            return;
        }
        let Some((series, value)) = line.rsplit_once(' ') else {
            return;
        };
        let Ok(value) = value.parse::<f64>() else {
            return;
        };
        self.taken += 1;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let path = || label(labels, "path");
        match name {
            "tcplull_gap_seconds_bucket" => {
                let bound = label(labels, "le").and_then(|le| le.parse().ok());
                let bound = bound.filter(|bound: &f64| bound.is_finite());
                if let Some(path) = path() {
                    // Counts of a daemon, far below 2^53.
                    let counts = self.gaps.entry(path).or_default();
                    counts.push((bound, value.max(0.0) as u64));
                }
            }
            "tcplull_gap_seconds_sum" => {
                self.seconds.extend(path().map(|path| (path, value)));
            }
            // Daemons of before had no other bound, and no label for it.
            "tcplull_path_timeout_seconds"
                if matches!(label(labels, "bound").as_deref(), None | Some("stated")) =>
            {
                self.timeouts.extend(path().map(|path| (path, value)));
            }
            _ if name.starts_with("tcplull_cpu_") || name.ends_with("_dropped_total") => {
                *self.sums.entry(name.to_owned()).or_default() += value;
            }
            _ => {}
        }
    }

    /// Sum over all labels of a metric; `None` where the daemon does not have it.
    pub(super) fn sum(&self, name: &str) -> Option<f64> {
        self.sums.get(name).copied()
    }

    /// What was dropped, in words.
    pub(super) fn dropped(&self) -> Vec<(String, String)> {
        let sums = self.sums.iter();
        let dropped = sums.filter_map(|(name, sum)| {
            let name = name
                .strip_prefix("tcplull_")?
                .strip_suffix("_dropped_total")?;
            (*sum > 0.0).then(|| (name.replace('_', " "), format!("{sum}")))
        });
        dropped.collect()
    }

    /// The paths, with the gaps since the daemon began.
    pub(super) fn paths(&self, since: Timestamp, now: Timestamp) -> Vec<PathSheet> {
        let timeouts = self.timeouts.iter();
        let paths = timeouts.map(|(path, timeout)| PathSheet {
            name: path.clone(),
            timeout_seconds: Some(*timeout),
            clock: None,
            gaps: self.gaps.get(path).map(|counts| GapSummary {
                time: now,
                since,
                path: path.clone(),
                count: counts.last().map_or(0, |(_, count)| *count),
                seconds: self.seconds.get(path).copied().unwrap_or_default(),
                lengths: lengths(counts),
            }),
        });
        paths.collect()
    }
}

/// Counts by bucket, of counts up to each bound; buckets without any are left out.
fn lengths(counts: &[(Option<f64>, u64)]) -> Vec<GapLength> {
    let before = [0]
        .into_iter()
        .chain(counts.iter().map(|(_, count)| *count));
    let lengths = counts
        .iter()
        .zip(before)
        .map(|((up_to, count), before)| GapLength {
            up_to: *up_to,
            count: count.saturating_sub(before),
        });
    lengths.filter(|length| length.count > 0).collect()
}

/// The value of a label, as it was before it was escaped.
fn label(labels: &str, name: &str) -> Option<String> {
    let mut rest = labels;
    loop {
        let (key, behind) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut letters = behind.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => match letters.next()? {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                other => value.push(other),
            }
        }
        if key == name {
            return Some(value);
        }
        rest = letters.as_str().strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_counted_by_length_and_names_are_as_they_were() {
        let mut numbers = Numbers::default();
        for line in [
            "# HELP tcplull_gap_seconds x",
            "tcplull_path_timeout_seconds{bound=\"most\",path=\"a\\\"b\"} 120",
            "tcplull_path_timeout_seconds{bound=\"stated\",path=\"a\\\"b\"} 350",
            "tcplull_gap_seconds_bucket{path=\"a\\\"b\",le=\"60\"} 3",
            "tcplull_gap_seconds_bucket{path=\"a\\\"b\",le=\"240\"} 3",
            "tcplull_gap_seconds_bucket{path=\"a\\\"b\",le=\"+Inf\"} 5",
            "tcplull_gap_seconds_sum{path=\"a\\\"b\"} 1000",
            "tcplull_facts_dropped_total{reason=\"ring\"} 2",
            "tcplull_facts_dropped_total{reason=\"budget\"} 1",
            "no number at all",
            "tcplull_gap_seconds_bucket{path=\"torn",
        ] {
            numbers.take(line);
        }
        let time = Timestamp::of(0);
        let [path] = &numbers.paths(time, time)[..] else {
            panic!("one path");
        };
        assert_eq!(path.name, "a\"b");
        let gaps = path.gaps.as_ref().unwrap();
        assert_eq!(gaps.count, 5);
        let lengths: Vec<_> = gaps
            .lengths
            .iter()
            .map(|length| (length.up_to, length.count))
            .collect();
        assert_eq!(lengths, [(Some(60.0), 3), (None, 2)]);
        assert_eq!(numbers.dropped(), [("facts".to_owned(), "3".to_owned())]);
    }
}
