//! Asking the program that is packed.

use crate::command;
use crate::error::Error;
use std::path::Path;
use std::process::Command;

/// Runs `tcplull` with these arguments; answers what it prints.
pub(super) fn ask(tcplull: &Path, arguments: &[&str]) -> Result<Vec<u8>, Error> {
    let output = command::output(Command::new(tcplull).args(arguments))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(Error::failed(
            format!("tcplull {}", arguments.join(" ")),
            output.status,
        )),
    }
}
