//! Rows of what new processes hold: who has held the same socket for longer goes before them.

use super::batch::Collect;
use monitor_common::SweptSocket;

/// Rows that wait, at most. Those beyond are taken as they come: the worst is that a process is named which has a copy.
const MOST: usize = 4_096;

/// The rows of one pass that wait for its end.
#[derive(Default)]
pub(super) struct Newcomers(Vec<SweptSocket>);

impl Newcomers {
    /// Lets the row wait if its process is new, else `batch` has it at once.
    pub(super) fn take(&mut self, row: &SweptSocket, batch: &mut impl Collect) {
        if row.of_new_process() && self.0.len() < MOST {
            self.0.push(*row);
        } else {
            batch.take(&row.fact);
        }
    }

    /// Hands on what waits, of the process first that began first.
    pub(super) fn hand_on(mut self, batch: &mut impl Collect) {
        self.0.sort_by_key(|row| row.process_began_ns);
        for row in &self.0 {
            batch.take(&row.fact);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::Each;
    use super::*;
    use crate::pod::read_records;
    use monitor_common::{Fact, NEW_PROCESS_NS};

    const NOW_NS: u64 = 5 * NEW_PROCESS_NS;

    /// A connection with a process that has been there for so long.
    fn row(cookie: u64, pid: u32, age_ns: u64) -> SweptSocket {
        let zeros = [0; size_of::<SweptSocket>()];
        let mut row: SweptSocket = read_records(&zeros).next().unwrap();
        row.fact.socket.cookie = cookie;
        row.fact.pid = pid;
        row.fact.time_ns = NOW_NS;
        row.process_began_ns = NOW_NS - age_ns;
        row
    }

    /// The processes of these rows' connections, as they are handed on.
    fn owners(rows: impl IntoIterator<Item = SweptSocket>) -> Vec<(u64, u32)> {
        let mut handed = Vec::new();
        let mut each = Each::new(|row: &Fact| handed.push((row.socket.cookie, row.pid)));
        let mut newcomers = Newcomers::default();
        for row in rows {
            newcomers.take(&row, &mut each);
        }
        newcomers.hand_on(&mut each);
        handed
    }

    #[test]
    fn who_has_held_it_for_longer_goes_before_a_new_process_whichever_comes_first() {
        let (new, newer, old) = (row(1, 7, 2), row(1, 8, 1), row(1, 99, NEW_PROCESS_NS));
        assert_eq!(owners([newer, new, old]), [(1, 99)]);
        assert_eq!(owners([old, new, newer]), [(1, 99)]);
        assert_eq!(owners([newer, new]), [(1, 7)]);
        assert_eq!(owners([new, newer]), [(1, 7)]);
    }

    #[test]
    fn what_new_processes_alone_hold_is_theirs_however_much_there_is() {
        let all = MOST as u64 + 2;
        let mut owners = owners((0..all).map(|cookie| row(cookie, 7, 1)));
        owners.sort_unstable();
        assert!(owners.into_iter().eq((0..all).map(|cookie| (cookie, 7))));
    }
}
