//! Other programs, started and waited for.

use crate::error::Error;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, ExitStatus, Output, Stdio};

/// Starts a command that runs beside this one.
pub fn start(command: &mut Command) -> Result<Child, Error> {
    let child = command.spawn();
    child.map_err(|source| Error::start(command, source))
}

/// Waits for the end of what was started.
pub fn wait(child: &mut Child) -> Result<ExitStatus, Error> {
    let status = child.wait();
    status.map_err(|source| Error::io("wait for a program that was started", source))
}

/// Runs a command to its end; `Ok` says how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus, Error> {
    let status = command.status();
    status.map_err(|source| Error::start(command, source))
}

/// Runs a command that reads nothing to its end, and takes its output.
pub fn output(command: &mut Command) -> Result<Output, Error> {
    let output = command.stdin(Stdio::null()).output();
    output.map_err(|source| Error::start(command, source))
}

/// Whether a command that reads and prints nothing succeeds.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a command to its end; shows each line of its stdout as it comes and hands it to `read`.
pub fn show_lines(command: &mut Command, mut read: impl FnMut(&str)) -> Result<ExitStatus, Error> {
    each_line(command, |line| {
        println!("{line}");
        read(line);
    })
}

/// Runs a command to its end, and hands each line of its stdout to `read` as it comes.
pub fn each_line(command: &mut Command, mut read: impl FnMut(&str)) -> Result<ExitStatus, Error> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(|source| Error::io("read test results", source))?;
            read(&String::from_utf8_lossy(&line));
        }
    }
    wait(&mut child)
}

/// Becomes the command, so that signals and the exit code are its own. Returns only on failure.
pub fn become_it(command: &mut Command) -> Result<ExitCode, Error> {
    let source = command.exec();
    Err(Error::start(command, source))
}
