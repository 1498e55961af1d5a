//! Commands that are tried in a guest, and what has to come of each.

use super::guest::step;
use vm_contract::{Ending, Line, Step};

/// A command, its words parted by spaces, and what comes of it.
pub struct Try {
    pub command: &'static str,
    code: i32,
    says: &'static [&'static str],
}

/// A command that is to end with this exit code, and to say each of these.
pub const fn tried(command: &'static str, code: i32, says: &'static [&'static str]) -> Try {
    Try {
        command,
        code,
        says,
    }
}

impl Try {
    /// Its step in a plan, of so many seconds at most.
    pub fn step(&self, seconds: u64) -> Step {
        let words: Vec<&str> = self.command.split_whitespace().collect();
        step(self.command.to_owned(), &words, seconds)
    }

    /// What was not as it should be, by what the guest said of it; what the command itself said then stands on stderr.
    pub fn complaint(&self, lines: &[Line]) -> Option<String> {
        let mut said = String::new();
        let mut ended = None;
        for line in lines {
            match line {
                Line::Output { step, text, .. } if step == self.command => {
                    said.push_str(text);
                    said.push('\n');
                }
                Line::Ended { step, ending, .. } if step == self.command => ended = Some(*ending),
                _ => {}
            }
        }
        let lacks = self.says.iter().find(|part| !said.contains(**part));
        let complaint = match (ended, lacks) {
            (Some(ending), None) if ending == Ending::Code(self.code) => return None,
            (Some(ending), None) => format!("{ending}, not {}", self.code),
            (None, _) => "it did not end".to_owned(),
            (_, Some(lacks)) => format!("it does not say {lacks:?}"),
        };
        eprintln!("{said}");
        Some(format!("{}: {complaint}", self.command))
    }
}
