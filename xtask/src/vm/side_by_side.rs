//! Machines that work at the same time.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Machines at once: each keeps one core busy, and what another does to its speed its clock does not see.
const AT_ONCE: usize = 2;

/// Does this with each of them, with so many at once. What comes of them is in their order.
pub fn side_by_side<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(place) else {
                return done;
            };
            done.push((place, work(one)));
        }
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(some)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|done| done.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, came)| came).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn all_have_their_turn_two_at_once_and_what_comes_of_them_is_in_order() {
        // Alone nobody comes by.
        let both = Barrier::new(AT_ONCE);
        let all: Vec<usize> = (0..2 * AT_ONCE).collect();
        let done = side_by_side(&all, |one| {
            both.wait();
            one * 10
        });
        assert_eq!(done, [0, 10, 20, 30]);
    }
}
