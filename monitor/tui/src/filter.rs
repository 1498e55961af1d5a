//! Which connections are shown.

use monitor_model::format::printable;
use monitor_model::listing::{ConnectionRow, state_name};

/// The longest filter, in characters.
pub const LONGEST: usize = 400;

/// Words, all of which a connection must have somewhere in what is shown of it; of one with `!` before it none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
}

impl Filter {
    /// As it is written.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("a filter has at most {LONGEST} characters"));
        }
        if text.split_whitespace().any(|word| word == "!") {
            return Err("write the word behind its !, as in !ssh".to_owned());
        }
        Ok(Self {
            text: printable(text.trim()),
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it takes everything.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether it takes this connection.
    pub fn takes(&self, row: &ConnectionRow) -> bool {
        if self.is_empty() {
            return true;
        }
        let owner = &row.owner;
        let pid = owner.pid.map(|pid| pid.to_string());
        let shown = [
            Some(row.connection.local.as_str()),
            Some(row.connection.remote.as_str()),
            Some(state_name(row.state)),
            Some(row.silence.name()),
            row.path.as_deref(),
            pid.as_deref(),
            owner.comm.as_deref(),
            owner.unit.as_deref(),
            owner.container.as_deref(),
            owner.pod.as_deref(),
            owner.workload.as_deref(),
        ];
        let has = |word: &str| shown.iter().flatten().any(|text| text.contains(word));
        let mut words = self.text.split_whitespace();
        words.all(|word| match word.strip_prefix('!') {
            Some(word) => !has(word),
            None => has(word),
        })
    }
}
