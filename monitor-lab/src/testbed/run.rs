//! Running a command to its end.

use super::wait::BOUND;
use crate::LabError;
use crate::children::Guarded;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::process::Command;
use std::time::Duration;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    /// Holds a refusal to its form: nothing on standard output, one line for
    /// people on standard error with each of `parts`, no sign of a crash.
    pub fn refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.ends_with('\n'), "{self:?}");
        self.says(parts);
    }

    /// Standard error has each of `parts`, and no sign of a crash or a dump.
    pub fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.stderr.contains(part), "{self:?}\nlacks {part:?}");
        }
        for crash in [
            "panicked",
            "stack backtrace",
            "RUST_BACKTRACE",
            "processed ",
        ] {
            assert!(!self.stderr.contains(crash), "{self:?}");
        }
    }
}

/// Runs `command` to its end without input.
///
/// # Errors
/// As [`finish_with`].
pub fn finish(command: &mut Command) -> Result<Ended, LabError> {
    finish_with(command, "")
}

/// Runs `command` to its end, with `input` on standard input.
///
/// # Errors
/// If it cannot be started, or does not end within [`BOUND`].
pub fn finish_with(command: &mut Command, input: &str) -> Result<Ended, LabError> {
    finish_within(BOUND, command, input)
}

/// The same for what takes long by itself, or waits for much one after the other.
///
/// # Errors
/// If it cannot be started, or does not end within `bound`.
pub fn finish_within(
    bound: Duration,
    command: &mut Command,
    input: &str,
) -> Result<Ended, LabError> {
    let name = format!("{command:?}");
    let failed = |error| LabError::io(format!("running {name}"))(error);
    let file = |text: &str| {
        let mut file = tempfile::tempfile().map_err(failed)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .map_err(failed)?;
        Ok::<File, LabError>(file)
    };
    let (stdin, stdout, stderr) = (file(input)?, file("")?, file("")?);
    command
        .stdin(stdin)
        .stdout(stdout.try_clone().map_err(failed)?)
        .stderr(stderr.try_clone().map_err(failed)?);
    let mut process = Guarded::start(command)?;
    let status = process.wait_within(bound);
    let stderr = text(stderr).map_err(failed)?;
    let Some(status) = status else {
        let until = format!("{name} ends: {stderr}");
        return Err(LabError::InVain { until, bound });
    };
    Ok(Ended {
        code: status.code(),
        stdout: text(stdout).map_err(failed)?,
        stderr,
    })
}

fn text(mut file: File) -> io::Result<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_string(&mut text)?;
    Ok(text)
}
