//! From what silences came to, to the bounds of the timeout: of its stable part. An entry that is evicted under load, or lost
//! with its box, dies before the timeout, whatever that is; and nothing lives past it. So deaths below a survived silence do
//! not fit and are counted, and it takes more deaths than their share explains until there is an upper bound.

use super::kept::{Death, Kept};
use super::turnbull::{Interval, estimate};
use crate::thresholds::{LEARN_ERROR, LEARN_OUTLIVED, LEARN_UNFIT};

/// The bounds of a timeout, and how much fits them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    /// The longest silence that was survived.
    pub(super) at_least_ns: Option<u64>,
    /// The shortest that is fatal, as far as deaths suffice to say so.
    pub(super) at_most_ns: Option<u64>,
    /// Deaths by silences longer than the lower bound, and the occasions on which they were.
    pub(super) died: u64,
    pub(super) occasions: u64,
    /// What does not fit: deaths by silences that are no longer than the lower bound, and silences that were survived
    /// beyond the upper one.
    pub(super) unfit: u64,
}

/// The bounds that this evidence carries.
pub(super) fn bounds(kept: &Kept) -> Bounds {
    let intervals: Vec<Interval> = kept.intervals().collect();
    // The stable part: from where on more than half are forgotten.
    let mut forgotten = 0.0;
    let crossing = estimate(&intervals).into_iter().find(|piece| {
        forgotten += piece.share;
        forgotten >= 0.5
    });
    if let Some(piece) = crossing.filter(|piece| piece.up_to.is_some()) {
        let found = from(kept, piece.over);
        if let Some(most_ns) = found.at_most_ns {
            let outlived = kept.survived_from(most_ns);
            if found.died >= outlived.saturating_mul(LEARN_OUTLIVED) {
                let unfit = found.unfit.saturating_add(outlived);
                return Bounds { unfit, ..found };
            }
        }
    }
    // Nothing lives past the timeout.
    from(kept, kept.longest_ns())
}

/// The bounds, where the lower one is `over_ns`, or 0 for none.
fn from(kept: &Kept, over_ns: u64) -> Bounds {
    let deaths = kept.deaths();
    let (mut fit, unfit): (Vec<&Death>, Vec<&Death>) =
        deaths.partition(|death| death.up_to_ns > over_ns);
    let occasions = occasions(fit.iter().copied());
    fit.sort_by_key(|death| death.up_to_ns);
    Bounds {
        at_least_ns: (over_ns > 0).then_some(over_ns),
        at_most_ns: at_most(&fit, needed(unfit_share(kept, &unfit), LEARN_ERROR)),
        died: fit.len() as u64,
        occasions,
        unfit: unfit.len() as u64,
    }
}

/// The shortest silence by which connections died on so many occasions. Deaths are in the order of their lengths.
fn at_most(deaths: &[&Death], enough: u64) -> Option<u64> {
    let mut seen = Vec::new();
    let last = deaths.iter().find(|death| {
        if !seen.contains(&death.occasion) {
            seen.push(death.occasion);
        }
        seen.len() as u64 >= enough
    });
    last.map(|death| death.up_to_ns)
}

/// On how many occasions these were. They are in the order in which they came.
pub(super) fn occasions<'a>(deaths: impl IntoIterator<Item = &'a Death>) -> u64 {
    let (mut count, mut last) = (0, None);
    for death in deaths {
        if last != Some(death.occasion) {
            count += 1;
            last = Some(death.occasion);
        }
    }
    count
}

/// Of silences that are as long as the shortest of these deaths, which no timeout explains, the share that was fatal.
pub(super) fn unfit_share(kept: &Kept, unfit: &[&Death]) -> f64 {
    let shortest_ns = unfit.iter().map(|death| death.up_to_ns).min();
    shortest_ns.map_or(0.0, |shortest_ns| {
        let died = unfit.len() as f64 * kept.each_stands_for();
        died / (died + kept.survived_from(shortest_ns) as f64)
    })
}

/// On how many occasions connections must have died until that is not explained, but for an `error`, by the share that dies
/// of something else. Where that is small, or unknown, it is taken to be [`LEARN_UNFIT`].
pub(super) fn needed(unfit_share: f64, error: f64) -> u64 {
    let share = unfit_share.clamp(LEARN_UNFIT, 0.95);
    // A few hundred at most.
    (error.ln() / share.ln()).ceil() as u64
}
