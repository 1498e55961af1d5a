//! Asking a running daemon, and writing what it answers.

use super::arguments::ConfigArguments;
use super::exit::{self, CliError};
use super::host::HostArguments;
use super::output::{Output, write};
use super::remark::remark;
use super::wrong::Shown;
use crate::client::{Answer, Client, Host, Question};
use crate::config::Overrides;
use crate::text;
use clap::Args;
use monitor_model::finding::Lagged;
use monitor_model::format::{json_shown, printable, told_line};
use monitor_model::told::Told;
use serde::de::DeserializeOwned;
use std::process::ExitCode;

/// Flags of a command that only a running daemon can answer.
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    // Boxed, for its size: the commands are one enum.
    #[command(flatten)]
    host: Box<HostArguments>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Asks the daemon and prints its rows, for people under `header` and as `line`
    /// lays them out.
    pub(super) fn ask<T: Told + DeserializeOwned + Shown>(
        &self,
        question: &Question,
        header: String,
        line: fn(&T) -> String,
    ) -> Result<ExitCode, CliError> {
        self.ask_for(&|_| true, question, header, line)
    }

    /// The same, of its rows only those that `takes` takes.
    pub(super) fn ask_for<T: Told + DeserializeOwned + Shown>(
        &self,
        takes: &dyn Fn(&str) -> bool,
        question: &Question,
        header: String,
        line: fn(&T) -> String,
    ) -> Result<ExitCode, CliError> {
        let config = self.config.load(Overrides::default())?;
        let output = Output {
            json: self.json,
            header,
            line,
        };
        print(&self.host.or(&config.socket), question, &output, takes).map(exit::code)
    }
}

/// Asks a daemon and writes each row that `takes` takes to standard output as it comes; answers whether one of them is
/// wrong.
pub(super) fn print<T: Told + DeserializeOwned + Shown>(
    host: &Host,
    question: &Question,
    output: &Output<T>,
    takes: &dyn Fn(&str) -> bool,
) -> Result<bool, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::Io {
            what: "cannot start the runtime",
            source,
        })?;
    runtime.block_on(async {
        let mut client = Client::ask(host, question).await?;
        tell_version(client.version());
        let mut wrong = false;
        if !output.begin()? {
            return Ok(wrong);
        }
        while let Some(answer) = client.next().await? {
            let line = match answer {
                Answer::Lagged(lagged) if output.json => {
                    told_line(&Lagged { lagged }).map_err(CliError::unwritten)?
                }
                Answer::Lagged(findings) => text::lagged_line(findings),
                Answer::Row(row) if !takes(&row) => continue,
                Answer::Row(row) if output.json => {
                    // Once one is wrong the others need not be read.
                    wrong = wrong || serde_json::from_str(&row).is_ok_and(|row: T| row.is_wrong());
                    json_shown(&row)
                }
                Answer::Row(row) => match serde_json::from_str::<T>(&row) {
                    Ok(row) => {
                        wrong |= row.is_wrong();
                        (output.line)(&row)
                    }
                    // A newer daemon may say more than this build can lay out.
                    Err(_) => printable(&row),
                },
            };
            if !write(&line)? {
                return Ok(wrong);
            }
        }
        Ok(wrong)
    })
}

/// Says that the daemon is of another version than this command: what one of them does not know, the other cannot show.
fn tell_version(daemon: &str) {
    let own = env!("CARGO_PKG_VERSION");
    if daemon != own {
        remark(&format!(
            "tcplull: this command is {own} and the daemon {daemon}: what only one of them knows is left out, or shown as it \
             came\n"
        ));
    }
}
