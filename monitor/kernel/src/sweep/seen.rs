//! Which connections a sweep has come by already.

use std::collections::HashMap;

/// Socket cookies. The kernel counts them up, so those of a host stand close together: as many as have one entry here that
/// the set of a million stays near the processor, where a set of them one by one would not.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// A bit each, by what they have in common.
    bits: HashMap<u64, u64>,
    count: u64,
}

impl Seen {
    /// Notes one, and answers whether it is new.
    pub(super) fn insert(&mut self, cookie: u64) -> bool {
        let bits = self.bits.entry(cookie / BITS).or_default();
        let bit = 1 << (cookie % BITS);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        self.count += u64::from(is_new);
        is_new
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

const BITS: u64 = u64::BITS as u64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_is_new_once_wherever_it_stands() {
        let (mut seen, mut expected) = (Seen::default(), HashSet::new());
        let far = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let cookies = (0..1_000).chain((0..1_000).map(far)).chain(500..1_500);
        for cookie in cookies.chain([0, u64::MAX, 0, u64::MAX]) {
            assert_eq!(seen.insert(cookie), expected.insert(cookie), "{cookie}");
            assert_eq!(seen.count(), expected.len() as u64);
        }
    }
}
