//! A list on the screen: which of its entries is chosen, and which is at the top.

/// Where one is in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The chosen entry.
    pub chosen: usize,
    /// The entry at the top.
    pub top: usize,
}

/// A way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Entries back.
    Back(usize),
    /// Entries on.
    On(usize),
    /// To the first.
    First,
    /// To the last.
    Last,
}

impl Place {
    /// Goes, in a list of so many entries of which so many are seen at once.
    pub(super) fn go(&mut self, way: Move, entries: usize, seen: usize) {
        self.chosen = match way {
            Move::Back(steps) => self.chosen.saturating_sub(steps),
            Move::On(steps) => self.chosen.saturating_add(steps),
            Move::First => 0,
            Move::Last => usize::MAX,
        };
        self.fit(entries, seen);
    }

    /// Scrolls a text of so many lines, of which so many are seen at once.
    pub(super) fn scroll(&mut self, way: Move, lines: usize, seen: usize) {
        let last = lines.saturating_sub(seen);
        self.top = match way {
            Move::Back(steps) => self.top.saturating_sub(steps),
            Move::On(steps) => self.top.saturating_add(steps),
            Move::First => 0,
            Move::Last => last,
        }
        .min(last);
    }

    /// Stays within the list, and keeps the chosen entry in sight.
    pub(super) fn fit(&mut self, entries: usize, seen: usize) {
        self.chosen = self.chosen.min(entries.saturating_sub(1));
        let seen = seen.max(1);
        let least = (self.chosen + 1).saturating_sub(seen);
        let most = self.chosen.min(entries.saturating_sub(seen));
        self.top = self.top.max(least).min(most.max(least));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_entry_is_always_in_sight() {
        let mut place = Place::default();
        for (way, entries, seen) in [
            (Move::On(7), 20, 5),
            (Move::Back(3), 20, 5),
            (Move::Last, 20, 5),
            (Move::Back(1), 3, 5),
            (Move::On(1), 0, 5),
            (Move::First, 100, 0),
            (Move::On(usize::MAX), 100, 0),
        ] {
            place.go(way, entries, seen);
            assert!(place.chosen < entries.max(1), "{place:?}");
            assert!(place.top <= place.chosen, "{place:?}");
            assert!(place.chosen < place.top + seen.max(1), "{place:?}");
        }
    }
}
