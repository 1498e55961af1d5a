//! `tcplull cut`: ends exactly these connections, each by its socket's cookie, with the rights of whoever calls it. The daemon
//! says which they are, and is told of it afterwards; it ends nothing itself.

use super::alerts;
use super::arguments::{ConfigArguments, Context};
use super::client::{Wanted, connections, each};
use super::exit::{self, CliError};
use super::filters::{ConnectionFilterArguments, FilterArguments, UnitArgument};
use super::help::Help;
use super::listed::{Listed, ListedArguments};
use super::output::write;
use super::remark::remark;
use crate::client::{Answer, Host, Question};
use crate::config::Overrides;
use clap::Args;
use monitor_kernel::{ActError, Ended, Target, end, may_end};
use monitor_model::api::Cut;
use monitor_model::format::{count, json_line, printable};
use monitor_model::listing::ConnectionRow;
use monitor_query::{Field, Filter, List, nearest};
use std::io::{BufRead, IsTerminal, stdin};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull cut blackholed --dry-run",
            "which connections that would end; ends none",
        ),
        ("tcplull cut blackholed", "shows them, asks, and ends them"),
        (
            "tcplull cut blackholed --unit api.service --yes",
            "those of one unit, without asking",
        ),
        (
            "tcplull cut 1f-0a1b2c3d-4e5f6071 --yes",
            "one, by its id in `ls --json` or the log",
        ),
    ],
    findings: Some("one that was meant is left"),
};

/// Asks the daemon of this host which connections they are, shows them as `ls` does, and ends them: the application is told
/// at once (ECONNABORTED), and the peer by RST, if it is still there. What has become another connection meanwhile is left
/// alone. It takes CAP_NET_ADMIN, which root has; a dry run takes what `ls` does.
#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// Name of an alert, such as "blackholed": each connection that is in one of that name now; or the id of a connection
    #[arg(value_name = "ALERT|ID", value_parser = meant)]
    meant: Meant,
    #[command(flatten)]
    config: ConfigArguments,
    /// Show which would end, and end none
    #[arg(long)]
    dry_run: bool,
    /// End them without asking, as a script must
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// End so many at most
    #[arg(long, value_name = "CONNECTIONS", default_value = "1000")]
    most: NonZeroUsize,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    connection: ConnectionFilterArguments,
    #[command(flatten)]
    unit: UnitArgument,
}

/// Which connections are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meant {
    /// Those in alerts of this name.
    Alert(String),
    /// The one with this id.
    Connection(String),
}

fn meant(text: &str) -> Result<Meant, String> {
    let names = alerts::names();
    if names.contains(&text) {
        return Ok(Meant::Alert(text.to_owned()));
    }
    if cookie(text).is_some() {
        return Ok(Meant::Connection(text.to_owned()));
    }
    let near = nearest(text, names.into_iter().map(str::to_owned));
    let near = near.map(|name| format!("; did you mean {name}?"));
    Err(format!(
        "neither the name of an alert nor the id of a connection{}",
        near.unwrap_or_default()
    ))
}

/// The cookie in the id of a connection: what stands before the first `-`, in hex. Behind it stand two numbers of eight digits.
fn cookie(id: &str) -> Option<u64> {
    let (cookie, flow) = id.split_once('-')?;
    let (one, other) = flow.split_once('-')?;
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_flow = |text: &str| text.len() == 8 && is_hex(text);
    (is_hex(cookie) && is_flow(one) && is_flow(other))
        .then(|| u64::from_str_radix(cookie, 16).ok())
        .flatten()
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let acts = !arguments.dry_run;
    if acts && !arguments.yes && !stdin().is_terminal() {
        return Err(CliError::Usage(
            "there is no terminal to ask on: give --yes to end them, or --dry-run to see which"
                .to_owned(),
        ));
    }
    if acts {
        may_end()?;
    }
    let config = arguments.config.load(Overrides::default())?;
    let host = Host::Socket(config.socket);
    let (rows, left) = find(arguments, &host)?;
    if rows.is_empty() {
        return nothing(&arguments.meant);
    }
    let mut listed = Listed::new(&ListedArguments::usual(false), Filter::default());
    for row in &rows {
        listed.row(row.clone())?;
    }
    listed.end()?;
    let connections = count(rows.len() as u64, "connection");
    if left > 0 {
        remark(&format!(
            "tcplull: these are {connections}, and {left} more are left: --most says how many, and a filter which\n"
        ));
    }
    if arguments.dry_run {
        write(&format!(
            "{connections} would be ended; this is a dry run, and none is"
        ))?;
        return Ok(exit::code(left > 0));
    }
    if !arguments.yes && !agreed(&connections)? {
        remark("tcplull: none is ended\n");
        return Ok(exit::code(true));
    }
    act(&arguments.meant, &rows, left, &host)
}

/// Connections that are meant, as many as may be, and how many more there are.
fn find(arguments: &Arguments, host: &Host) -> Result<(Vec<ConnectionRow>, u64), CliError> {
    let mut others = arguments.connection.filters()?;
    others.extend(arguments.unit.filters()?);
    others.push(match &arguments.meant {
        Meant::Alert(name) => Filter::is(Field::Name, name)?,
        Meant::Connection(id) => Filter::is(Field::Id, id)?,
    });
    let filter = arguments.filter.filter(List::Connections, others)?;
    let (mut rows, mut left) = (Vec::new(), 0);
    connections(host, &Wanted::all(&filter), false, &mut |answer| {
        if let Answer::Row(text) = answer {
            match serde_json::from_str::<ConnectionRow>(&text) {
                Ok(row) if !filter.matches(&row) => {}
                Ok(row) if rows.len() < arguments.most.get() => rows.push(row),
                Ok(_) => left += 1,
                // What cannot be read is not known to be meant.
                Err(_) => {}
            }
        }
        Ok(true)
    })?;
    Ok((rows, left))
}

/// Says that there is nothing to end.
fn nothing(meant: &Meant) -> Result<ExitCode, CliError> {
    match meant {
        Meant::Alert(name) => {
            write(&format!(
                "no connection that is asked for is in an alert {name} now"
            ))?;
            Ok(exit::code(false))
        }
        Meant::Connection(id) => Err(CliError::NoConnection { id: id.clone() }),
    }
}

/// Whether whoever sits there says yes.
fn agreed(connections: &str) -> Result<bool, CliError> {
    remark(&format!("End these? {connections} [y/N] "));
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    read.map_err(|source| CliError::Io {
        what: "cannot read the answer",
        source,
    })?;
    let answer = answer.trim().to_ascii_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes"))
}

/// Ends these connections, says of each what became of it, and tells the daemon. Of those that were meant so many are left
/// already.
fn act(
    meant: &Meant,
    rows: &[ConnectionRow],
    left: u64,
    host: &Host,
) -> Result<ExitCode, CliError> {
    let targets = rows.iter().map(target).collect::<Result<Vec<_>, _>>()?;
    let ended = end(&targets);
    // First the daemon: a reader that goes must not keep it from hearing.
    let ids = rows.iter().zip(&ended);
    let ids = ids.filter(|(_, ended)| **ended == Ok(Ended::Now));
    let ids: Vec<&str> = ids.map(|(row, _)| row.connection.id.as_str()).collect();
    tell(meant, &ids, host);
    let mut failed = None;
    let mut reads_on = true;
    for (row, ended) in rows.iter().zip(&ended) {
        reads_on = reads_on && write(&line(row, ended))?;
        if let Err(error) = ended {
            failed.get_or_insert_with(|| error.clone());
        }
    }
    if reads_on {
        write(&format!("{} ended", count(ids.len() as u64, "connection")))?;
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    Ok(exit::code(left > 0))
}

fn target(row: &ConnectionRow) -> Result<Target, CliError> {
    let connection = &row.connection;
    let end = |text: &str| {
        let address = text.parse::<SocketAddr>().ok()?;
        Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
    };
    let ends = end(&connection.local).zip(end(&connection.remote));
    let Some((cookie, (local, remote))) = cookie(&connection.id).zip(ends) else {
        return Err(CliError::NoConnection {
            id: connection.id.clone(),
        });
    };
    Ok(Target {
        cookie,
        netns: connection.netns,
        pid: row.owner.pid.unwrap_or(0),
        local,
        remote,
    })
}

/// What became of one.
fn line(row: &ConnectionRow, ended: &Result<Ended, ActError>) -> String {
    let connection = &row.connection;
    let became = match ended {
        Ok(Ended::Now) => "ended".to_owned(),
        Ok(Ended::Before) => "gone already".to_owned(),
        Ok(Ended::Replaced) => {
            "gone already; another connection has its addresses, and is left alone".to_owned()
        }
        Err(error) => error.to_string(),
    };
    let (id, local, remote) = (&connection.id, &connection.local, &connection.remote);
    printable(&format!("{id} {local} → {remote}: {became}"))
}

/// Has the daemon note what was ended. Where it does not, that is said, and what is done is done.
fn tell(meant: &Meant, ids: &[&str], host: &Host) {
    if ids.is_empty() {
        return;
    }
    let cut = Cut {
        alert: match meant {
            Meant::Alert(name) => Some(name.clone()),
            Meant::Connection(_) => None,
        },
        ended: ids.len() as u64,
        ids: ids
            .iter()
            .take(Cut::MOST)
            .map(|id| (*id).to_owned())
            .collect(),
    };
    let told = json_line(&cut)
        .map_err(CliError::unwritten)
        .and_then(|json| {
            let question = Question::telling("/api/v1/cuts", json);
            each(host, &question, &mut |_| Ok(true))
        });
    if let Err(error) = told {
        remark(&format!(
            "tcplull: the daemon's log and history do not have this: {error}\n"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_and_an_id_are_told_apart_and_a_typo_is_answered() {
        assert_eq!(meant("crossed"), Ok(Meant::Alert("crossed".to_owned())));
        let id = "1f-0a1b2c3d-4e5f6071";
        assert_eq!(meant(id), Ok(Meant::Connection(id.to_owned())));
        assert_eq!(cookie(id), Some(0x1f));
        assert!(meant("blackhold").is_err_and(|said| said.contains("did you mean blackholed?")));
        for none in [
            "",
            "-",
            "1f",
            "1f-",
            "1f-0a1b2c3d-4e5f607",
            "+f-0a1b2c3d-4e5f6071",
            "1f*",
        ] {
            assert!(meant(none).is_err(), "{none}");
        }
    }
}
