//! What a daemon is asked of connections.

use crate::cli::client::each;
use crate::cli::exit::CliError;
use crate::client::{Answer, Host, Question};
use monitor_model::detail::ConnectionDetail;
use serde::de::DeserializeOwned;

/// A connection as the daemon tells it, and its line.
pub(super) struct Told {
    pub(super) told: ConnectionDetail,
    pub(super) line: String,
}

/// What the daemon knows of the connection with this id.
pub(super) fn detail(host: &Host, id: &str, history: bool) -> Result<Told, CliError> {
    let mut found = None;
    each(host, &Question::connection(id, history), &mut |answer| {
        if let Answer::Row(line) = answer {
            found = Some(line);
        }
        Ok(true)
    })?;
    let line = found.unwrap_or_default();
    let told = serde_json::from_str(&line).map_err(|error| CliError::Io {
        what: "what the daemon tells of the connection cannot be read: is it of another version?",
        source: error.into(),
    })?;
    Ok(Told { told, line })
}

/// All rows of an answer; those that cannot be read are left out.
pub(super) fn all<T: DeserializeOwned>(
    host: &Host,
    question: &Question,
) -> Result<Vec<T>, CliError> {
    let mut rows = Vec::new();
    each(host, question, &mut |answer| {
        if let Answer::Row(line) = answer {
            rows.extend(serde_json::from_str(&line));
        }
        Ok(true)
    })?;
    Ok(rows)
}
