//! Series that come one by one: each is shown as 0 for a while.
//!
//! `rate()` and `increase()` count what a series grows by, from the first value that they see: of a series that begins with
//! its first event they would never see that event.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So long: who scrapes each minute has seen the 0 by then.
const NEW: Duration = Duration::from_secs(70);

/// Values by the labels of their series.
#[derive(Debug)]
pub(super) struct NewSeries<K, V>(BTreeMap<K, Entry<V>>);

#[derive(Debug)]
struct Entry<V> {
    value: V,
    /// When it was about to be shown first.
    since: Option<Instant>,
    /// Whether it is new no more.
    known: bool,
}

impl<K, V> Default for NewSeries<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, V> NewSeries<K, V> {
    /// The value of this series, which `begin` makes where there is none.
    pub(super) fn entry(&mut self, key: K, begin: impl FnOnce() -> V) -> &mut V {
        let entry = self.0.entry(key).or_insert_with(|| Entry {
            value: begin(),
            since: None,
            known: false,
        });
        &mut entry.value
    }

    /// The series are these from now on, those that were there before with the age that they have.
    pub(super) fn replace(&mut self, all: impl IntoIterator<Item = (K, V)>) {
        let mut before = std::mem::take(&mut self.0);
        let entries = all.into_iter().map(|(key, value)| {
            let (since, known) = before
                .remove(&key)
                .map_or((None, false), |entry| (entry.since, entry.known));
            let entry = Entry {
                value,
                since,
                known,
            };
            (key, entry)
        });
        self.0 = entries.collect();
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    pub(super) fn retain(&mut self, wanted: impl Fn(&K) -> bool) {
        self.0.retain(|key, _| wanted(key));
    }

    /// Time has come to `now`, and the series are about to be shown.
    pub(super) fn about_to_show(&mut self, now: Instant) {
        for entry in self.0.values_mut() {
            let since = *entry.since.get_or_insert(now);
            entry.known |= now.saturating_duration_since(since) >= NEW;
        }
    }

    /// Each series with its value, or what `emptied` makes of that while it is new.
    pub(super) fn shown(&self, emptied: impl Fn(&V) -> V) -> impl Iterator<Item = (&K, V)>
    where
        V: Clone,
    {
        self.0.iter().map(move |(key, entry)| {
            let value = if entry.known {
                entry.value.clone()
            } else {
                emptied(&entry.value)
            };
            (key, value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_series_is_0_until_who_scrapes_each_minute_has_seen_it() {
        let mut series = NewSeries::default();
        let start = Instant::now();
        *series.entry("a", || 0) += 1;
        let shown = |series: &NewSeries<_, _>| -> Vec<_> {
            series
                .shown(|_| 0)
                .map(|(key, value)| (*key, value))
                .collect()
        };
        assert_eq!(shown(&series), [("a", 0)]);
        // Its age counts from when somebody looks.
        let looked = start + NEW * 10;
        series.about_to_show(looked);
        assert_eq!(shown(&series), [("a", 0)]);
        *series.entry("a", || 0) += 1;
        *series.entry("b", || 0) += 5;
        series.about_to_show(looked + Duration::from_secs(60));
        assert_eq!(shown(&series), [("a", 0), ("b", 0)]);
        series.about_to_show(looked + NEW);
        assert_eq!(shown(&series), [("a", 2), ("b", 0)]);
        series.about_to_show(looked);
        assert_eq!(shown(&series), [("a", 2), ("b", 0)], "it stays known");
    }
}
