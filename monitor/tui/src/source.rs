//! Where the data come from.

use monitor_model::alert::Alert;
use monitor_model::detail::ConnectionDetail;
use monitor_model::finding::{Clock, Finding};
use monitor_model::gaps::GapSummary;
use monitor_model::listing::ConnectionRow;
use thiserror::Error;

/// Who is asked: a running daemon, or a file in its place. Each question may wait, and two may be asked at a time.
pub trait Source: Send + Sync + 'static {
    /// All connections, given to `take` one by one as they come.
    ///
    /// # Errors
    /// Nobody answers, or not to the end.
    fn connections(&self, take: &mut dyn FnMut(ConnectionRow)) -> Result<(), SourceError>;

    /// All that is known of the connection with this id.
    ///
    /// # Errors
    /// Nobody answers, or nothing is known of it.
    fn connection(&self, id: &str) -> Result<Box<ConnectionDetail>, SourceError>;

    /// The alerts that wait, fire, or are lately over.
    ///
    /// # Errors
    /// Nobody answers, or not to the end.
    fn alerts(&self) -> Result<Vec<Alert>, SourceError>;

    /// The paths, as far as more is known of them than their connections tell.
    ///
    /// # Errors
    /// Nobody answers, or not to the end.
    fn paths(&self) -> Result<Vec<PathSheet>, SourceError>;

    /// What the daemon says of itself.
    ///
    /// # Errors
    /// Nobody answers, or not to the end.
    fn agent(&self) -> Result<AgentSheet, SourceError>;

    /// Findings as they come, given to `take` until it says `false` or the daemon ends.
    ///
    /// # Errors
    /// Nobody answers.
    fn watch(&self, take: &mut dyn FnMut(Watched) -> bool) -> Result<(), SourceError>;
}

/// Why there is no answer, in one line for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// What is known of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSheet {
    /// Its name.
    pub name: String,
    /// Its idle timeout in seconds, where it is known.
    pub timeout_seconds: Option<f64>,
    /// Its clock, where it is known.
    pub clock: Option<Clock>,
    /// How long its gaps were; `None` where nobody tells.
    pub gaps: Option<GapSummary>,
}

/// What a daemon says of itself, in the order in which it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentSheet {
    /// Whether it is attached and sweeping, and why not; `None` where it does not say.
    pub ready: Option<Result<String, String>>,
    /// Each with a heading, and below it names and values.
    pub sections: Vec<(String, Vec<(String, String)>)>,
}

/// What comes while findings are watched for.
#[derive(Clone, Debug)]
pub enum Watched {
    /// A finding.
    Finding(Box<Finding>),
    /// So many were missed.
    Lagged(u64),
}
