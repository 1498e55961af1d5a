//! The scope, in the file (`[scope]`) and by flags.

use super::error::{Fault, Problem};
use super::table::{Section, Text};
use monitor_kernel::{Netns, Scope};
use std::path::PathBuf;
use toml::de::DeTable;

const KEYS: &[&str] = &["cgroup", "netns", "unit", "pid"];

/// Longest name of a unit, in bytes (`UNIT_NAME_MAX` of systemd).
const LONGEST_UNIT: usize = 255;

/// Reads the table `[scope]`.
pub(super) fn parse<'a>(table: DeTable<'a>, text: Text<'a>) -> Result<Scope, Fault> {
    let mut section = Section::new(table, text, "in [scope]", KEYS)?;
    let cgroup = section
        .string("cgroup", "a path in quotes such as \"/system.slice\"")?
        .map(|found| found.try_map(|text| cgroup(&text)));
    let netns = section
        .string(
            "netns",
            "a file or a process's number in quotes such as \"/run/netns/blue\"",
        )?
        .map(|found| found.try_map(|text| netns(&text)));
    let unit = section
        .string("unit", "a name in quotes such as \"api.service\"")?
        .map(|found| found.try_map(|text| unit(&text)));
    let pid = section
        .number("pid")?
        .map(|found| found.try_map(|number| pid(&number.to_string())));
    Ok(Scope {
        cgroup: cgroup.transpose()?.map(|found| found.value),
        netns: netns.transpose()?.map(|found| found.value),
        unit: unit.transpose()?.map(|found| found.value),
        pid: pid.transpose()?.map(|found| found.value),
    })
}

/// The file's scope with the flags' members in place of its own.
pub(super) fn merge(file: Scope, flags: &Scope) -> Scope {
    Scope {
        cgroup: flags.cgroup.clone().or(file.cgroup),
        netns: flags.netns.clone().or(file.netns),
        unit: flags.unit.clone().or(file.unit),
        pid: flags.pid.or(file.pid),
    }
}

fn wrong(key: &'static str, text: &str, want: &'static str) -> Problem {
    Problem::Scope {
        key,
        text: text.to_owned(),
        want,
    }
}

fn cgroup(text: &str) -> Result<PathBuf, Problem> {
    let path = PathBuf::from(text);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(wrong(
            "cgroup",
            text,
            "path from the hierarchy's root; write it as \"/system.slice/api.service\"",
        ))
    }
}

fn netns(text: &str) -> Result<Netns, Problem> {
    if let Ok(pid) = pid(text) {
        return Ok(Netns::OfProcess(pid));
    }
    let path = PathBuf::from(text);
    if path.is_absolute() {
        Ok(Netns::Path(path))
    } else {
        Err(wrong(
            "netns",
            text,
            "network namespace; write a file such as \"/run/netns/blue\", or a process's number",
        ))
    }
}

fn unit(text: &str) -> Result<String, Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
    if (1..=LONGEST_UNIT).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('.')
    {
        Ok(text.to_owned())
    } else {
        Err(wrong(
            "unit",
            text,
            "name of a unit; write it as \"api.service\"",
        ))
    }
}

fn pid(text: &str) -> Result<u32, Problem> {
    text.parse()
        .ok()
        .filter(|pid| (1..=i32::MAX.unsigned_abs()).contains(pid))
        .ok_or_else(|| wrong("pid", text, "process's number; write it as 1234"))
}

/// Reads `--cgroup`.
///
/// # Errors
/// What would be right.
pub fn parse_cgroup(text: &str) -> Result<PathBuf, Problem> {
    cgroup(text)
}

/// Reads `--netns`.
///
/// # Errors
/// What would be right.
pub fn parse_netns(text: &str) -> Result<Netns, Problem> {
    netns(text)
}

/// Reads `--unit`.
///
/// # Errors
/// What would be right.
pub fn parse_unit(text: &str) -> Result<String, Problem> {
    unit(text)
}

/// Reads `--pid`.
///
/// # Errors
/// What would be right.
pub fn parse_pid(text: &str) -> Result<u32, Problem> {
    pid(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_take_the_place_of_the_files_members_one_by_one() {
        let file = Scope {
            unit: Some("api.service".into()),
            pid: Some(7),
            ..Scope::default()
        };
        let flags = Scope {
            pid: Some(8),
            ..Scope::default()
        };
        let merged = merge(file, &flags);
        assert_eq!(
            (merged.unit.as_deref(), merged.pid),
            (Some("api.service"), Some(8))
        );
    }

    #[test]
    fn a_network_namespace_is_a_file_or_a_process() {
        assert_eq!(netns("12"), Ok(Netns::OfProcess(12)));
        assert_eq!(
            netns("/run/netns/12"),
            Ok(Netns::Path("/run/netns/12".into()))
        );
        for text in ["blue", "", "0", "-1", "12345678901"] {
            assert!(netns(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_unit_process_or_path_is_refused() {
        assert_eq!(
            unit("getty@tty1.service").as_deref(),
            Ok("getty@tty1.service")
        );
        assert_eq!(
            unit("dev-disk-by\\x2duuid.swap").as_deref(),
            Ok("dev-disk-by\\x2duuid.swap")
        );
        for text in ["", "..", "a/b", "a b", "\u{1b}[2J"] {
            assert!(unit(text).is_err(), "{text:?}");
        }
        for text in ["", "0", "x", "2147483648", "1.5"] {
            assert!(pid(text).is_err(), "{text:?}");
        }
        assert!(cgroup("system.slice").is_err());
    }
}
