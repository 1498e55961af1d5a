//! Findings by the workload that holds the connection: as many names as are allowed, and the rest as one.

use super::new_series::NewSeries;
use monitor_model::finding::{Finding, FindingClass};
use monitor_model::owner::Owner;
use monitor_model::workload::workload;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The workload of all that are not named. None has a name that begins so.
const OTHER: &str = "~other";

/// Series of named workloads for each of them, on the average, at most: a few outcomes on a few paths.
const SERIES_EACH: usize = 8;

/// A workload without a finding for so long gives way to a new one where there is no room: so many names as there is room
/// for come new in a day, at most.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// One user's, or one container's, share of the names: a process can call itself anything.
const SHARE: usize = 8;

/// What is counted by workload, and how many are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByWorkload {
    /// The kinds of findings.
    pub kinds: Vec<FindingClass>,
    /// Workloads that have a name in the metrics, at most.
    pub most: usize,
}

/// Why findings are counted under `~other`, and how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unnamed {
    pub(super) too_many_workloads: u64,
    pub(super) too_many_of_one_owner: u64,
    pub(super) too_many_series: u64,
}

/// Findings by workload.
#[derive(Debug, Default)]
pub(super) struct Workloads {
    kinds: Vec<FindingClass>,
    most: usize,
    names: HashMap<String, Named>,
    series: NewSeries<Labels, u64>,
    named_series: usize,
    unnamed: Unnamed,
}

/// The values of a series' labels, but the workload: finding, kind, path, severity. All from lists of the program's or the
/// configuration's.
type What = [String; 4];
type Labels = (What, String);

#[derive(Debug)]
struct Named {
    /// Whose share it takes.
    holder: Option<String>,
    /// Of its last finding.
    seen: Instant,
}

impl Workloads {
    /// What is counted from now on, and how many are named; names beyond that stay until they are forgotten.
    pub(super) fn set(&mut self, by: ByWorkload) {
        self.most = by.most;
        self.kinds = by.kinds;
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        self.keep(|([_, kind, ..], _)| kinds.contains(&kind.as_str()));
        if self.kinds.is_empty() {
            self.names.clear();
        }
    }

    /// Takes those of other paths away.
    pub(super) fn keep_paths(&mut self, wanted: impl Fn(&str) -> bool) {
        self.keep(|([_, _, path, _], _)| wanted(path));
    }

    pub(super) fn count(&mut self, finding: &Finding, path: &str) {
        self.count_at(finding, path, Instant::now());
    }

    fn count_at(&mut self, finding: &Finding, path: &str, now: Instant) {
        let kind = finding.kind.class();
        if !self.kinds.contains(&kind) {
            return;
        }
        let what = [
            finding.kind.name(),
            kind.name(),
            path,
            finding.severity.name(),
        ];
        let what = what.map(str::to_owned);
        let name = workload(&finding.owner);
        let named = self.admits(&name, &finding.owner, now);
        let labels = (what, if named { name } else { OTHER.to_owned() });
        let labels = self.with_room(labels);
        *self.series.entry(labels, || 0) += 1;
    }

    /// Time has come to `now`, and the series are about to be shown.
    pub(super) fn about_to_show(&mut self, now: Instant) {
        self.series.about_to_show(now);
    }

    /// The values of the labels finding, kind, path, severity and workload, and how many.
    pub(super) fn shown(&self) -> impl Iterator<Item = (Vec<String>, u64)> {
        self.series.shown(|_| 0).map(|((what, workload), count)| {
            let labels = what.iter().chain([workload]).cloned().collect();
            (labels, count)
        })
    }

    pub(super) fn named(&self) -> usize {
        self.names.len()
    }

    pub(super) fn unnamed(&self) -> Unnamed {
        self.unnamed
    }

    /// Whether this workload has a name, or gets one.
    fn admits(&mut self, name: &str, owner: &Owner, now: Instant) -> bool {
        if let Some(known) = self.names.get_mut(name) {
            known.seen = now;
            return true;
        }
        let holder = holder(owner);
        if let Some(holder) = &holder {
            let of_it = |named: &&Named| named.holder.as_ref() == Some(holder);
            let share = self.most.div_ceil(SHARE);
            if self.names.values().filter(of_it).count() >= share {
                self.unnamed.too_many_of_one_owner += 1;
                return false;
            }
        }
        if self.names.len() >= self.most && !self.forgets_one(now) {
            self.unnamed.too_many_workloads += 1;
            return false;
        }
        self.names
            .insert(name.to_owned(), Named { holder, seen: now });
        true
    }

    /// Makes room for one more name; answers whether there is any.
    fn forgets_one(&mut self, now: Instant) -> bool {
        let old = |seen: Instant| now.saturating_duration_since(seen) >= FORGOTTEN;
        let oldest = self.names.iter().min_by_key(|(_, named)| named.seen);
        let Some((name, _)) = oldest.filter(|(_, named)| old(named.seen)) else {
            return false;
        };
        let name = name.clone();
        self.names.remove(&name);
        self.keep(|(_, workload)| *workload != name);
        self.names.len() < self.most
    }

    /// The series of `labels`, or that of the rest where it is new and there is no room for it.
    fn with_room(&mut self, labels: Labels) -> Labels {
        if labels.1 == OTHER || self.series.contains(&labels) {
            return labels;
        }
        if self.named_series >= self.most.saturating_mul(SERIES_EACH) {
            self.unnamed.too_many_series += 1;
            return (labels.0, OTHER.to_owned());
        }
        self.named_series += 1;
        labels
    }

    fn keep(&mut self, wanted: impl Fn(&Labels) -> bool) {
        self.series.retain(wanted);
        let named = |(_, workload): &&Labels| workload != OTHER;
        self.named_series = self.series.keys().filter(named).count();
    }
}

/// Whose share of the names a workload takes; `None` for what root started outside of containers.
fn holder(owner: &Owner) -> Option<String> {
    let user = || owner.uid.filter(|uid| *uid != 0);
    let container = owner.container.clone();
    container.or_else(|| user().map(|uid| format!("uid {uid}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::blackholed;

    fn of(comm: &str) -> Finding {
        let owner = Owner {
            comm: Some(comm.to_owned()),
            ..Owner::default()
        };
        Finding {
            owner,
            ..blackholed()
        }
    }

    fn named(workloads: &Workloads) -> Vec<&String> {
        let mut names: Vec<_> = workloads.names.keys().collect();
        names.sort();
        names
    }

    #[test]
    fn a_name_that_nobody_had_for_a_day_gives_way() {
        let mut workloads = Workloads::default();
        workloads.set(ByWorkload {
            kinds: vec![FindingClass::Outcome],
            most: 2,
        });
        let start = Instant::now();
        workloads.count_at(&of("a"), "nat", start);
        workloads.count_at(&of("b"), "nat", start + FORGOTTEN / 2);
        workloads.count_at(&of("c"), "nat", start + FORGOTTEN / 2);
        assert_eq!(named(&workloads), ["a", "b"]);
        assert_eq!(workloads.unnamed().too_many_workloads, 1);
        workloads.count_at(&of("c"), "nat", start + FORGOTTEN);
        assert_eq!(named(&workloads), ["b", "c"]);
        let series = workloads.shown().map(|(labels, _)| labels[4].clone());
        assert_eq!(series.collect::<Vec<_>>(), ["b", "c", OTHER]);
        workloads.count_at(&of("d"), "nat", start + FORGOTTEN);
        assert_eq!(named(&workloads), ["b", "c"], "both were there of late");
    }

    #[test]
    fn series_have_a_bound_of_their_own() {
        let mut workloads = Workloads::default();
        workloads.set(ByWorkload {
            kinds: vec![FindingClass::Outcome],
            most: 1,
        });
        for path in 0..100 {
            workloads.count(&of("a"), &format!("path {path}"));
        }
        let named = workloads.shown().filter(|(labels, _)| labels[4] == "a");
        assert_eq!(named.count(), SERIES_EACH);
        let refused = workloads.unnamed().too_many_series;
        assert_eq!(refused, 100 - SERIES_EACH as u64);
    }
}
