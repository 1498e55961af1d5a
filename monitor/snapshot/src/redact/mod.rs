//! Making addresses and names pseudonyms. All lines are gone through twice: first names are learnt, where they stand as names;
//! then they are replaced, there and wherever else they occur. What is kept is listed (`words.rs`): a member that nobody
//! thought of is replaced as far as it has an address, a path or a name in it.

mod address;
mod json;
mod metrics;
mod names;
mod text;
mod words;

use crate::error::RedactError;
use crate::part::Part;
use address::Addresses;
use json::Walk;
use monitor_model::format::json_line;
use names::{Learnt, Names};
use serde_json::{Value, from_str};

/// What is learnt before anything is replaced.
pub(crate) struct Redaction {
    addresses: Addresses,
    learnt: Learnt,
}

impl Redaction {
    pub(crate) fn new() -> Result<Self, RedactError> {
        Ok(Self {
            addresses: Addresses::new()?,
            learnt: Learnt::default(),
        })
    }

    /// Learns a name.
    pub(crate) fn learn(&mut self, name: &str) {
        self.learnt.name(name);
    }

    /// Learns the names of a line.
    pub(crate) fn learn_line(&mut self, part: Part, line: &str) {
        if part == Part::Metrics {
            metrics::learn(line, &mut self.learnt);
        } else if let Ok(value) = from_str::<Value>(line) {
            json::learn(part, &value, &mut self.learnt);
        }
    }

    pub(crate) fn redactor(self) -> Result<Redactor, RedactError> {
        Ok(Redactor {
            names: Names::new(self.learnt)?,
            addresses: self.addresses,
        })
    }
}

/// What replaces.
pub(crate) struct Redactor {
    addresses: Addresses,
    names: Names,
}

impl Redactor {
    /// A line with pseudonyms; `None` for one that cannot be understood.
    pub(crate) fn line(&mut self, part: Part, line: &str) -> Option<String> {
        if part == Part::Metrics {
            return metrics::line(line, &mut self.names);
        }
        let mut value = from_str::<Value>(line).ok()?;
        let mut walk = Walk {
            addresses: &self.addresses,
            names: &mut self.names,
        };
        walk.value(part, &mut value);
        // The form's name stands first in every line, and would be sorted in among the others.
        let Value::Object(mut members) = value else {
            return None;
        };
        let schema = json_line(&members.remove("schema")?).ok()?;
        let rest = json_line(&members).ok()?;
        Some(format!("{{\"schema\":{schema},{}", rest.strip_prefix('{')?))
    }

    /// The pseudonym of a name.
    pub(crate) fn name(&mut self, name: &str) -> String {
        self.names.pseudonym(name)
    }

    /// A text with pseudonyms in it.
    pub(crate) fn text(&mut self, text: &str) -> String {
        text::replaced(text, &self.addresses, &mut self.names)
    }
}
