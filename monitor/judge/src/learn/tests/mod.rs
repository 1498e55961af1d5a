//! What is learned of simulated boxes, whose timeout the tests know.

mod bounded;
mod simulated;
mod stories;
mod taken_up;
mod turns;

use super::lived::Lived;
use crate::peers::contrast::{Ended, First};
use crate::thresholds::SECOND;
use monitor_model::time::Timestamp;

/// One path, prefix and side, told one thing after another, each two minutes after the one before.
#[derive(Default)]
struct Told {
    lived: Lived,
    now_s: u64,
    cookie: u64,
    /// What somebody stated, in seconds.
    stated_s: Option<u64>,
    /// The last death made it certain that this is wrong.
    certain: bool,
}

impl Told {
    /// A connection of its own was silent for so many seconds, and lived.
    fn lives(&mut self, seconds: u64) {
        let (ended, at) = self.next(seconds);
        self.lived.survived(&ended, self.stated_ns(), at);
    }

    /// Likewise, and died.
    fn dies(&mut self, seconds: u64) {
        let (ended, at) = self.next(seconds);
        let contradiction = self.lived.died(&ended, self.stated_ns(), at);
        self.certain = contradiction.is_some();
    }

    fn stated_ns(&self) -> Option<u64> {
        self.stated_s.map(|seconds| seconds * SECOND)
    }

    fn next(&mut self, seconds: u64) -> (Ended, Timestamp) {
        self.now_s += 120;
        self.cookie += 1;
        self.ended(seconds)
    }

    fn ended(&self, seconds: u64) -> (Ended, Timestamp) {
        let ended = Ended {
            cookie: self.cookie,
            first: First::Us,
            ns: seconds * SECOND,
            at_ns: self.now_s * SECOND,
        };
        (ended, Timestamp::of((self.now_s * SECOND) as i64))
    }

    /// The daemon starts anew.
    fn restarts(&mut self) {
        let line = serde_json::to_string(&self.lived).expect("it is a line");
        let lived: Lived = serde_json::from_str(&line).expect("it is read");
        self.lived = lived.taken_up(self.now_s * SECOND);
    }

    /// The bounds in seconds; 0 for none.
    fn bounds(&self) -> (u64, u64) {
        let seconds = |ns: Option<u64>| ns.unwrap_or(0) / SECOND;
        let known = self.lived.known();
        (seconds(known.at_least_ns), seconds(known.at_most_ns))
    }

    fn unfit(&self) -> u64 {
        self.lived.known().unfit
    }
}
