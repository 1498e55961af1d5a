//! A map that forgets rather than grow: what nobody has asked for in a while, and, where there is too much, what was asked for
//! longest ago.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// What was not asked for in so long, and up to twice that, is forgotten.
const HOLD: Duration = Duration::from_secs(300);

/// A map of two generations: what is asked for is in the younger one, and the older one goes as a whole. What is lost is
/// looked up again at little cost.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    most: usize,
    evicted: u64,
    turned: Option<Instant>,
}

impl<K: Eq + Hash, V> Bounded<K, V> {
    /// One of at most `most` entries.
    pub(super) fn new(most: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            most,
            evicted: 0,
            turned: None,
        }
    }

    pub(super) fn get(&mut self, key: &K) -> Option<&V> {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.young.insert(key, value);
        }
        self.young.get(key)
    }

    /// The same, without having asked for it.
    pub(super) fn peek(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Time has come to `now`.
    pub(super) fn insert(&mut self, key: K, value: V, now: Instant) {
        let turned = *self.turned.get_or_insert(now);
        if now.saturating_duration_since(turned) >= HOLD {
            self.turn();
            self.turned = Some(now);
        }
        self.old.remove(&key);
        let is_full = self.young.len() + self.old.len() >= self.most;
        if is_full && !self.young.contains_key(&key) {
            // Where all is young, all goes.
            if self.old.is_empty() {
                self.turn();
            }
            self.evicted += self.turn() as u64;
            self.turned = Some(now);
        }
        self.young.insert(key, value);
    }

    /// The older generation goes, and the younger one is old. Answers how many are gone.
    fn turn(&mut self) -> usize {
        let young = std::mem::take(&mut self.young);
        std::mem::replace(&mut self.old, young).len()
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
    fn a_full_map_forgets_what_was_asked_for_longest_ago_and_counts_it() {
        let now = Instant::now();
        let mut map = Bounded::new(2);
        map.insert(1, 'a', now);
        map.insert(2, 'b', now);
        map.insert(2, 'c', now);
        assert_eq!((map.evicted(), map.peek(&2)), (0, Some(&'c')));
        map.insert(3, 'd', now);
        assert_eq!(map.evicted(), 2, "all was young");
        let left = [1, 2, 3].map(|key| map.peek(&key).copied());
        assert_eq!(left, [None, None, Some('d')]);
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten_and_what_somebody_asks_for_is_not() {
        let mut now = Instant::now();
        let mut map = Bounded::new(1_000);
        map.insert(0, 'a', now);
        map.insert(1, 'b', now);
        for other in 2..20 {
            now += HOLD / 4;
            assert_eq!(map.get(&0), Some(&'a'));
            map.insert(other, 'c', now);
            assert!(map.young.len() + map.old.len() <= 10, "{map:?}");
        }
        assert_eq!((map.peek(&1), map.evicted()), (None, 0));
    }

    #[test]
    fn there_are_never_more_than_it_has_room_for() {
        let mut now = Instant::now();
        let mut map = Bounded::new(7);
        for key in 0..200_u32 {
            now += HOLD / 3;
            map.get(&(key / 2));
            map.insert(key, key, now);
            assert!(map.young.len() + map.old.len() <= 7, "{map:?}");
            assert_eq!(map.get(&key), Some(&key));
        }
    }
}
