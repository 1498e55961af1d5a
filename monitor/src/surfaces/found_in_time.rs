//! What was found in the last hours, by minutes: counts alone, kept in memory, so that whoever looks sees when it began.

use super::sink::Sink;
use monitor_model::finding::{Finding, FindingKind};
use monitor_model::path_state::{FoundInTime, FoundOften};
use monitor_model::time::Timestamp;
use std::collections::BTreeMap;
use std::io;

/// How long one count goes on, in ns.
const SLOT_NS: i64 = 300_000_000_000;

/// So many are kept: six hours, and 100 bytes for each kind that was found in one of them.
const SLOTS: i64 = 72;

/// What was found in the last hours.
#[derive(Debug, Default)]
pub struct FoundLately(BTreeMap<i64, BTreeMap<&'static str, u64>>);

impl FoundLately {
    /// The minutes in which something was found, the oldest first, as of `now`.
    pub fn slots(&self, now: Timestamp) -> Vec<FoundInTime> {
        let slots = self.0.range(Self::kept(now));
        slots.map(|(slot, found)| in_time(*slot, found)).collect()
    }

    /// The slots that are kept at this moment: a clock that is set leaves none behind for good.
    fn kept(now: Timestamp) -> std::ops::RangeInclusive<i64> {
        let last = now.unix_ns().div_euclid(SLOT_NS);
        last.saturating_sub(SLOTS - 1)..=last
    }

    fn count(&mut self, at: Timestamp, kind: FindingKind) {
        let kept = Self::kept(at);
        self.0.retain(|slot, _| kept.contains(slot));
        let counts = self.0.entry(*kept.end()).or_default();
        *counts.entry(kind.name()).or_default() += 1;
    }
}

fn in_time(slot: i64, found: &BTreeMap<&'static str, u64>) -> FoundInTime {
    let found = found.iter();
    FoundInTime {
        since: Timestamp::of(slot.saturating_mul(SLOT_NS)),
        seconds: SLOT_NS as f64 / 1e9,
        found: found
            .map(|(kind, count)| FoundOften {
                kind: (*kind).to_owned(),
                count: *count,
            })
            .collect(),
    }
}

impl Sink for FoundLately {
    fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.count(finding.time, finding.kind);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    fn told(lately: &FoundLately, now: &str) -> Vec<(String, u64)> {
        let slots = lately.slots(at(now)).into_iter();
        slots
            .flat_map(|slot| {
                let found = slot.found.into_iter();
                found.map(move |found| (format!("{} {}", slot.since, found.kind), found.count))
            })
            .collect()
    }

    #[test]
    fn what_was_found_is_told_by_five_minutes_and_for_six_hours() {
        let mut lately = FoundLately::default();
        for time in [
            "2026-01-31T12:01:00Z",
            "2026-01-31T12:04:59Z",
            "2026-01-31T12:05:00Z",
        ] {
            lately.count(at(time), FindingKind::Crossed);
        }
        let both = [
            ("2026-01-31T12:00:00.000Z crossed".to_owned(), 2),
            ("2026-01-31T12:05:00.000Z crossed".to_owned(), 1),
        ];
        assert_eq!(told(&lately, "2026-01-31T12:06:00Z"), both);
        assert_eq!(told(&lately, "2026-01-31T18:04:00Z"), both[1..]);
        assert_eq!(told(&lately, "2026-01-31T19:00:00Z"), []);
    }

    #[test]
    fn a_clock_that_is_set_back_leaves_nothing_of_the_future_behind() {
        let mut lately = FoundLately::default();
        lately.count(at("2026-01-31T13:00:00Z"), FindingKind::Crossed);
        lately.count(at("2026-01-31T12:00:00Z"), FindingKind::AtRisk);
        let told = told(&lately, "2026-01-31T13:30:00Z");
        assert_eq!(told, [("2026-01-31T12:00:00.000Z at_risk".to_owned(), 1)]);
    }
}
