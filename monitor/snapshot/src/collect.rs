//! Collecting within a bound: what there is no room for is counted.

use std::collections::VecDeque;

/// Lines of which the newest are kept.
#[derive(Debug)]
pub struct Newest {
    lines: VecDeque<String>,
    bytes: usize,
    room: usize,
    left_out: u64,
}

impl Newest {
    /// With room for so many bytes.
    pub const fn new(room: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            bytes: 0,
            room,
            left_out: 0,
        }
    }

    /// Takes a line that came after the others.
    pub fn push(&mut self, line: String) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line);
        while self.bytes > self.room {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.len() + 1;
            self.left_out += 1;
        }
    }

    /// What there was room for, and how many lines were left out.
    pub fn finish(self) -> (Vec<String>, u64) {
        (self.lines.into(), self.left_out)
    }
}

/// Connections, of which those that are wrong come before others.
#[derive(Debug)]
pub struct Connections {
    wrong: Vec<String>,
    fine: Vec<String>,
    bytes: usize,
    room: usize,
    left_out: u64,
}

impl Connections {
    /// With room for so many bytes.
    pub const fn new(room: usize) -> Self {
        Self {
            wrong: Vec::new(),
            fine: Vec::new(),
            bytes: 0,
            room,
            left_out: 0,
        }
    }

    /// Takes a connection.
    pub fn push(&mut self, line: String, is_wrong: bool) {
        let needs = line.len() + 1;
        while is_wrong && self.bytes + needs > self.room {
            let Some(fine) = self.fine.pop() else { break };
            self.bytes -= fine.len() + 1;
            self.left_out += 1;
        }
        if self.bytes + needs > self.room {
            self.left_out += 1;
            return;
        }
        self.bytes += needs;
        match is_wrong {
            true => self.wrong.push(line),
            false => self.fine.push(line),
        }
    }

    /// What there was room for, those that are wrong first, and how many were left out.
    pub fn finish(mut self) -> (Vec<String>, u64) {
        self.wrong.append(&mut self.fine);
        (self.wrong, self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> String {
        format!("{number:09}")
    }

    #[test]
    fn of_what_came_one_after_the_other_the_newest_stay() {
        let mut newest = Newest::new(50);
        (0..100).for_each(|number| newest.push(line(number)));
        let (lines, left_out) = newest.finish();
        assert_eq!(lines, (95..100).map(line).collect::<Vec<_>>());
        assert_eq!(left_out, 95);
        let mut newest = Newest::new(50);
        newest.push("x".repeat(51));
        assert_eq!(newest.finish(), (vec![], 1));
    }

    #[test]
    fn of_connections_those_that_are_wrong_stay() {
        let mut all = Connections::new(50);
        (0..8).for_each(|number| all.push(line(number), number >= 5));
        let (lines, left_out) = all.finish();
        assert_eq!(lines, [5, 6, 7, 0, 1].map(line));
        assert_eq!(left_out, 3);
        let mut all = Connections::new(50);
        (0..9).for_each(|number| all.push(line(number), number < 7));
        let (lines, left_out) = all.finish();
        assert_eq!(lines, (0..5).map(line).collect::<Vec<_>>());
        assert_eq!(left_out, 4);
    }
}
