//! Asking a running daemon, and writing what it answers.

use super::arguments::ConfigArguments;
use super::exit::CliError;
use crate::config::Overrides;
use crate::surfaces::inspect::{Answer, InspectClient};
use crate::text;
use clap::Args;
use serde::de::DeserializeOwned;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Flags of a command that only a running daemon can answer.
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Asks the daemon and prints its rows, for people under `header` and as `line`
    /// lays them out.
    pub(super) fn ask<T: DeserializeOwned>(
        &self,
        command: &str,
        header: String,
        line: fn(&T) -> String,
    ) -> Result<ExitCode, CliError> {
        let config = self.config.load(Overrides::default())?;
        let output = Output {
            json: self.json,
            header,
            line,
        };
        print(&config.socket, command, &output)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// How rows are written.
pub(super) struct Output<T> {
    /// As they come, one JSON object a line.
    pub(super) json: bool,
    /// Above the rows for people; empty for none.
    pub(super) header: String,
    /// One row for people, without its line's end.
    pub(super) line: fn(&T) -> String,
}

/// Asks the daemon on `socket` and writes each row to standard output as it comes.
pub(super) fn print<T: DeserializeOwned>(
    socket: &Path,
    command: &str,
    output: &Output<T>,
) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::Io {
            what: "cannot start the runtime",
            source,
        })?;
    runtime.block_on(async {
        let mut client = InspectClient::ask(socket, command).await?;
        if !output.json && !output.header.is_empty() && !write(&output.header)? {
            return Ok(());
        }
        while let Some(answer) = client.next().await? {
            let line = match answer {
                Answer::Lagged(findings) if output.json => {
                    serde_json::json!({ "lagged": findings }).to_string()
                }
                Answer::Lagged(findings) => text::lagged_line(findings),
                Answer::Row(row) if output.json => row,
                Answer::Row(row) => match serde_json::from_str(&row) {
                    Ok(row) => (output.line)(&row),
                    // A newer daemon may say more than this build can lay out.
                    Err(_) => row,
                },
            };
            if !write(&line)? {
                return Ok(());
            }
        }
        Ok(())
    })
}

/// Writes one line; `false` when the reader has gone.
pub(super) fn write(line: &str) -> Result<bool, CliError> {
    let mut out = std::io::stdout().lock();
    let result = writeln!(out, "{}", line.trim_end_matches('\n')).and_then(|()| out.flush());
    match result.map_err(CliError::from_output) {
        Ok(()) => Ok(true),
        Err(None) => Ok(false),
        Err(Some(error)) => Err(error),
    }
}
