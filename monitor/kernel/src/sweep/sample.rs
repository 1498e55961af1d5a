//! How large a share of the host's connections a sweep shows as samples.

use monitor_common::{SilentSockets, SweepMode, SweepOrder};
use std::time::Duration;

/// Samples of a sweep, about and at most: beyond it, every other connection is
/// left out, and again, until no more are left. From them the habits of paths are
/// learnt, which a few hundred looks every few seconds do well.
const ENOUGH: u64 = 512;

/// Connections outside the scope that may be due for each sample within it.
const DUE_FOR_EACH: u64 = 16;

/// The smallest share that is asked for: one in so many, less one. The kernel
/// side's hash is 32 bits wide.
const LEAST_SHARE: u32 = (1 << 20) - 1;

/// Farther ahead the kernel side need not look, which reckons with signs: 73 years.
const MOST_AHEAD_NS: u64 = 1 << 61;

/// Which connections are due as samples.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampling {
    mask: u32,
    turn: u32,
}

impl Sampling {
    /// For the first sweep: how many connections there are is not known yet, so next
    /// to none is shown.
    pub(crate) const fn new() -> Self {
        Self {
            mask: LEAST_SHARE,
            turn: 0,
        }
    }

    /// What the next sweep is to write out, with what will be silent or cross within `ahead`. No path has a threshold below `least_threshold_ns`.
    pub(crate) fn order(
        self,
        mode: SweepMode,
        silent: SilentSockets,
        ahead: Duration,
        least_threshold_ns: u64,
    ) -> SweepOrder {
        SweepOrder {
            mode: mode as u32,
            sample_mask: self.mask,
            sample_turn: self.turn,
            silent: silent as u32,
            ahead_ns: u64::try_from(ahead.as_nanos())
                .map_or(MOST_AHEAD_NS, |ns| ns.min(MOST_AHEAD_NS)),
            least_threshold_ns,
            sweep: 0,
        }
    }

    /// Of so many connections the next sweep shows one.
    pub(crate) fn one_in(self) -> u32 {
        self.mask + 1
    }

    /// A sweep is over that walked so many sockets, of which so many within the scope were due as samples: others have
    /// their turn. What is outside, or not open, takes no place from what is shown.
    pub(crate) fn advance(&mut self, sockets: u64, due: u64) {
        let share = u64::from(self.mask) + 1;
        // By chance a share may have been a small one.
        let spread = if share == 1 { 0 } else { 2 * due.isqrt() + 3 };
        let within = due.saturating_add(spread).saturating_mul(share);
        // One outside that is due costs a look at its scope: there may be some of these for each sample.
        let looked_at = sockets / DUE_FOR_EACH;
        self.mask = mask(within.min(sockets)).max(mask(looked_at));
        self.turn = self.turn.wrapping_add(1) & self.mask;
    }
}

/// The smallest of 0, 1, 3, 7… that leaves at most [`ENOUGH`] of so many.
fn mask(sockets: u64) -> u32 {
    let shares = sockets.div_ceil(ENOUGH).max(1).checked_next_power_of_two();
    shares
        .and_then(|shares| u32::try_from(shares - 1).ok())
        .map_or(LEAST_SHARE, |mask| mask.min(LEAST_SHARE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(of: Sampling) -> SweepOrder {
        of.order(
            SweepMode::Findings,
            SilentSockets::Ignored,
            Duration::ZERO,
            0,
        )
    }

    #[test]
    fn a_small_host_shows_all_its_connections() {
        for sockets in [0, 1, 511, 512] {
            assert_eq!(mask(sockets), 0, "{sockets}");
        }
    }

    #[test]
    fn a_large_one_shows_some_hundreds_a_sweep() {
        for (sockets, expected) in [(513, 1), (1024, 1), (1025, 3), (10_000, 31)] {
            assert_eq!(mask(sockets), expected, "{sockets}");
        }
        for sockets in [513, 600, 5_000, 99_999, 1_000_000] {
            let samples = sockets / (u64::from(mask(sockets)) + 1);
            assert!((256..=512).contains(&samples), "{samples} of {sockets}");
        }
    }

    #[test]
    fn no_number_of_sockets_is_too_large() {
        assert_eq!(mask(u64::MAX), LEAST_SHARE);
        assert_eq!(mask(1 << 40), LEAST_SHARE);
    }

    #[test]
    fn every_connection_gets_its_turn() {
        let mut sampling = Sampling::new();
        let mut turns = Vec::new();
        for _ in 0..8 {
            // The first sweep has none that are due: it shows one in a million.
            let due = if sampling.one_in() == 8 { 500 } else { 0 };
            sampling.advance(4_000, due);
            let order = order(sampling);
            assert_eq!(order.sample_mask, 7);
            turns.push(order.sample_turn);
        }
        turns.sort_unstable();
        assert_eq!(turns, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_turn_stays_within_its_share_when_connections_close() {
        let mut sampling = Sampling::new();
        for sockets in [1_000_000_u64, 1_000_000, 40, 3_000, 0, 0] {
            let due = sockets / u64::from(sampling.one_in());
            sampling.advance(sockets, due);
            let order = order(sampling);
            assert!(order.sample_turn <= order.sample_mask, "{order:?}");
        }
        assert_eq!(order(sampling).sample_mask, 0);
    }

    #[test]
    fn what_a_scope_leaves_out_takes_no_place_from_what_it_shows() {
        let mut sampling = Sampling::new();
        // 20 within, 4,000 outside or not open: nothing is known of either at first.
        sampling.advance(4_020, 0);
        assert_eq!(order(sampling).sample_mask, 7);
        sampling.advance(4_020, 2);
        assert_eq!(order(sampling).sample_mask, 0);
        sampling.advance(4_020, 20);
        assert_eq!(order(sampling).sample_mask, 0, "all of those within");
        // A million outside: few of them are looked at.
        sampling.advance(1_000_020, 20);
        let due = 1_000_000 / (u64::from(order(sampling).sample_mask) + 1);
        assert!((4_096..=8_192).contains(&due), "{due}");
    }

    #[test]
    fn samples_stay_about_enough_once_the_first_sweeps_are_over() {
        for within in [300_u64, 512, 513, 900, 5_000, 250_000] {
            let mut sampling = Sampling::new();
            for _ in 0..12 {
                let due = within / u64::from(sampling.one_in());
                sampling.advance(within, due);
            }
            let samples = within / u64::from(sampling.one_in());
            assert!((150..=512).contains(&samples), "{samples} of {within}");
        }
    }
}
