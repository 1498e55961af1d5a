//! The configuration file as it is written: every value optional, each with its line.

use super::alertmanager::{self, Alertmanager, Notifications};
use super::close_wait;
use super::cpu_budget::{self, CpuBudget};
use super::duration::{MIN_GAP, PAGE_AFTER, SWEEP_INTERVAL, SWEEP_INTERVAL_MAX, TIMEOUT};
use super::error::{Fault, Hint, Place, Problem};
use super::heal;
use super::history::{self, FileHistory};
use super::hosts;
use super::log;
use super::metrics::{self, MetricsConfig};
use super::prefix;
use super::presets::{self, Preset};
use super::rules;
use super::scope;
use super::socket::{SocketGroup, parse_socket_group};
use super::sweeps;
use super::table::{Lined, Section, Text, string, wrong_type};
use super::web::{self, WebChoice};
use ipnet::IpNet;
use monitor_common::PathClock;
use monitor_heal::Rule;
use monitor_judge::{Dialogue, PathRules, PeerRole};
use monitor_kernel::Scope;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use toml::de::{DeTable, DeValue};

/// Longest name of a path, in bytes: it labels metrics and columns.
const LONGEST_NAME: usize = 63;

const FILE_KEYS: &[&str] = &[
    "listen",
    "allowed_hosts",
    "socket",
    "socket_group",
    "sweep_interval",
    "sweep_budget",
    "sweep_interval_max",
    "cpu_budget",
    "min_gap",
    "warn_at",
    "page_after",
    "log_rate",
    "close_wait_ticket",
    "history",
    "metrics",
    "alertmanager",
    "notifications",
    "scope",
    "web",
    "conf_dir",
    "path",
];
const PATH_KEYS: &[&str] = &[
    "name",
    "preset",
    "remote",
    "ports",
    "timeout",
    "clock",
    "dialogue",
    "role",
    rules::KEYS[0],
    rules::KEYS[1],
    rules::KEYS[2],
    rules::KEYS[3],
    "heal",
];

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct FileConfig {
    pub(super) listen: Option<SocketAddr>,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) socket: Option<PathBuf>,
    pub(super) socket_group: Option<SocketGroup>,
    pub(super) sweep_interval: Option<Duration>,
    pub(super) sweep_budget: Option<f64>,
    pub(super) sweep_interval_max: Option<Lined<Duration>>,
    pub(super) cpu_budget: Option<Lined<CpuBudget>>,
    pub(super) min_gap: Option<Duration>,
    pub(super) warn_at: Option<f64>,
    pub(super) page_after: Option<Duration>,
    pub(super) log_rate: Option<u32>,
    pub(super) close_wait_ticket: Option<u64>,
    pub(super) history: FileHistory,
    pub(super) metrics: MetricsConfig,
    pub(super) alertmanagers: Vec<Alertmanager>,
    pub(super) notifications: Notifications,
    pub(super) scope: Scope,
    pub(super) web: WebChoice,
    pub(super) conf_dir: Option<PathBuf>,
    pub(super) paths: Vec<FilePath>,
}

/// One `[[path]]`.
#[derive(Debug)]
pub(super) struct FilePath {
    /// Line of its header.
    pub(super) line: usize,
    pub(super) name: Option<Lined<String>>,
    pub(super) preset: Option<Lined<PresetChoice>>,
    pub(super) remote: Option<Lined<Vec<Lined<IpNet>>>>,
    pub(super) ports: Vec<u16>,
    pub(super) timeout: Option<Lined<Duration>>,
    pub(super) clock: Option<Lined<PathClock>>,
    pub(super) dialogue: Option<Dialogue>,
    pub(super) role: Option<Lined<PeerRole>>,
    pub(super) rules: PathRules,
    pub(super) heal: Option<Lined<Rule>>,
}

/// What `preset` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum PresetChoice {
    /// `"auto"`: the cloud this host runs in.
    Auto,
    /// One by its name.
    Named(&'static Preset),
}

fn table(lines: Text<'_>) -> Result<DeTable<'_>, Fault> {
    let table = DeTable::parse(lines.text).map_err(|error| {
        let line = error
            .span()
            .map_or(lines.before + 1, |span| lines.line(&span));
        let message: Vec<_> = error.message().lines().map(str::trim).collect();
        Place::Line(line).fault(Problem::Syntax(message.join("; ")))
    })?;
    Ok(table.into_inner())
}

/// Reads the text of a file of further paths: it has nothing else.
pub(super) fn parse_paths(lines: Text<'_>) -> Result<Vec<FilePath>, Fault> {
    let table = table(lines)?;
    let others = table.keys().filter(|key| {
        let key = key.get_ref().as_ref();
        key != "path" && FILE_KEYS.contains(&key)
    });
    if let Some(key) = others.min_by_key(|key| key.span().start) {
        let line = lines.line(&key.span());
        let key = key.get_ref().to_string();
        return Err(Place::Line(line).fault(Problem::NotInConfDir { key }));
    }
    let mut section = Section::new(table, lines, "in a file of paths", &["path"])?;
    paths(&mut section, lines)
}

/// Reads the text of a configuration file.
pub(super) fn parse(lines: Text<'_>) -> Result<FileConfig, Fault> {
    let mut section = Section::new(table(lines)?, lines, "at the top level", FILE_KEYS)?;
    let listen = section
        .string("listen", "an address in quotes such as \"127.0.0.1:9469\"")?
        .map(|found| found.try_map(|text| text.parse().map_err(|_| Problem::Listen { text })))
        .transpose()?;
    let socket = section
        .string(
            "socket",
            "a file name in quotes such as \"/run/tcplull/tcplull.sock\"",
        )?
        .map(|found| found.try_map(socket))
        .transpose()?;
    Ok(FileConfig {
        listen: listen.map(|found| found.value),
        allowed_hosts: hosts::allowed(&mut section)?,
        socket: socket.map(|found| found.value),
        socket_group: section
            .string("socket_group", "a group in quotes such as \"adm\"")?
            .map(|found| found.try_map(|text| parse_socket_group(&text)))
            .transpose()?
            .map(|found| found.value),
        sweep_interval: section
            .duration("sweep_interval", &SWEEP_INTERVAL)?
            .map(|found| found.value),
        sweep_budget: section
            .number("sweep_budget")?
            .map(|found| found.try_map(sweeps::budget))
            .transpose()?
            .map(|found| found.value),
        sweep_interval_max: section.duration("sweep_interval_max", &SWEEP_INTERVAL_MAX)?,
        cpu_budget: section
            .string("cpu_budget", cpu_budget::WANT)?
            .map(|found| found.try_map(|text| cpu_budget::parse_cpu_budget(&text)))
            .transpose()?,
        min_gap: section
            .duration("min_gap", &MIN_GAP)?
            .map(|found| found.value),
        warn_at: section
            .number("warn_at")?
            .map(|found| found.try_map(warn_at))
            .transpose()?
            .map(|found| found.value),
        page_after: section
            .duration("page_after", &PAGE_AFTER)?
            .map(|found| found.value),
        log_rate: section
            .number("log_rate")?
            .map(|found| found.try_map(log::rate))
            .transpose()?
            .map(|found| found.value),
        close_wait_ticket: section
            .number("close_wait_ticket")?
            .map(|found| found.try_map(close_wait::ticket))
            .transpose()?
            .map(|found| found.value),
        history: section
            .table("history", "a table, written [history]")?
            .map(|table| history::parse(table, lines))
            .transpose()?
            .unwrap_or_default(),
        metrics: section
            .table("metrics", "a table, written [metrics]")?
            .map(|table| metrics::parse(table, lines))
            .transpose()?
            .unwrap_or_default(),
        alertmanagers: alertmanager::all(&mut section, lines)?,
        notifications: section
            .table("notifications", "a table, written [notifications]")?
            .map(|table| alertmanager::notifications(table, lines))
            .transpose()?
            .unwrap_or_default(),
        scope: section
            .table("scope", "a table, written [scope]")?
            .map(|table| scope::parse(table, lines))
            .transpose()?
            .unwrap_or_default(),
        web: section
            .table("web", "a table, written [web]")?
            .map(|table| web::parse(table, lines))
            .transpose()?
            .unwrap_or_default(),
        conf_dir: section
            .string(
                "conf_dir",
                "a folder in quotes such as \"/etc/tcplull/conf.d\"",
            )?
            .map(|found| found.try_map(conf_dir))
            .transpose()?
            .map(|found| found.value),
        paths: paths(&mut section, lines)?,
    })
}

fn socket(text: String) -> Result<PathBuf, Problem> {
    let path = PathBuf::from(&text);
    // Relative to what, is anybody's guess for a daemon.
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(Problem::Socket { text })
    }
}

fn conf_dir(text: String) -> Result<PathBuf, Problem> {
    let path = PathBuf::from(&text);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(Problem::ConfDir { text })
    }
}

fn warn_at(value: f64) -> Result<f64, Problem> {
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err(Problem::WarnAt { value })
    }
}

fn paths<'a>(section: &mut Section<'a>, text: Text<'a>) -> Result<Vec<FilePath>, Fault> {
    let found = section.items("path", "").map_err(|fault| Fault {
        problem: Problem::PathNotArray,
        ..fault
    })?;
    let Some(items) = found else {
        return Ok(Vec::new());
    };
    items
        .value
        .into_iter()
        .map(|item| match item.value {
            DeValue::Table(table) => path(item.line, table, text),
            _ => Err(item.fault(Problem::PathNotArray)),
        })
        .collect()
}

fn path<'a>(line: usize, table: DeTable<'a>, text: Text<'a>) -> Result<FilePath, Fault> {
    let mut section = Section::new(table, text, "in [[path]]", PATH_KEYS)?;
    let name = section.string("name", "a name in quotes")?;
    let preset = section.string("preset", "a name in quotes such as \"azure-snat\"")?;
    let clock = section.string("clock", "\"packets\" or \"payload\"")?;
    let dialogue = section.string("dialogue", "\"client-asks\" or \"either-speaks\"")?;
    let role = section.string("role", "\"clients\" or \"servers\"")?;
    Ok(FilePath {
        line,
        name: name.map(|found| found.try_map(self::name)).transpose()?,
        preset: preset
            .map(|found| found.try_map(self::preset))
            .transpose()?,
        remote: remote(&mut section)?,
        ports: ports(&mut section)?,
        timeout: section.duration("timeout", &TIMEOUT)?,
        clock: clock.map(|found| found.try_map(self::clock)).transpose()?,
        dialogue: dialogue
            .map(|found| found.try_map(self::dialogue))
            .transpose()?
            .map(|found| found.value),
        role: role.map(|found| found.try_map(self::role)).transpose()?,
        rules: rules::parse(&mut section)?,
        heal: section
            .lined_table("heal", "a table, written [path.heal] below its [[path]]")?
            .map(|table| heal::parse(table, text))
            .transpose()?,
    })
}

fn name(name: String) -> Result<String, Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain) && name != "none" {
        Ok(name)
    } else {
        Err(Problem::Name {
            name,
            most: LONGEST_NAME,
        })
    }
}

fn preset(name: String) -> Result<PresetChoice, Problem> {
    if name == "auto" {
        return Ok(PresetChoice::Auto);
    }
    presets::find(&name)
        .map(PresetChoice::Named)
        .ok_or_else(|| {
            let known = presets::PRESETS.iter().map(|preset| preset.name);
            let known = std::iter::once("auto").chain(known);
            Problem::Preset {
                hint: Hint::whole(&name, known),
                name,
            }
        })
}

fn clock(text: String) -> Result<PathClock, Problem> {
    match text.as_str() {
        "packets" => Ok(PathClock::Packets),
        "payload" => Ok(PathClock::Payload),
        _ => Err(Problem::Clock { text }),
    }
}

fn dialogue(text: String) -> Result<Dialogue, Problem> {
    match text.as_str() {
        "client-asks" => Ok(Dialogue::ClientAsks),
        "either-speaks" => Ok(Dialogue::EitherSpeaks),
        _ => Err(Problem::Dialogue { text }),
    }
}

fn role(text: String) -> Result<PeerRole, Problem> {
    match text.as_str() {
        "clients" => Ok(PeerRole::Clients),
        "servers" => Ok(PeerRole::Servers),
        _ => Err(Problem::Role { text }),
    }
}

fn remote(section: &mut Section<'_>) -> Result<Option<Lined<Vec<Lined<IpNet>>>>, Fault> {
    let Some(items) = section.items("remote", "a list of prefixes such as [\"10.0.0.0/8\"]")?
    else {
        return Ok(None);
    };
    if items.value.is_empty() {
        return Err(items.fault(Problem::NoRemote));
    }
    let prefixes = items.value.into_iter().map(|item| {
        item.try_map(|value| {
            prefix::parse(&string(value, "remote", "a list of prefixes in quotes")?)
        })
    });
    Ok(Some(Lined {
        line: items.line,
        value: prefixes.collect::<Result<_, _>>()?,
    }))
}

fn ports(section: &mut Section<'_>) -> Result<Vec<u16>, Fault> {
    let Some(items) = section.items("ports", "a list of ports such as [443, 5432]")? else {
        return Ok(Vec::new());
    };
    let mut seen = HashSet::new();
    items
        .value
        .into_iter()
        .map(|item| {
            let port = item.try_map(port)?;
            if seen.insert(port.value) {
                Ok(port.value)
            } else {
                Err(port.fault(Problem::PortTwice { port: port.value }))
            }
        })
        .collect()
}

fn port(value: DeValue<'_>) -> Result<u16, Problem> {
    let DeValue::Integer(number) = &value else {
        return Err(wrong_type(
            "ports",
            "a list of ports such as [443, 5432]",
            &value,
        ));
    };
    u16::from_str_radix(number.as_str(), number.radix())
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| Problem::Port {
            value: number.to_string(),
        })
}
