//! How long entries live, of which only intervals are known: the estimate of Turnbull (1976, Journal of the Royal
//! Statistical Society B 38, 290-295), which assumes no distribution. Its mass lies on the innermost intervals, those that
//! no end of another one divides, and expectation and maximisation take turns until it rests.

/// An entry that was forgotten after `over`, and not after `up_to`; so many of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) over: u64,
    /// `None` for one that is not known to be forgotten ever.
    pub(super) up_to: Option<u64>,
    pub(super) count: u64,
}

/// An innermost interval, and the share of all entries that is forgotten within it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) over: u64,
    pub(super) up_to: Option<u64>,
    pub(super) share: f64,
}

/// Turns of expectation and maximisation, at most. Each takes as many steps as there are intervals, a few hundred here.
const MOST_TURNS: usize = 300;

/// It rests where no share moves by more: what is asked of it is where a half of all is reached.
const AT_REST: f64 = 1e-5;

/// The estimate, the shortest first. Intervals that hold nothing are left aside.
pub(super) fn estimate(intervals: &[Interval]) -> Vec<Piece> {
    let whole = |one: &&Interval| one.count > 0 && one.up_to.is_none_or(|up_to| one.over < up_to);
    let intervals: Vec<Interval> = intervals.iter().filter(whole).copied().collect();
    let mut pieces = innermost(&intervals);
    let even = 1.0 / pieces.len().max(1) as f64;
    pieces.iter_mut().for_each(|piece| piece.share = even);
    let held: Vec<Held> = intervals
        .iter()
        .map(|interval| Held::by(interval, &pieces))
        .collect();
    for _ in 0..MOST_TURNS {
        if turn(&mut pieces, &held) <= AT_REST {
            break;
        }
    }
    pieces
}

/// The pieces of which one interval's own must be one: `first..past`.
struct Held {
    first: usize,
    past: usize,
    count: f64,
}

impl Held {
    fn by(interval: &Interval, pieces: &[Piece]) -> Self {
        Self {
            first: pieces.partition_point(|piece| piece.over < interval.over),
            past: pieces.partition_point(|piece| ends(piece.up_to) <= ends(interval.up_to)),
            count: interval.count as f64,
        }
    }
}

/// An end that can be compared: what has none comes last.
fn ends(up_to: Option<u64>) -> u128 {
    up_to.map_or(u128::MAX, u128::from)
}

fn innermost(intervals: &[Interval]) -> Vec<Piece> {
    let mut lefts: Vec<u64> = intervals.iter().map(|interval| interval.over).collect();
    lefts.sort_unstable();
    lefts.dedup();
    let mut rights: Vec<Option<u64>> = intervals.iter().map(|interval| interval.up_to).collect();
    rights.sort_unstable_by_key(|right| ends(*right));
    rights.dedup();
    let mut pieces = Vec::new();
    let mut before: Option<u128> = None;
    for up_to in rights {
        let below = lefts.partition_point(|left| u128::from(*left) < ends(up_to));
        // Each right end has the left end of its own interval below it.
        if let Some(&over) = below.checked_sub(1).and_then(|last| lefts.get(last))
            && before.is_none_or(|before| before <= u128::from(over))
        {
            pieces.push(Piece {
                over,
                up_to,
                share: 0.0,
            });
        }
        before = Some(ends(up_to));
    }
    pieces
}

/// One turn; answers by how much a share moved, at most.
fn turn(pieces: &mut [Piece], held: &[Held]) -> f64 {
    let mut below = Vec::with_capacity(pieces.len() + 1);
    let mut sum = 0.0;
    below.push(sum);
    for piece in pieces.iter() {
        sum += piece.share;
        below.push(sum);
    }
    // What each interval gives its pieces begins at its first and ends behind its last.
    let mut steps = vec![0.0; pieces.len() + 1];
    let mut all = 0.0;
    for held in held {
        let share = below[held.past] - below[held.first];
        if held.past > held.first && share > 0.0 {
            let each = held.count / share;
            steps[held.first] += each;
            steps[held.past] -= each;
            all += held.count;
        }
    }
    let (mut given, mut moved) = (0.0, 0.0_f64);
    for (piece, step) in pieces.iter_mut().zip(steps) {
        given += step;
        let share = (piece.share * given / all).max(0.0);
        moved = moved.max((share - piece.share).abs());
        piece.share = share;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn died(over: u64, up_to: u64) -> Interval {
        Interval {
            over,
            up_to: Some(up_to),
            count: 1,
        }
    }

    fn lived(over: u64, count: u64) -> Interval {
        Interval {
            over,
            up_to: None,
            count,
        }
    }

    /// Shares to the hundredth.
    fn rounded(intervals: &[Interval]) -> Vec<(u64, Option<u64>, i64)> {
        let pieces = estimate(intervals).into_iter();
        let rounded = |share: f64| (share * 100.0).round() as i64;
        pieces
            .map(|piece| (piece.over, piece.up_to, rounded(piece.share)))
            .collect()
    }

    #[test]
    fn what_lived_below_and_died_above_leaves_one_piece() {
        let all = [lived(100, 50), lived(340, 1), died(0, 352), died(100, 400)];
        assert_eq!(rounded(&all), [(340, Some(352), 100), (340, None, 0)][..1]);
    }

    #[test]
    fn of_what_was_looked_at_once_it_is_the_share_that_had_died_by_then() {
        // One of four at about 100 was evicted, and all of 400 are gone.
        let all = [lived(110, 3), died(0, 100), died(0, 400), died(0, 410)];
        assert_eq!(rounded(&all), [(0, Some(100), 25), (110, Some(400), 75)]);
    }

    #[test]
    fn it_is_the_textbook_s() {
        // Peto's and Turnbull's small case: overlapping intervals share what none divides.
        let all = [died(0, 1), died(1, 3), died(1, 3), died(0, 2), died(2, 3)];
        let shares = rounded(&all);
        let places: Vec<_> = shares
            .iter()
            .map(|(over, up_to, _)| (*over, *up_to))
            .collect();
        assert_eq!(places, [(0, Some(1)), (1, Some(2)), (2, Some(3))]);
        assert!((99..=101).contains(&shares.iter().map(|(_, _, share)| share).sum::<i64>()));
    }

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(estimate(&[]), []);
        assert_eq!(estimate(&[died(5, 5), lived(3, 0)]), []);
    }

    proptest! {
        /// Whatever it is told, shares are shares, and pieces do not overlap.
        #[test]
        fn shares_add_up_whatever_comes(
            ends in proptest::collection::vec((any::<u64>(), any::<Option<u64>>(), any::<u64>()), 0..40),
        ) {
            let all: Vec<Interval> = ends
                .into_iter()
                .map(|(over, up_to, count)| Interval { over, up_to, count })
                .collect();
            let pieces = estimate(&all);
            let sum: f64 = pieces.iter().map(|piece| piece.share).sum();
            prop_assert!(pieces.is_empty() || (sum - 1.0).abs() < 1e-3, "{sum}");
            prop_assert!(pieces.iter().all(|piece| (0.0..=1.001).contains(&piece.share)));
            for pair in pieces.windows(2) {
                prop_assert!(ends_of(&pair[0]) <= u128::from(pair[1].over));
            }
        }
    }

    fn ends_of(piece: &Piece) -> u128 {
        ends(piece.up_to)
    }
}
