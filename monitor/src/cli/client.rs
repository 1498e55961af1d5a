//! Asking a running daemon, and writing what it answers.

use super::answerer::{Answerer, AskArguments};
use super::exit::{self, CliError};
use super::output::{Output, nobody_reads, write};
use super::past::Earlier;
use super::remark::remark;
use super::runtime::runtime;
use super::wrong::Shown;
use crate::client::{Answer, Client, ClientError, Host, Question};
use crate::text;
use clap::Args;
use monitor_model::api::ApiError;
use monitor_model::finding::Lagged;
use monitor_model::format::{printable, told_line};
use monitor_model::told::Told;
use monitor_query::{Filter, Sort};
use serde::de::DeserializeOwned;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Once;
use tokio::time::sleep;

/// Flags of a command that asks, and writes what it is answered.
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) ask: AskArguments,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

impl Arguments {
    /// Asks and prints the rows, those that `takes` takes, behind those that were told before; for people under
    /// `header` and as `line` lays them out.
    pub(super) fn ask_for<T: Told + DeserializeOwned + Shown>(
        &self,
        answerer: &Answerer,
        takes: &dyn Fn(&str) -> bool,
        earlier: Option<Earlier>,
        question: &Question,
        header: String,
        line: fn(&T) -> String,
    ) -> Result<ExitCode, CliError> {
        let output = Output {
            json: self.json,
            header,
            line,
        };
        print_after(earlier, answerer, question, &output, takes).map(exit::code)
    }
}

/// Asks a daemon, and gives `take` each row as it comes, until it says that nobody reads on.
pub(super) fn each(
    host: &Host,
    question: &Question,
    take: &mut dyn FnMut(Answer) -> Result<bool, CliError>,
) -> Result<(), CliError> {
    runtime()?.block_on(async {
        let mut client = Client::ask(host, question).await?;
        tell_version(client.version());
        while let Some(answer) = client.next().await? {
            if !take(answer)? {
                break;
            }
        }
        Ok(())
    })
}

/// Which connections a daemon is asked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    /// Those that it takes.
    pub(super) filter: &'a Filter,
    /// The first of them in this order; in none, where it is not given.
    pub(super) sort: Option<Sort>,
    /// So many at the most.
    pub(super) limit: Option<usize>,
}

impl<'a> Wanted<'a> {
    /// All that the filter takes.
    pub(super) const fn all(filter: &'a Filter) -> Self {
        Self {
            filter,
            sort: None,
            limit: None,
        }
    }
}

/// What a daemon has made of that.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chosen {
    /// It told what is wanted, and left out so many more of those that it put in order.
    Wanted {
        /// How many.
        left_out: u64,
    },
    /// It told all that there are.
    All,
}

/// Asks for these connections, and gives `take` each as [`each`] does. A daemon that cannot tell them from the rest is asked
/// for all, so `take` looks at each itself.
pub(super) fn connections(
    host: &Host,
    wanted: &Wanted<'_>,
    verbose: bool,
    take: &mut dyn FnMut(Answer) -> Result<bool, CliError>,
) -> Result<Chosen, CliError> {
    const PATH: &str = "/api/v1/connections";
    let filter = (!wanted.filter.is_all()).then(|| ("filter", wanted.filter.to_string()));
    let sort = wanted.sort.map(|sort| ("sort", sort.to_string()));
    let limit = wanted.limit.map(|limit| ("limit", limit.to_string()));
    let parameters: Vec<_> = filter.into_iter().chain(sort).chain(limit).collect();
    match each(host, &Question::part(PATH, &parameters), take) {
        // Where they are in no order this is a list that is not whole.
        Err(CliError::Client(ClientError::Refused(ApiError {
            left_out: Some(left_out),
            ..
        }))) if wanted.sort.is_some() => Ok(Chosen::Wanted { left_out }),
        Err(CliError::Client(ClientError::NotAskedSo(reason))) if !parameters.is_empty() => {
            if verbose {
                remark(&format!(
                    "tcplull: the daemon is asked for all connections, for it cannot choose: {}\n",
                    printable(&reason)
                ));
            }
            each(host, &Question::list(PATH), take).map(|()| Chosen::All)
        }
        asked => asked.map(|()| Chosen::Wanted { left_out: 0 }),
    }
}

/// Asks and writes each row that `takes` takes to standard output as it comes, behind what was told before: where no
/// daemon runs, that alone. Answers whether one of them is wrong.
fn print_after<T: Told + DeserializeOwned + Shown>(
    mut earlier: Option<Earlier>,
    answerer: &Answerer,
    question: &Question,
    output: &Output<T>,
    takes: &dyn Fn(&str) -> bool,
) -> Result<bool, CliError> {
    let host = answerer.host();
    runtime()?.block_on(async {
        // First the question, so that nothing falls between what was told and what will be.
        let client = match Client::ask(host, question).await {
            Err(ClientError::NobodyAnswers { .. } | ClientError::NotAllowed { .. })
                if earlier.is_some() =>
            {
                None
            }
            asked => Some(asked?),
        };
        answerer.begin();
        if let Some(client) = &client {
            tell_version(client.version());
        }
        let mut wrong = false;
        if !output.begin()? {
            return Ok(wrong);
        }
        if let Some(earlier) = &mut earlier
            && !earlier.show(output, takes, &mut wrong).await?
        {
            return Ok(wrong);
        }
        let Some(mut client) = client else {
            remark(&format!(
                "tcplull: no daemon answers on {host}: this is the history alone\n"
            ));
            return Ok(wrong);
        };
        // What a daemon has said but its history did not have yet, which a thread of its own writes.
        let mut late = earlier.is_some();
        let mut gone = pin!(nobody_reads());
        loop {
            let mut next = pin!(client.next());
            let answer = loop {
                tokio::select! {
                    answer = &mut next => break answer?,
                    () = &mut gone => return Ok(wrong),
                    () = sleep(Earlier::LATE), if late => {
                        late = false;
                        if let Some(earlier) = &mut earlier && !earlier.show(output, takes, &mut wrong).await? {
                            return Ok(wrong);
                        }
                    }
                }
            };
            let Some(answer) = answer else { break };
            let line = match answer {
                Answer::Lagged(lagged) if output.json => {
                    told_line(&Lagged { lagged }).map_err(CliError::unwritten)?
                }
                Answer::Lagged(findings) => text::lagged_line(findings),
                Answer::Row(row) if !takes(&row) => continue,
                Answer::Row(row)
                    if earlier
                        .as_mut()
                        .is_some_and(|earlier| !earlier.is_new(&row)) =>
                {
                    continue;
                }
                Answer::Row(row) => output.laid_out(&row, &mut wrong),
            };
            if !write(&line)? {
                return Ok(wrong);
            }
        }
        Ok(wrong)
    })
}

/// Says, once, that the daemon is of another version than this command: what one of them does not know, the other cannot show.
fn tell_version(daemon: &str) {
    static TOLD: Once = Once::new();
    let own = env!("CARGO_PKG_VERSION");
    if daemon != own {
        TOLD.call_once(|| remark(&format!(
            "tcplull: this command is {own} and the daemon {daemon}: what only one of them knows is left out, or shown as it \
             came\n"
        )));
    }
}
