//! What a daemon has learned of timeouts, as it left it.

use monitor_judge::{Input, Judge, LearnedBefore, Limits};

const SECOND: u64 = 1_000_000_000;

/// Any text as a line of what a daemon before this one has learned: it is taken up, or not, and says nothing that contradicts
/// itself.
#[test]
fn take_up() {
    bolero::check!().for_each(|bytes| {
        let Ok(before) = serde_json::from_slice::<LearnedBefore>(bytes) else {
            return;
        };
        let mut judge = Judge::new(Vec::new(), Limits::new(4_000_000));
        let learned = Input::Learned {
            now_ns: 50 * SECOND,
            before: Box::new(before),
        };
        judge.take(&learned, &mut Vec::new());
        for known in judge.learned(None) {
            if let (Some(least), Some(most)) = (known.at_least_seconds, known.at_most_seconds) {
                assert!(least < most, "{known:?}");
            }
        }
        assert!(judge.learned_to_keep().len() <= 1);
    });
}
