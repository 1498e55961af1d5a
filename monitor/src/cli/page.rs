//! `tcplull page`: the page in a browser, of what a snapshot has.

use super::arguments::Context;
use super::exit::CliError;
use super::help::Help;
use super::output::write;
use super::remark::remark;
use super::runtime::runtime;
use crate::opened::Opened;
use crate::surfaces::http::{AllowedHosts, HttpOptions, HttpServer};
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

const HELP: Help = Help {
    examples: &[
        (
            "tcplull page --from ticket.tar.gz",
            "says where it is, until Ctrl-C",
        ),
        (
            "tcplull page --from ticket.tar.gz --listen 127.0.0.1:9470",
            "at an address that is known before",
        ),
    ],
    findings: None,
};

/// Shows what a snapshot has in a browser on this machine: a running daemon shows its page itself. The first line of the output is
/// its address. Whoever is on this machine can look while it runs; `tcplull snapshot NEW --redact --from OLD` makes pseudonyms
/// before.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// The file, which `tcplull snapshot` wrote
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Where it listens, on the loopback address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), value_parser = loopback)]
    listen: SocketAddr,
}

/// An address that nobody elsewhere reaches.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "write it as 127.0.0.1:9470".to_owned())?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err(
            "a snapshot is shown on this machine alone, as 127.0.0.1 or [::1]; from elsewhere take a tunnel (ssh -L)"
                .to_owned(),
        ),
    }
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let opened = Opened::open(&arguments.from)?;
    remark(&format!("tcplull: {}\n", opened.describe()));
    runtime()?.block_on(serve(&opened, arguments.listen))
}

/// Serves it until SIGINT or SIGTERM.
async fn serve(opened: &Opened, listen: SocketAddr) -> Result<ExitCode, CliError> {
    let server = HttpServer::bind(HttpOptions {
        api: true,
        known: true,
        ..HttpOptions::plain(listen, AllowedHosts::default())
    })?;
    let heard = |kind| {
        signal(kind).map_err(|source| CliError::Io {
            what: "cannot wait for signals",
            source,
        })
    };
    let (mut interrupt, mut terminate) = (
        heard(SignalKind::interrupt())?,
        heard(SignalKind::terminate())?,
    );
    for address in server.addresses() {
        write(&format!("http://{address}/"))?;
    }
    let ends = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    server.serve(opened.api(), ends).await;
    Ok(ExitCode::SUCCESS)
}
