//! The program that is packed, and asking it.

use crate::architecture::Architecture;
use crate::error::Error;
use crate::{command, setup};
use std::path::PathBuf;
use std::process::Command;

/// A static program.
#[derive(Debug)]
pub struct Program {
    /// Where it lies.
    pub file: PathBuf,
    /// What it is built for.
    pub architecture: &'static Architecture,
}

impl Program {
    /// It with these arguments, by an emulator where it is of another machine than this.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match self.architecture.is_own() {
            true => Command::new(&self.file),
            false => {
                let runner = self.architecture.runner();
                let found = setup::find(&runner).unwrap_or_else(|| runner.into());
                let mut command = Command::new(found);
                command.arg(&self.file);
                command
            }
        };
        command.args(arguments);
        command
    }

    /// Runs it with these arguments; answers what it prints.
    pub fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, Error> {
        let output = command::output(&mut self.command(arguments))?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(Error::failed(
                format!("tcplull {}", arguments.join(" ")),
                output.status,
            )),
        }
    }
}
