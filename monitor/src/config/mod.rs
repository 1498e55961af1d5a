//! The configuration: one TOML file, overridden by flags.
//!
//! [`Config::load`] reads the file with the line of every value ([`file`]),
//! then merges it with the flags and holds the paths against each other ([`merge`]).

mod alertmanager;
mod close_wait;
mod cpu_budget;
mod dmi;
mod drop_ins;
mod duration;
mod error;
mod file;
mod heal;
mod history;
mod hosts;
mod log;
mod lookup;
mod merge;
mod metrics;
mod no_path;
mod prefix;
pub mod presets;
mod rules;
mod scope;
mod server_url;
mod socket;
mod sources;
mod sweeps;
mod table;
mod url;
mod web;

use crate::plain_file::{self, Unreadable};
pub use alertmanager::{Alertmanager, Login, NamedFile, Notifications, TlsFiles};
pub use cpu_budget::{CpuBudget, parse_cpu_budget};
pub use drop_ins::LastGood;
pub use duration::{
    Limits, MIN_GAP, PAGE_AFTER, SWEEP_INTERVAL, SWEEP_INTERVAL_MAX, TIMEOUT, parse_page_after,
    parse_sweep_interval, parse_timeout,
};
pub use error::{At, ConfigError, DurationProblem, Hint, Ports, Problem};
use file::FileConfig;
use ipnet::IpNet;
pub use lookup::{Endpoint, explain};
pub use metrics::MetricsConfig;
use monitor_common::PathClock;
use monitor_judge::{Dialogue, PathRules, PeerRole};
use monitor_kernel::{Reading, Scope};
pub use scope::{parse_cgroup, parse_netns, parse_pid, parse_unit};
pub use server_url::ServerUrl;
pub use socket::{DEFAULT_SOCKET, SocketGroup, parse_socket_group};
use sources::Sources;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use table::Text;
pub use url::AlertmanagerUrl;
pub use web::{Web, WebChoice, parse_telemetry_path, parse_web_listen};

/// Where the configuration lies unless `--config` names another file.
pub const DEFAULT_FILE: &str = "/etc/tcplull/config.toml";

/// The most bytes of configuration that are read: 4096 prefixes, each on a line
/// of its own with a comment, fit four times.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What the daemon runs with: file and flags merged, and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Addresses of metrics, API and landing page, at least one.
    pub listen: Vec<SocketAddr>,
    /// What is served there, and by which web configuration.
    pub web: Web,
    /// Further names that the HTTP server answers to, at most 64: lower case, `*.` before a domain for all below it,
    /// `*` for any.
    pub allowed_hosts: Vec<String>,
    /// The live inspection socket.
    pub socket: PathBuf,
    /// Whose members may use it besides its user; `None` for nobody.
    pub socket_group: Option<SocketGroup>,
    /// Time between two sweeps; the daemon may stretch it. 100 ms to 1 h.
    pub sweep_interval: Duration,
    /// Share of one core that sweeps may take, from 0.0001 to 1: where they cost more they come more
    /// rarely.
    pub sweep_budget: f64,
    /// Where sweeps come more rarely than this, or take longer, the daemon says what it does not see. From
    /// `sweep_interval` to 1 h.
    pub sweep_interval_max: Duration,
    /// What daemon and kernel programs may take; above it less is watched. More than twice `sweep_budget`.
    pub cpu_budget: CpuBudget,
    /// Silences below this are not looked at. 10 ms to 1 h.
    pub min_gap: Duration,
    /// Share of a timeout from which on a connection is at risk, between 0 and
    /// 1, both excluded.
    pub warn_at: f64,
    /// How long trouble lasts without a pause until it pages. 1 s to 1 h.
    pub page_after: Duration,
    /// Findings that the log takes a second on the average, and again what the daemon says of itself; 1 to 1,000,000.
    /// Pages do not count.
    pub log_rate: u32,
    /// Connections of one owner that their peers have closed and it has not, from which on they are a ticket; 1 to 4,096.
    pub close_wait_ticket: u64,
    /// Where the history is kept; `None` for nowhere.
    pub history: Option<monitor_store::Settings>,
    /// What `/metrics` counts by workload.
    pub metrics: MetricsConfig,
    /// Whom alerts are pushed to, all of them; at most 16, none twice.
    pub alertmanagers: Vec<Alertmanager>,
    /// What is the same whoever is told.
    pub notifications: Notifications,
    /// Which connections are told of.
    pub scope: Scope,
    /// The paths, in the order of the file; at most half of
    /// [`monitor_common::MAX_PATHS`], with unique names.
    pub paths: Vec<PathConfig>,
    /// What the log should say about how the configuration was understood, one
    /// line each.
    pub notes: Vec<String>,
    /// What is to be said of the rules of paths, one line each: which are ignored, until when, and which no more.
    pub rule_notes: Vec<String>,
    /// Files of further paths that could not be read anew, one line each: of those what was read before stays.
    pub faults: Vec<String>,
}

/// A class of remote addresses and ports with one idle timeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathConfig {
    /// Unique; 1 to 63 letters, digits, `.`, `-` and `_`; never `none`.
    pub name: String,
    /// Prefixes of remote addresses, without host bits; never empty.
    pub remote: Vec<IpNet>,
    /// Remote ports, none of them 0; empty for all.
    pub ports: Vec<u16>,
    /// Idle timeout, 20 ms to 30 days, and with `warn_at` applied still above `min_gap`.
    pub timeout: Duration,
    /// What keeps the box's entry alive.
    pub clock: PathClock,
    /// Whether somebody stated the timeout. One that `preset = "auto"` guessed
    /// does not alert by itself.
    pub stated: bool,
    /// The preset that the file names, or that was guessed.
    pub preset: Option<&'static presets::Preset>,
    /// Who speaks unasked there, where the file says so.
    pub dialogue: Option<Dialogue>,
    /// Who they are that connect to this host over it.
    pub role: PeerRole,
    /// Whom what is found there may wake, and whose it is.
    pub rules: PathRules,
    /// Which timers the daemon sets on its sockets; `None` for none.
    pub heal: Option<monitor_heal::Rule>,
    /// Where it stands: file and line, or the flag that made it.
    pub place: String,
}

/// What flags of the command line put in place of the file's values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `--listen`, and what begins with `--web.`
    pub web: WebChoice,
    /// `--socket`
    pub socket: Option<PathBuf>,
    /// `--socket-group`
    pub socket_group: Option<SocketGroup>,
    /// `--sweep-interval`
    pub sweep_interval: Option<Duration>,
    /// `--cpu-budget`
    pub cpu_budget: Option<CpuBudget>,
    /// `--timeout`: the timeout of the default path, which it makes where the
    /// file has none. It also replaces a guess by `preset = "auto"`.
    pub timeout: Option<Duration>,
    /// `--alertmanager.url`: all of them take the place of the file's.
    pub alertmanagers: Vec<String>,
    /// `--alertmanager.instance`
    pub instance: Option<String>,
    /// `--cgroup`, `--netns`, `--unit`, `--pid`: each takes the place of the file's.
    pub scope: Scope,
}

impl Config {
    /// Loads the file at `path`, or at `default_path` where none is named (then
    /// it may be absent), with the folder of further paths, and merges it with the flags.
    ///
    /// # Errors
    /// A file that cannot be read, and the first line or flag that is wrong.
    pub fn load(
        path: Option<&Path>,
        default_path: &Path,
        overrides: &Overrides,
    ) -> Result<Self, ConfigError> {
        Self::load_again(path, default_path, overrides, &mut LastGood::default())
    }

    /// The same for who loads it again and again: from the second time on a file of further paths that is wrong costs no
    /// other file anything. What `last` has of it stays in force, and [`Config::faults`] says so.
    ///
    /// # Errors
    /// As for [`Config::load`].
    pub fn load_again(
        path: Option<&Path>,
        default_path: &Path,
        overrides: &Overrides,
        last: &mut LastGood,
    ) -> Result<Self, ConfigError> {
        Self::load_on(path, default_path, overrides, Path::new(dmi::ROOT), last)
    }

    /// Whether `other` differs in what a running daemon cannot change.
    pub fn needs_restart_for(&self, other: &Self) -> bool {
        self.listen != other.listen
            || self.web != other.web
            || self.socket != other.socket
            || self.socket_group != other.socket_group
            || self.min_gap != other.min_gap
            || self.page_after != other.page_after
            || self.close_wait_ticket != other.close_wait_ticket
            || self.history != other.history
            || self.alertmanagers != other.alertmanagers
            || self.notifications != other.notifications
            || self.scope != other.scope
    }

    /// [`Config::load_again`] on a machine whose DMI strings lie below `dmi_root`.
    fn load_on(
        path: Option<&Path>,
        default_path: &Path,
        overrides: &Overrides,
        dmi_root: &Path,
        last: &mut LastGood,
    ) -> Result<Self, ConfigError> {
        let (file, text, further) = files(path, default_path)?;
        last.load(further, |further| {
            Self::of(file, &text, further, overrides, dmi_root)
        })
    }

    /// Of the texts of its files; or what is wrong, in which of the further files, and which of them that contradicts.
    fn of(
        file: &Path,
        text: &str,
        further: &[drop_ins::DropIn],
        overrides: &Overrides,
        dmi_root: &Path,
    ) -> Result<Self, drop_ins::Wrong> {
        let (mut parsed, mut sources) = parsed(file, text).map_err(drop_ins::Wrong::of_all)?;
        let mut paths = Vec::new();
        for one in further {
            let before = sources.add(&one.file, &one.text);
            let text = Text {
                text: &one.text,
                before,
            };
            match file::parse_paths(text) {
                Ok(more) => paths.extend(more),
                Err(fault) => return Err(drop_ins::Wrong::new(sources.error(fault))),
            }
        }
        parsed.paths.extend(paths);
        let around = merge::Around {
            dmi_root,
            sources: &sources,
            wall_unix_ns: Reading::now().map_or(0, |now| now.wall_unix_ns),
        };
        let mut config = merge::merge(parsed, overrides, &around)
            .map_err(|fault| drop_ins::Wrong::new(sources.error(fault)))?;
        let alertmanagers = config.alertmanagers.iter_mut();
        alertmanagers.for_each(|one| one.stands_in(file));
        Ok(config)
    }
}

/// The texts of the configuration file and of those of the folder of further paths, each with where it lies; as for
/// [`Config::load`], the file may be absent where none is named.
///
/// # Errors
/// A file that cannot be read.
pub fn texts(
    path: Option<&Path>,
    default_path: &Path,
) -> Result<Vec<(PathBuf, String)>, ConfigError> {
    let (file, text, further) = files(path, default_path)?;
    let mut texts = vec![(file.to_owned(), text)];
    for (file, text) in further {
        texts.push((file, text?));
    }
    Ok(texts)
}

/// The configuration file, what stands in it, and what was read of the folder of further paths.
fn files<'a>(
    path: Option<&'a Path>,
    default_path: &'a Path,
) -> Result<(&'a Path, String, Vec<drop_ins::Read>), ConfigError> {
    let file = path.unwrap_or(default_path);
    let text = match read(file) {
        Ok(text) => text_of(file, text)?,
        Err(ConfigError::Read { source, .. })
            if path.is_none() && source.kind() == io::ErrorKind::NotFound =>
        {
            String::new()
        }
        Err(error) => return Err(error),
    };
    // Which folder it is must be known before it can be said what is wrong in which file.
    let (named, _) = parsed(file, &text)?;
    let beside = || default_path.with_file_name(drop_ins::FOLDER);
    let (dir, must_be_there) = match named.conf_dir {
        Some(dir) => (Some(dir), true),
        // A file that somebody names stands for itself.
        None => (path.is_none().then(beside), false),
    };
    let further = dir.map(|dir| drop_ins::read(&dir, must_be_there));
    Ok((file, text, further.transpose()?.unwrap_or_default()))
}

/// What stands in the configuration file.
fn parsed(file: &Path, text: &str) -> Result<(FileConfig, Sources), ConfigError> {
    let mut sources = Sources::default();
    let before = sources.add(file, text);
    let parsed = file::parse(Text { text, before });
    let parsed = parsed.map_err(|fault| sources.error(fault).0)?;
    Ok((parsed, sources))
}

/// What was read of `file`, as text.
fn text_of(file: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(valid);
        ConfigError::Line {
            file: file.to_owned(),
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
            problem: Box::new(Problem::NotText),
        }
    })
}

/// Reads the file, and never waits for anybody.
fn read(file: &Path) -> Result<Vec<u8>, ConfigError> {
    let name = || file.to_owned();
    plain_file::read(file, MAX_FILE_BYTES).map_err(|why| match why {
        Unreadable::Io(source) => ConfigError::Read {
            file: name(),
            source,
        },
        Unreadable::NotAFile => ConfigError::NotAFile { file: name() },
        Unreadable::TooLong => ConfigError::TooLong {
            file: name(),
            limit: MAX_FILE_BYTES,
        },
    })
}

#[cfg(test)]
mod tests;
