//! `tcplull man`: manual pages, made from the command line itself, for whoever packages it.

use super::Cli;
use super::arguments::Context;
use super::exit::CliError;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    /// The folder to write them into, which must be there: tcplull.1, and one for each command
    folder: PathBuf,
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    // A page for the command that prints help would say nothing.
    let command = Cli::command().disable_help_subcommand(true);
    // That of the machine that makes the pages says nothing of the one that reads them.
    let mut command = command.long_version(None);
    // So that each command knows its whole name.
    command.build();
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
    let written = [&command]
        .into_iter()
        .chain(shown)
        .try_for_each(|one| write(one, &arguments.folder));
    written.map_err(|source| CliError::Io {
        what: "cannot write the manual pages",
        source,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of one command.
fn write(command: &Command, folder: &Path) -> io::Result<()> {
    let help = command.get_after_long_help().map(ToString::to_string);
    let page = Man::new(command.clone().after_long_help(None));
    let mut text = Vec::new();
    page.render(&mut text)?;
    end(&help.unwrap_or_default()).to_writer(&mut text)?;
    fs::write(folder.join(page.get_filename()), text)
}

/// What the help ends with, as sections: examples keep their lines.
fn end(help: &str) -> Roff {
    let (examples, codes) = help.split_once("\n\n").unwrap_or((help, ""));
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in examples.lines().skip(1) {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []).control("SH", ["EXIT STATUS"]);
    roff.text([roman(codes.trim_start_matches("Exit code: "))]);
    roff
}
