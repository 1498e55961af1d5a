//! What is wrong with a configuration, and what would be right.

use humantime::format_duration;
use ipnet::IpNet;
use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};
use thiserror::Error;

/// Why there is no configuration to run with. One line for people; the command
/// ends with exit code 2.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot read the configuration: {source}; name a readable file with --config, or leave it out", file.display())]
    Read {
        /// The file as it was named.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a pipe, a directory, a device: reading it may wait for others.
    #[error("{}: no regular file; name one with --config, or leave it out", file.display())]
    NotAFile {
        /// The file as it was named.
        file: PathBuf,
    },
    /// The file is longer than any configuration can be.
    #[error("{}: longer than {limit} bytes; is this a configuration file?", file.display())]
    TooLong {
        /// The file as it was named.
        file: PathBuf,
        /// The most bytes that are read.
        limit: u64,
    },
    /// A line of the file is wrong.
    #[error("{}:{line}: {problem}", file.display())]
    Line {
        /// The file as it was named.
        file: PathBuf,
        /// The line at fault, counted from 1.
        line: usize,
        /// What is wrong, and what would be right.
        problem: Box<Problem>,
    },
    /// The folder of further paths cannot be read, or holds more than is read.
    #[error("{}: {reason}", dir.display())]
    ConfDir {
        /// The folder as it was named.
        dir: PathBuf,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A file of that folder cannot be read.
    #[error("{}: {reason}; mend it, or take it out of this folder", file.display())]
    DropIn {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that the configuration names is not there, or not what it should be.
    #[error("{place}: {key}: {file:?}: {reason}")]
    NamedFile {
        /// The configuration file and the line.
        place: String,
        /// The key that names it.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A flag of the command line is wrong.
    #[error("{flag}: {problem}")]
    Flag {
        /// The flag, with its dashes.
        flag: &'static str,
        /// What is wrong, and what would be right.
        problem: Box<Problem>,
    },
}

/// What is wrong with a line or a flag, and what would be right.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(
    missing_docs,
    reason = "the messages say what the variants and their fields are"
)]
pub enum Problem {
    #[error("not valid TOML: {0}")]
    Syntax(String),
    #[error("not UTF-8 text; save the file as UTF-8")]
    NotText,
    #[error("unknown key {key:?} {place}; {hint}")]
    UnknownKey {
        key: String,
        place: &'static str,
        hint: Hint,
    },
    #[error("{key} must be {want}, not {got}")]
    WrongType {
        key: &'static str,
        want: &'static str,
        got: &'static str,
    },
    #[error("a path is written [[path]], with two brackets on each side")]
    PathNotArray,
    #[error("{key}: {problem}")]
    Duration {
        key: &'static str,
        problem: DurationProblem,
    },
    #[error(
        "listen: {text:?} is no address with a port; write it as \"127.0.0.1:9469\" or \"[::1]:9469\""
    )]
    Listen { text: String },
    #[error(
        "{text:?} is no address to listen on; write it as \"127.0.0.1:9469\", \"[::1]:9469\", or \":9469\" for every address of this host"
    )]
    WebListen { text: String },
    #[error(
        "more than {most} addresses to listen on; \":9469\" stands for every address of this host"
    )]
    TooManyAddresses { most: usize },
    #[error(
        "{text:?} is no path for the metrics; write one such as \"/metrics\", of letters, digits, '.', '-', '_', '~' and '/', and none that is taken (/healthz, /readyz, /api, /page)"
    )]
    TelemetryPath { text: String },
    #[error(
        "socket_group: {text:?} is no name of a group; write it as \"adm\", or its number as \"4\""
    )]
    SocketGroup { text: String },
    #[error("config_file: {text:?} is no absolute path; write it as \"/etc/tcplull/web.yml\"")]
    WebConfigFile { text: String },
    #[error(
        "allowed_hosts: {text:?} is no name of a host; write it as \"node.example\", or \"*.example\" for all below it, without a port; addresses need not be listed"
    )]
    Host { text: String },
    #[error(
        "allowed_hosts: more than {most} names; one such as \"*.example\" stands for all below it"
    )]
    TooManyHosts { most: usize },
    #[error("socket: {text:?} is no absolute path; write it as \"/run/tcplull/tcplull.sock\"")]
    Socket { text: String },
    #[error(
        "sweep_budget is {value}; it must lie between {least} and 1, which is a whole core, such as 0.01"
    )]
    SweepBudget { value: f64, least: f64 },
    #[error("sweep_interval_max is {}, below sweep_interval ({}); raise it, or leave it out", format_duration(*most), format_duration(*interval))]
    SweepIntervals { most: Duration, interval: Duration },
    #[error(
        "cpu_budget is {text:?}; write a share of one core from {least}% to {most}%, such as \"50%\", or \"off\""
    )]
    CpuBudget { text: String, least: f64, most: f64 },
    #[error(
        "cpu_budget is {percent}%, and sweeps and looks at silent sockets alone may take {sweeps}% (sweep_budget = {sweep_budget}, twice); raise cpu_budget above that, or lower sweep_budget"
    )]
    CpuBudgetOfSweeps {
        percent: f64,
        sweeps: f64,
        sweep_budget: f64,
    },
    #[error("log_rate is {value}; it must be a whole number from 1 to {most}, such as 50")]
    LogRate { value: f64, most: u32 },
    #[error(
        "close_wait_ticket is {value}; it must be a whole number from 1 to {most}, such as 100"
    )]
    CloseWaitTicket { value: f64, most: u64 },
    #[error("dir: {text:?} is no absolute path; write it as \"/var/lib/tcplull/history\"")]
    HistoryDir { text: String },
    #[error(
        "max_bytes is {value}; it must be a whole number from {least} to {most}, such as 67108864 (64 MiB), or 0 for no history"
    )]
    HistoryBytes { value: f64, least: u64, most: u64 },
    #[error("by_workload: {text:?} is no kind of finding; {hint}")]
    Kind { text: String, hint: Hint },
    #[error("workloads is {value}; it must be a whole number from 1 to {most}, such as 100")]
    Workloads { value: f64, most: usize },
    #[error("{key}: {text:?} is no {want}")]
    Scope {
        key: &'static str,
        text: String,
        want: &'static str,
    },
    #[error("an Alertmanager is written [[alertmanager]], with two brackets on each side")]
    AlertmanagerNotArray,
    #[error("this Alertmanager has no url; write it as \"http://alertmanager:9093\"")]
    NoUrl,
    #[error("url: {why}; write it as \"http://alertmanager:9093\"")]
    AlertmanagerUrl { why: &'static str },
    #[error("more than {most} Alertmanagers; those of a cluster tell each other")]
    TooManyAlertmanagers { most: usize },
    #[error("{name:?} is listed twice; list each Alertmanager once")]
    AlertmanagerTwice { name: String },
    #[error("{0}")]
    Alertmanager(&'static str),
    #[error(
        "server_name: {text:?} is neither a host's name nor an address; write it as \"alertmanager.example\""
    )]
    ServerName { text: String },
    #[error("{key}: {text:?} is no absolute path; write it as \"/etc/tcplull/{key}\"")]
    NamedFile { key: &'static str, text: String },
    #[error("lease is {}; it must be {} at least, two resend_intervals, or one request that is lost ends an alert", format_duration(*lease), format_duration(*least))]
    Lease { lease: Duration, least: Duration },
    #[error(
        "labels: {name:?} will not do: letters, digits and '_', neither a digit nor \"__\" first, and none that an alert has already (alertname, instance, owner, path, path_owner, severity)"
    )]
    LabelName { name: String },
    #[error("{name}: 1 to {most} bytes of text that can be seen")]
    LabelValue { name: String, most: usize },
    #[error(
        "runbooks is {text:?}; it must be an address below which docs/ lies, such as \"https://wiki.example/tcplull/\""
    )]
    Runbooks { text: String },
    #[error("labels: more than {most}; fewer are enough to tell a fleet from another")]
    TooManyLabels { most: usize },
    #[error("warn_at is {value}; it must lie between 0 and 1, both excluded, such as 0.75")]
    WarnAt { value: f64 },
    #[error(
        "name {name:?} will not do: 1 to {most} letters, digits, '.', '-' and '_', and not \"none\", which stands for connections without a path"
    )]
    Name { name: String, most: usize },
    #[error("this path has no {key}; give it one, or a preset")]
    Missing { key: &'static str },
    #[error("the name {name:?} is taken by the path in {first}; give each path a name of its own")]
    NameTaken { name: String, first: At },
    #[error(
        "unknown clock {text:?}; write \"packets\" (any segment counts, as for NAT) or \"payload\" (only data counts, as for proxies)"
    )]
    Clock { text: String },
    #[error(
        "unknown dialogue {text:?}; write \"client-asks\" (each request is answered) or \"either-speaks\" (a wait is no fault), or leave it out"
    )]
    Dialogue { text: String },
    #[error(
        "unknown role {text:?}; write \"clients\" (those that connect to this host come and go) or \"servers\" (they stay: one that vanishes is a ticket)"
    )]
    Role { text: String },
    #[error("conf_dir: {text:?} is no absolute path; write it as \"/etc/tcplull/conf.d\"")]
    ConfDir { text: String },
    #[error(
        "{key} is for the configuration file; a file of this folder has [[path]] and nothing else"
    )]
    NotInConfDir { key: String },
    #[error(
        "ignore_until: {text:?} is no date and no time with its offset; write 2026-12-24 (from then on it counts again, in UTC) or 2026-12-24T08:00:00Z"
    )]
    IgnoreUntil { text: String },
    #[error("ignore = false and ignore_until contradict each other; keep one")]
    IgnoreNot,
    #[error(
        "unknown severity {text:?}; write \"ticket\" (a page becomes a ticket), \"none\" (nobody is woken) or \"page\" (the most there is); it makes nothing graver"
    )]
    PathSeverity { text: String },
    #[error("[path.heal] {key}: {text:?} is not known; write {want}")]
    HealWord {
        key: &'static str,
        text: String,
        want: &'static str,
    },
    #[error(
        "[path.heal] share: {text:?} is no whole share of the sockets; write \"0%\" (a dry run) to \"100%\""
    )]
    HealShare { text: String },
    #[error(
        "[path.heal] rate = {value} is out of bounds; give whole sockets a minute, 1 to {most}"
    )]
    HealRate { value: f64, most: f64 },
    #[error("path {name:?}, [path.heal]: {problem}")]
    Heal {
        name: String,
        problem: monitor_heal::Problem,
    },
    #[error("unknown preset {name:?}; {hint}")]
    Preset { name: String, hint: Hint },
    #[error("preset = \"auto\" guesses {key} itself; leave {key} out, or name the preset you mean")]
    AutoWith { key: &'static str },
    #[error(
        "remote is empty, so nothing would match; leave it out for all addresses, or list prefixes such as \"10.0.0.0/8\""
    )]
    NoRemote,
    #[error(
        "remote: {text:?} is no prefix; write it as \"10.0.0.0/8\", \"192.0.2.7/32\" or \"2001:db8::/32\""
    )]
    Prefix { text: String },
    #[error("remote: {text:?} has address bits set beyond its /{}; write {:?}", right.prefix_len(), right.to_string())]
    HostBits { text: String, right: IpNet },
    #[error(
        "remote: {text:?} is IPv4 written as IPv6, and such peers are judged as IPv4; write {right:?}"
    )]
    MappedPrefix { text: String, right: String },
    #[error(
        "ports: {value} is no port; a port lies between 1 and 65535, and an empty list stands for all"
    )]
    Port { value: String },
    #[error("ports: {port} is listed twice; list each port once")]
    PortTwice { port: u16 },
    #[error(
        "path {name:?} is a second default path: {other:?} ({first}) already takes {prefix} {ports}; merge them, or narrow one by prefix or port"
    )]
    SecondDefault {
        name: String,
        other: String,
        first: At,
        prefix: IpNet,
        ports: Ports,
    },
    #[error(
        "{prefix} {ports} is already taken by path {other:?} ({first}); each prefix and port belongs to one path"
    )]
    PrefixTaken {
        other: String,
        first: At,
        prefix: IpNet,
        ports: Ports,
    },
    #[error("one path more than the {most} that fit; merge paths that share a timeout")]
    TooManyPaths { most: usize },
    #[error(
        "path {name:?} brings the table to {count} pairs of prefix and port, and {most} fit; use shorter prefixes, or fewer ports"
    )]
    TooManyEntries {
        name: String,
        count: usize,
        most: usize,
    },
    #[error("path {name:?} would warn after {} ({share} of its timeout of {}), but silences up to min_gap, {}, are not looked at; raise the timeout or lower min_gap", format_duration(*warn), format_duration(*timeout), format_duration(*min_gap))]
    MinGap {
        name: String,
        warn: Duration,
        share: f64,
        timeout: Duration,
        min_gap: Duration,
    },
    #[error(
        "the path \"default\" in {first} is no default path: give it another name, or remote = [\"0.0.0.0/0\", \"::/0\"]"
    )]
    DefaultNameTaken { first: At },
}

impl Problem {
    /// The other place that it is about, where there is one.
    pub(super) fn first_mut(&mut self) -> Option<&mut At> {
        match self {
            Self::NameTaken { first, .. }
            | Self::SecondDefault { first, .. }
            | Self::PrefixTaken { first, .. }
            | Self::DefaultNameTaken { first } => Some(first),
            _ => None,
        }
    }
}

/// A place that a message names besides its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file, where it is another one.
    pub file: Option<PathBuf>,
    /// Its line, counted from 1.
    pub line: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}:{}", file.display(), self.line),
            None => write!(f, "line {}", self.line),
        }
    }
}

/// What is wrong with a duration.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(
    missing_docs,
    reason = "the messages say what the variants and their fields are"
)]
pub enum DurationProblem {
    #[error("{text:?} is no duration ({reason}); write it as \"4m\", \"350s\" or \"1h30m\"")]
    Unreadable { text: String, reason: String },
    #[error("{text:?} is negative; write a duration above zero, such as \"4m\" or \"350s\"")]
    Negative { text: String },
    #[error("zero is no duration here; write one of at least {}", format_duration(*least))]
    Zero { least: Duration },
    #[error("{} is below {}, {why}", format_duration(*value), format_duration(*least))]
    TooShort {
        value: Duration,
        least: Duration,
        why: &'static str,
    },
    #[error("{} is above {}, {why}", format_duration(*value), format_duration(*most))]
    TooLong {
        value: Duration,
        most: Duration,
        why: &'static str,
    },
}

/// What a mistyped word may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// One known word is close.
    DidYouMean(String),
    /// None is close: all that are known.
    Known(Vec<String>),
    /// The close one, and all: of choices that are worth seeing whole.
    OneOf(String, Vec<String>),
}

impl Hint {
    /// Looks for the known word that was most likely meant.
    pub(super) fn new<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        // From 0.8 on, names that differ by a letter or two match and unrelated
        // ones do not; the test holds it to the keys there are.
        const CLOSE: f64 = 0.8;
        known
            .clone()
            .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
            .filter(|(similarity, _)| *similarity >= CLOSE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or_else(
                || Self::all(known),
                |(_, candidate)| Self::DidYouMean(candidate.to_owned()),
            )
    }

    /// The same, and lists every known word in any case.
    pub(super) fn whole<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let all = known.clone().map(str::to_owned).collect();
        match Self::new(word, known) {
            Self::DidYouMean(one) => Self::OneOf(one, all),
            none => none,
        }
    }

    fn all<'a>(known: impl Iterator<Item = &'a str>) -> Self {
        Self::Known(known.map(str::to_owned).collect())
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DidYouMean(word) => write!(f, "did you mean {word:?}?"),
            Self::Known(words) => write!(f, "known are {}", words.join(", ")),
            Self::OneOf(word, words) => {
                write!(f, "did you mean {word:?}? known are {}", words.join(", "))
            }
        }
    }
}

/// The port that a clash is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ports {
    /// Every port.
    All,
    /// This one.
    One(u16),
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("for all ports"),
            Self::One(port) => write!(f, "for port {port}"),
        }
    }
}

/// A problem and where it lies, before the file's name is added.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) problem: Problem,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A line, counted from 1 over all files, one after the other.
    Line(usize),
    /// A flag, with its dashes.
    Flag(&'static str),
}

impl Place {
    pub(super) fn fault(self, problem: Problem) -> Fault {
        Fault {
            place: self,
            problem,
        }
    }
}
