//! Running a command to its end.

use super::BOUND;
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The command under test.
pub const TCPLULL: &str = env!("CARGO_BIN_EXE_tcplull");

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    pub stdout: String,
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

/// `tcplull` with these arguments.
pub fn tcplull(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(TCPLULL);
    command.args(arguments);
    command
}

/// Runs `command` to its end, with `input` on standard input.
///
/// # Errors
/// If it does not end within [`BOUND`].
pub fn finish_with(command: &mut Command, input: &str) -> Result<Ended, Failed> {
    let [mut stdin, stdout, stderr] = [
        tempfile::tempfile()?,
        tempfile::tempfile()?,
        tempfile::tempfile()?,
    ];
    stdin.write_all(input.as_bytes())?;
    stdin.seek(SeekFrom::Start(0))?;
    let mut process = Guarded::start(
        command
            .stdin(Stdio::from(stdin))
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?),
    )?;
    let Some(status) = process.wait_within(BOUND) else {
        return Err(format!(
            "{command:?} did not end within {BOUND:?}: {}",
            text(stderr)?
        )
        .into());
    };
    Ok(Ended {
        code: status.code(),
        stdout: text(stdout)?,
        stderr: text(stderr)?,
    })
}

/// Runs `command` to its end without input.
///
/// # Errors
/// As [`finish_with`].
pub fn finish(command: &mut Command) -> Result<Ended, Failed> {
    finish_with(command, "")
}

fn text(mut file: File) -> Result<String, Failed> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Where `promtool` is: on the search path, or where `cargo xtask` puts it.
pub fn promtool() -> Option<PathBuf> {
    let search = env::var_os("PATH").unwrap_or_default();
    let cache = env::home_dir().map(|home| home.join(".cache/tcplull/bin"));
    env::split_paths(&search)
        .chain(cache)
        .map(|place| place.join("promtool"))
        .find(|file| file.is_file())
}

/// Whether sockets can be watched one by one here, as `tcplull check` finds.
pub fn watches_per_socket() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let place = tempfile::tempdir().ok();
        let ended = place.and_then(|place| {
            let socket = place.path().join("tcplull.sock");
            let check = ["check".as_ref(), "--socket".as_ref(), socket.as_os_str()];
            finish(&mut tcplull(check)).ok()
        });
        ended.is_some_and(|ended| ended.stdout.contains("sock_ops+iter/tcp"))
    })
}
