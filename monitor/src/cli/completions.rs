//! `tcplull completions`: what a shell needs to complete commands and flags, made from the command line itself.

use super::Cli;
use super::arguments::Context;
use super::exit::CliError;
use super::help::Help;
use super::output::write;
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        ("source <(tcplull completions bash)", "for this shell"),
        (
            "tcplull completions zsh > _tcplull",
            "a file for a folder of $fpath",
        ),
        (
            "tcplull completions fish > tcplull.fish",
            "a file for ~/.config/fish/completions",
        ),
    ],
    findings: None,
};

#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// For which shell
    shell: Shell,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, name, &mut script);
    write(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
