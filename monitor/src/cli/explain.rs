//! `tcplull explain`: which path and rules would apply to a connection, and why.

use super::arguments::{Context, TimeoutArgument};
use super::exit::CliError;
use super::help::Help;
use super::output::Output;
use crate::config::{self, Config, Endpoint, Overrides, explain};
use crate::text;
use clap::Args;
use monitor_kernel::Reading;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull explain 10.0.0.4 20.1.2.3:443",
            "which path that would be, and why",
        ),
        (
            "tcplull explain 10.0.0.4 20.1.2.3:443 --json | jq .path",
            "for scripts",
        ),
    ],
    findings: None,
};

/// It reads the configuration as it lies there, needs no daemon and no privileges, and looks no name up.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// This host's end, such as 10.0.0.4 or 10.0.0.4:51234
    local: Endpoint,
    /// The other end, such as 20.1.2.3:443 or [2001:db8::4]:443; paths for some ports go by its port
    remote: Endpoint,
    /// Configuration file [default: /etc/tcplull/config.toml, which may be absent]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    timeout: TimeoutArgument,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let (local, remote) = (arguments.local, arguments.remote);
    if local.address.is_ipv4() != remote.address.is_ipv4() {
        return Err(CliError::Usage(format!(
            "{local} and {remote} are no two ends of one connection: one is IPv4, the other IPv6"
        )));
    }
    let overrides = Overrides {
        timeout: arguments.timeout.timeout,
        ..Overrides::default()
    };
    let file = arguments.config.as_deref();
    let config = Config::load(file, Path::new(config::DEFAULT_FILE), &overrides)?;
    let now = Reading::now().map_err(|error| CliError::Io {
        what: "cannot read the clock",
        source: error.into(),
    })?;
    let told = explain(&config, local, remote, now.wall_unix_ns);
    let output = Output {
        json: arguments.json,
        header: String::new(),
        line: text::explained,
    };
    output.row(&told)?;
    Ok(ExitCode::SUCCESS)
}
