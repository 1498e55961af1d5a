//! Where the history is kept, and how much of it: `[history]`.

use super::duration::MAX_AGE;
use super::error::{Fault, Problem};
use super::socket::DEFAULT_SOCKET;
use super::table::{Section, Text};
use monitor_store::{LEAST_BYTES, MOST_BYTES, Settings};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

const KEYS: &[&str] = &["dir", "max_bytes", "max_age"];

/// Where the host's daemon keeps its history. One with a socket of its own is another one, and keeps none unless it is
/// told where.
const DEFAULT_DIR: &str = "/var/lib/tcplull/history";

/// 64 MiB: findings take some 400 bytes each, so that is more than two hours of a thousand a minute, and years of a few
/// a day.
const DEFAULT_BYTES: u64 = 64 << 20;

/// `[history]` as the file has it.
#[derive(Debug, Default)]
pub(super) struct FileHistory {
    dir: Option<PathBuf>,
    max_bytes: Option<u64>,
    max_age: Option<Duration>,
}

/// Reads the table `[history]`.
pub(super) fn parse<'a>(table: DeTable<'a>, text: Text<'a>) -> Result<FileHistory, Fault> {
    let mut section = Section::new(table, text, "in [history]", KEYS)?;
    let want = "a folder in quotes such as \"/var/lib/tcplull/history\"";
    let dir = section
        .string("dir", want)?
        .map(|found| found.try_map(dir))
        .transpose()?;
    let max_bytes = section
        .number("max_bytes")?
        .map(|found| found.try_map(bytes))
        .transpose()?;
    Ok(FileHistory {
        dir: dir.map(|found| found.value),
        max_bytes: max_bytes.map(|found| found.value),
        max_age: section
            .duration("max_age", &MAX_AGE)?
            .map(|found| found.value),
    })
}

/// What it comes to for a daemon with this inspection socket; `None` for no history. `state` is what systemd says
/// where a unit has `StateDirectory=` (systemd.exec(5)): folders, with colons between them.
pub(super) fn settings(
    file: FileHistory,
    socket: &Path,
    state: Option<OsString>,
) -> Option<Settings> {
    let state = state.and_then(|state| {
        let first = state.to_str()?.split(':').next()?;
        Path::new(first)
            .is_absolute()
            .then(|| Path::new(first).join("history"))
    });
    let usual = (socket == Path::new(DEFAULT_SOCKET)).then(|| PathBuf::from(DEFAULT_DIR));
    let settings = Settings {
        dir: file.dir.or(state).or(usual)?,
        max_bytes: file.max_bytes.unwrap_or(DEFAULT_BYTES),
        max_age: file.max_age,
    };
    (settings.max_bytes > 0).then_some(settings)
}

fn dir(text: String) -> Result<PathBuf, Problem> {
    let dir = PathBuf::from(&text);
    if dir.is_absolute() {
        Ok(dir)
    } else {
        Err(Problem::HistoryDir { text })
    }
}

fn bytes(value: f64) -> Result<u64, Problem> {
    let (least, most) = (LEAST_BYTES, MOST_BYTES);
    let within = value == 0.0 || (least as f64..=most as f64).contains(&value);
    if within && value.fract() == 0.0 {
        // Whole, and in range.
        Ok(value as u64)
    } else {
        Err(Problem::HistoryBytes { value, least, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: FileHistory, socket: &str, state: Option<&str>) -> Option<String> {
        let settings = settings(file, Path::new(socket), state.map(OsString::from));
        settings.map(|settings| settings.dir.display().to_string())
    }

    #[test]
    fn the_hosts_daemon_keeps_one_and_another_where_it_is_told() {
        let unset = FileHistory::default;
        let own = "/run/other.sock";
        for (socket, state, expected) in [
            (DEFAULT_SOCKET, None, Some("/var/lib/tcplull/history")),
            (own, None, None),
            (
                own,
                Some("/var/lib/other:/var/lib/more"),
                Some("/var/lib/other/history"),
            ),
            (own, Some(""), None),
            (own, Some("relative"), None),
        ] {
            assert_eq!(
                place(unset(), socket, state).as_deref(),
                expected,
                "{socket} {state:?}"
            );
        }
        let told = || FileHistory {
            dir: Some("/data/history".into()),
            ..unset()
        };
        assert_eq!(
            place(told(), own, Some("/x")).as_deref(),
            Some("/data/history")
        );
        let off = FileHistory {
            max_bytes: Some(0),
            ..told()
        };
        assert_eq!(place(off, DEFAULT_SOCKET, None), None);
    }
}
