//! `tcplull ls`: the connections of this host.

use super::arguments::{
    ConfigArguments, Context, KernelArguments, ScopeArguments, TimeoutArgument,
};
use super::client::print;
use super::exit::CliError;
use super::output::Output;
use super::remark::remark;
use crate::client::{ClientError, Host, Question};
use crate::config::Overrides;
use crate::daemon::list_once;
use crate::text;
use clap::Args;
use monitor_kernel::HostView;
use std::process::ExitCode;

/// A running daemon is asked, so that its paths apply. Where none runs, or a
/// timeout or a scope is stated here, this command looks for itself.
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    timeout: TimeoutArgument,
    #[command(flatten)]
    scope: ScopeArguments,
    #[command(flatten)]
    kernel: KernelArguments,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let config = arguments.config.load(Overrides {
        timeout: arguments.timeout.timeout,
        scope: arguments.scope.scope(),
        ..Overrides::default()
    })?;
    let output = Output {
        json: arguments.json,
        header: text::connection_header(),
        line: text::connection_line,
    };
    if arguments.timeout.timeout.is_none() && arguments.scope.scope().is_all() {
        let question = Question::list("/api/v1/connections");
        match print(
            &Host::Socket(config.socket.clone()),
            &question,
            &output,
            &|_| true,
        ) {
            Ok(()) => return Ok(ExitCode::SUCCESS),
            // Who names a socket means the daemon on it.
            Err(CliError::Client(ClientError::NobodyAnswers { .. }))
                if arguments.config.socket.is_none() => {}
            Err(error) => return Err(error),
        }
    }
    output.all(&list_once(&config, &arguments.kernel.btf)?)?;
    if !HostView::own().processes {
        let (lacks, remedy) = (HostView::LACKS, HostView::REMEDY);
        remark(&format!("tcplull: this lists {lacks}; {remedy}\n"));
    }
    Ok(ExitCode::SUCCESS)
}
