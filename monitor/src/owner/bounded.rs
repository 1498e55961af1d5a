//! A map that forgets rather than grow.

use std::collections::HashMap;
use std::hash::Hash;

/// A map that forgets everything when it is full. What is lost is looked up
/// again at little cost, so no order of use is kept.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: HashMap<K, V>,
    most: usize,
    evicted: u64,
}

impl<K: Eq + Hash, V> Bounded<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            entries: HashMap::new(),
            most,
            evicted: 0,
        }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.entries.len() >= self.most && !self.entries.contains_key(&key) {
            self.evicted += self.entries.len() as u64;
            self.entries.clear();
        }
        self.entries.insert(key, value);
    }

    /// Entries forgotten so far because the map was full.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_forgets_and_counts_what_it_forgot() {
        let mut map = Bounded::new(2);
        map.insert(1, 'a');
        map.insert(2, 'b');
        map.insert(2, 'c');
        assert_eq!(
            (map.entries.len(), map.evicted(), map.get(&2)),
            (2, 0, Some(&'c'))
        );
        map.insert(3, 'd');
        assert_eq!(
            (map.entries.len(), map.evicted(), map.get(&1)),
            (1, 2, None)
        );
    }
}
