//! What was found on each path.

use crate::owners::{ByName, Counts};
use monitor_model::finding::{Finding, FindingKind, Outcome};
use monitor_model::gaps::{GapLength, GapSummary};
use monitor_model::owner::Owner;
use monitor_model::report::{Advised, Found, OTHER, OwnerReport, PathReport};
use std::collections::BTreeMap;

/// Paths that are followed at once: as many as a configuration may hold.
const MOST: usize = 256;

/// Paths that a report shows.
const SHOWN: usize = 24;

/// Owners that it shows of each.
const OWNERS: usize = 5;

/// Pieces of advice that are told apart on a path, and shown.
const ADVICE: usize = 64;
const ADVICE_SHOWN: usize = 3;

/// Bounds of lengths that are told apart: the kernel side has fewer.
const LENGTHS: usize = 64;

/// The paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths(BTreeMap<String, OnPath>);

#[derive(Clone, Debug, Default)]
struct OnPath {
    timeout: Option<f64>,
    gaps: u64,
    gap_seconds: f64,
    /// By the bound's bits, which are in order for what is not negative.
    lengths: BTreeMap<u64, u64>,
    findings: u64,
    survived: u64,
    failed: u64,
    longest_survived: Option<f64>,
    shortest_failed: Option<f64>,
    found: BTreeMap<&'static str, u64>,
    owners: ByName,
    advice: BTreeMap<(String, Option<String>), u64>,
}

/// What an outcome says of the silence before it: `Some(true)` where it was survived.
fn survived(finding: &Finding) -> Option<bool> {
    let FindingKind::Outcome { outcome } = finding.kind else {
        return None;
    };
    match outcome {
        Outcome::Survived => Some(true),
        // Where others fail too the silence is not why.
        _ if finding.scope.is_some() => None,
        Outcome::Reset | Outcome::Blackholed | Outcome::Closed | Outcome::Undelivered => {
            Some(false)
        }
        // Counted as blackholed before; and of an ACK alone nobody knows.
        Outcome::Recovered | Outcome::Acknowledged => None,
    }
}

/// Who has it, as alerts say it.
fn owner(owner: &Owner) -> &str {
    owner.name().unwrap_or("unknown")
}

impl Paths {
    pub(crate) fn finding(&mut self, finding: &Finding) {
        let path = self.of(finding.path.as_deref().unwrap_or("none"));
        path.findings += 1;
        if finding.timeout_seconds.is_some() {
            path.timeout = finding.timeout_seconds;
        }
        let seconds = finding.gap_seconds;
        let mut failed = 0;
        match survived(finding) {
            Some(true) => {
                path.survived += 1;
                let longest = path.longest_survived.get_or_insert(seconds);
                *longest = longest.max(seconds);
            }
            Some(false) => {
                failed = 1;
                path.failed += 1;
                let shortest = path.shortest_failed.get_or_insert(seconds);
                *shortest = shortest.min(seconds);
            }
            None => {}
        }
        *path.found.entry(finding.kind.name()).or_default() += 1;
        let counts = Counts {
            failed,
            findings: 1,
        };
        path.owners.add(owner(&finding.owner), counts);
        if let Some(advice) = &finding.advice {
            path.advise(advice, finding.settings.as_deref(), 1);
        }
    }

    pub(crate) fn gaps(&mut self, summary: &GapSummary) {
        let path = self.of(&summary.path);
        path.gaps += summary.count;
        if summary.seconds.is_finite() {
            path.gap_seconds += summary.seconds.max(0.0);
        }
        for length in &summary.lengths {
            let bound = length.up_to.unwrap_or(f64::INFINITY).max(0.0).to_bits();
            path.length(bound, length.count);
        }
    }

    /// The path of this name. Where there are too many, those with least go together.
    fn of(&mut self, name: &str) -> &mut OnPath {
        if self.0.len() >= MOST && !self.0.contains_key(name) {
            let mut ranked = self.ranked();
            let least: Vec<String> = ranked.split_off(MOST / 2);
            let mut other = self.0.remove(OTHER).unwrap_or_default();
            for name in least {
                if let Some(path) = self.0.remove(&name) {
                    other.merge(path);
                }
            }
            self.0.insert(OTHER.to_owned(), other);
        }
        self.0.entry(name.to_owned()).or_default()
    }

    /// Names, the worst first, without `~other`.
    fn ranked(&self) -> Vec<String> {
        let known = self.0.iter().filter(|(name, _)| *name != OTHER);
        let mut all: Vec<(&String, &OnPath)> = known.collect();
        all.sort_by(|(one_name, one), (other_name, other)| {
            let rank = |path: &OnPath| (path.failed, path.findings, path.gaps);
            (rank(other), one_name).cmp(&(rank(one), other_name))
        });
        all.into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// As a report has them.
    pub(crate) fn reported(mut self) -> Vec<PathReport> {
        let mut other = self.0.remove(OTHER).unwrap_or_default();
        let mut shown = Vec::new();
        for name in self.ranked() {
            let Some(path) = self.0.remove(&name) else {
                continue;
            };
            if shown.len() < SHOWN {
                shown.push(path.reported(name));
            } else {
                other.merge(path);
            }
        }
        if other.findings + other.gaps > 0 {
            shown.push(other.reported(OTHER.to_owned()));
        }
        shown
    }
}

impl OnPath {
    fn advise(&mut self, advice: &str, settings: Option<&str>, count: u64) {
        let key = (advice.to_owned(), settings.map(str::to_owned));
        if self.advice.len() < ADVICE || self.advice.contains_key(&key) {
            *self.advice.entry(key).or_default() += count;
        }
    }

    fn length(&mut self, bound: u64, count: u64) {
        let known = self.lengths.len() < LENGTHS || self.lengths.contains_key(&bound);
        let bound = if known {
            bound
        } else {
            f64::INFINITY.to_bits()
        };
        *self.lengths.entry(bound).or_default() += count;
    }

    /// Adds what was counted of another path. They have no timeout in common, so nothing is held against one.
    fn merge(&mut self, path: Self) {
        self.gaps += path.gaps;
        self.gap_seconds += path.gap_seconds;
        for (bound, count) in path.lengths {
            self.length(bound, count);
        }
        self.findings += path.findings;
        self.survived += path.survived;
        self.failed += path.failed;
        for (name, count) in path.found {
            *self.found.entry(name).or_default() += count;
        }
        self.owners.merge(path.owners);
        for ((advice, settings), count) in path.advice {
            self.advise(&advice, settings.as_deref(), count);
        }
    }

    fn reported(self, path: String) -> PathReport {
        let mut found: Vec<Found> = self
            .found
            .into_iter()
            .map(|(name, count)| Found {
                name: name.to_owned(),
                count,
            })
            .collect();
        found.sort_by(|one, other| (other.count, &one.name).cmp(&(one.count, &other.name)));
        let mut advice: Vec<Advised> = self
            .advice
            .into_iter()
            .map(|((advice, settings), count)| Advised {
                advice,
                settings,
                count,
            })
            .collect();
        advice.sort_by(|one, other| (other.count, &one.advice).cmp(&(one.count, &other.advice)));
        advice.truncate(ADVICE_SHOWN);
        let owners = self.owners.worst(OWNERS).into_iter();
        PathReport {
            path,
            timeout_seconds: self.timeout,
            gaps: self.gaps,
            gap_seconds: self.gap_seconds,
            lengths: self
                .lengths
                .into_iter()
                .map(|(bound, count)| (f64::from_bits(bound), count))
                .map(|(bound, count)| GapLength {
                    up_to: bound.is_finite().then_some(bound),
                    count,
                })
                .collect(),
            findings: self.findings,
            survived: self.survived,
            failed: self.failed,
            longest_survived_seconds: self.longest_survived,
            shortest_failed_seconds: self.shortest_failed,
            found,
            owners: owners
                .map(|(owner, counts)| OwnerReport {
                    owner,
                    failed: counts.failed,
                    findings: counts.findings,
                })
                .collect(),
            advice,
        }
    }
}
