//! Which connections and alerts are shown: the words of `monitor-query`, as they were typed.

use monitor_model::alert::Alert;
use monitor_model::finding::Finding;
use monitor_model::listing::ConnectionRow;
use monitor_query::{Filter as Words, List};

/// The longest filter that can be typed, in characters.
pub const LONGEST: usize = 400;

/// A filter, and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    words: Words,
}

impl Filter {
    /// As it is written.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let words = Words::parse(text).and_then(|words| {
            words.fits(List::Connections)?;
            Ok(words)
        });
        let words = words.map_err(|error| error.to_string())?;
        Ok(Self {
            text: text.to_owned(),
            words,
        })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it takes everything.
    pub fn is_empty(&self) -> bool {
        self.words.is_all()
    }

    /// Whether it takes this connection.
    pub fn takes(&self, row: &ConnectionRow) -> bool {
        self.words.matches(row)
    }

    /// Whether it takes this finding; one that asks for what findings do not have takes all.
    pub fn takes_finding(&self, finding: &Finding) -> bool {
        self.words.fits(List::Findings).is_err() || self.words.matches(finding)
    }

    /// Whether it takes this alert; one that asks for what alerts do not have takes all.
    pub fn takes_alert(&self, alert: &Alert) -> bool {
        self.words.fits(List::Alerts).is_err() || self.words.matches(alert)
    }
}
