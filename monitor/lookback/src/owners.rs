//! Counts by name within a bound: where there are too many names, those with the least go together into `~other`. So what
//! comes to much late is still found, a count is never too high, and all of them add up.

use monitor_model::report::OTHER;
use std::collections::HashMap;

/// Names that are counted at once, per path.
const MOST: usize = 512;

/// What is counted of one name, most important first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counts {
    pub(crate) failed: u64,
    pub(crate) findings: u64,
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.failed += more.failed;
        self.findings += more.findings;
    }
}

/// Counts by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByName {
    names: HashMap<String, Counts>,
    other: Counts,
}

impl ByName {
    pub(crate) fn add(&mut self, name: &str, more: Counts) {
        if let Some(counts) = self.names.get_mut(name) {
            counts.add(more);
            return;
        }
        if self.names.len() >= MOST {
            self.keep(MOST / 2);
        }
        self.names.insert(name.to_owned(), more);
    }

    /// Adds all of another's.
    pub(crate) fn merge(&mut self, more: Self) {
        for (name, counts) in more.names {
            self.add(&name, counts);
        }
        self.other.add(more.other);
    }

    /// Keeps those with most; the others are one.
    fn keep(&mut self, most: usize) {
        let ranked = self.ranked().into_iter();
        let mut ranked: Vec<(String, Counts)> = ranked
            .map(|(name, counts)| (name.to_owned(), counts))
            .collect();
        for (_, counts) in ranked.split_off(most.min(ranked.len())) {
            self.other.add(counts);
        }
        self.names = ranked.into_iter().collect();
    }

    fn ranked(&self) -> Vec<(&str, Counts)> {
        let mut all: Vec<(&str, Counts)> = self
            .names
            .iter()
            .map(|(name, counts)| (name.as_str(), *counts))
            .collect();
        all.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
        all
    }

    /// Those with most, and the rest as one where there is any.
    pub(crate) fn worst(&self, most: usize) -> Vec<(String, Counts)> {
        let ranked = self.ranked();
        let mut other = self.other;
        let mut worst = Vec::new();
        for (name, counts) in ranked {
            if worst.len() < most {
                worst.push((name.to_owned(), counts));
            } else {
                other.add(counts);
            }
        }
        if other.findings > 0 {
            worst.push((OTHER.to_owned(), other));
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(failed: u64) -> Counts {
        Counts {
            failed,
            findings: 1,
        }
    }

    #[test]
    fn one_that_comes_late_and_often_is_found_among_many() {
        let mut names = ByName::default();
        for number in 0..20_000 {
            names.add(&format!("early{number}"), one(0));
        }
        for number in 0..5_000 {
            names.add("late", one(1));
            names.add(&format!("more{number}"), one(0));
        }
        assert!(names.names.len() <= MOST);
        let worst = names.worst(1);
        assert_eq!(worst[0].0, "late");
        assert_eq!(
            worst[0].1,
            Counts {
                failed: 5_000,
                findings: 5_000
            }
        );
        assert_eq!(
            worst[1],
            (
                OTHER.to_owned(),
                Counts {
                    failed: 0,
                    findings: 25_000
                }
            )
        );
    }

    proptest! {
        #[test]
        fn all_of_them_add_up(names in proptest::collection::vec((0_u32..2_000, any::<bool>()), 0..3_000), most in 0_usize..9) {
            let mut counted = ByName::default();
            let mut all = Counts::default();
            for (name, failed) in names {
                let more = one(failed.into());
                all.add(more);
                counted.add(&name.to_string(), more);
            }
            let mut sum = Counts::default();
            let worst = counted.worst(most);
            prop_assert!(worst.len() <= most + 1);
            worst.iter().for_each(|(_, counts)| sum.add(*counts));
            prop_assert_eq!(sum, all);
        }
    }
}
