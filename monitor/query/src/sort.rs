//! In which order connections are shown.

use crate::subject::Subject;
use crate::words::{Field, nearest};
use monitor_model::listing::{ConnectionRow, IdleState, state_name};
use monitor_model::workload::workload;
use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// How bad it is: ok, at risk, crossed, stalled.
    Verdict,
    /// What is left until the timeout; least once it has passed.
    Left,
    /// Silence on the path's clock.
    Idle,
    /// Silence of any segment.
    PacketIdle,
    /// Silence of application data.
    DataIdle,
    /// The path's timeout.
    Timeout,
    /// Silence before the first keepalive probe.
    Keepalive,
    /// Local address and port.
    Local,
    /// Remote address and port.
    Remote,
    /// Who holds it, by the name that many share.
    Owner,
    /// Process id.
    Pid,
    /// Name of the path.
    Path,
    /// State of TCP.
    State,
    /// Bytes not acknowledged.
    Unacked,
    /// Bytes not read.
    Unread,
    /// Network namespace.
    Netns,
}

impl Column {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Verdict,
        Self::Left,
        Self::Idle,
        Self::PacketIdle,
        Self::DataIdle,
        Self::Timeout,
        Self::Keepalive,
        Self::Local,
        Self::Remote,
        Self::Owner,
        Self::Pid,
        Self::Path,
        Self::State,
        Self::Unacked,
        Self::Unread,
        Self::Netns,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Left => "left",
            Self::Idle => "idle",
            Self::PacketIdle => "packet-idle",
            Self::DataIdle => "data-idle",
            Self::Timeout => "timeout",
            Self::Keepalive => "keepalive",
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Owner => "owner",
            Self::Pid => "pid",
            Self::Path => "path",
            Self::State => "state",
            Self::Unacked => "unacked",
            Self::Unread => "unread",
            Self::Netns => "netns",
        }
    }

    fn key(self, row: &impl Subject) -> SortKey {
        let known = match self {
            Self::Verdict => row.numbers().map(|row| SortKey::Number(verdict(row))),
            Self::Left => amount(row, Field::Left),
            Self::Idle => amount(row, Field::Idle),
            Self::PacketIdle => amount(row, Field::PacketIdle),
            Self::DataIdle => amount(row, Field::DataIdle),
            Self::Timeout => amount(row, Field::Timeout),
            Self::Keepalive => row.numbers().and_then(|row| {
                let time = row.keepalive.time_seconds;
                time.filter(|_| row.keepalive.enabled).map(SortKey::Number)
            }),
            Self::Local => address(row.local(), || Some(&row.connection()?.local)),
            Self::Remote => address(row.remote(), || Some(&row.connection()?.remote)),
            Self::Owner => row.owner().map(|owner| SortKey::Text(workload(owner))),
            Self::Pid => number(row, Field::Pid),
            Self::Path => {
                let names = row.names(Field::Path);
                names.first().map(|name| SortKey::Text((*name).to_owned()))
            }
            Self::State => row.numbers().map(|row| {
                let name = state_name(row.state);
                SortKey::Text(name.to_owned())
            }),
            Self::Unacked => amount(row, Field::Unacked),
            Self::Unread => amount(row, Field::Unread),
            Self::Netns => number(row, Field::Netns),
        };
        known.unwrap_or(SortKey::Missing)
    }
}

/// The worst is the greatest.
const fn verdict(row: &ConnectionRow) -> f64 {
    match row.silence {
        IdleState::Ok => 0.0,
        IdleState::AtRisk => 1.0,
        IdleState::Crossed => 2.0,
        IdleState::Stalled => 3.0,
    }
}

fn amount(row: &impl Subject, field: Field) -> Option<SortKey> {
    row.amount(field).map(SortKey::Number)
}

fn number(row: &impl Subject, field: Field) -> Option<SortKey> {
    row.number(field).map(f64::from).map(SortKey::Number)
}

/// By its number; what is no address, such as a pseudonym, by its letters.
fn address<'a>(
    known: Option<SocketAddr>,
    text: impl FnOnce() -> Option<&'a String>,
) -> Option<SortKey> {
    match known {
        Some(at) => Some(SortKey::Address(at.ip(), at.port())),
        None => text().map(|text| SortKey::Text(text.clone())),
    }
}

/// A column, and which end of it comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The column.
    pub column: Column,
    /// The greatest first.
    pub descending: bool,
}

/// No such column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rows are sorted by {}, each with - before it for the greatest first{}", names(), near(.nearest))]
pub struct SortError {
    nearest: Option<String>,
}

fn names() -> String {
    Column::ALL.map(Column::name).join(", ")
}

fn near(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map_or_else(String::new, |word| format!("; did you mean {word}?"))
}

/// Reads "idle", or "-idle" for the greatest first.
impl FromStr for Sort {
    type Err = SortError;

    fn from_str(text: &str) -> Result<Self, SortError> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let name = name.replace('_', "-").to_ascii_lowercase();
        let column = Column::ALL.into_iter().find(|column| column.name() == name);
        let nearest = || nearest(&name, Column::ALL.map(|column| column.name().to_owned()));
        let column = column.ok_or_else(|| SortError { nearest: nearest() })?;
        Ok(Self { column, descending })
    }
}

/// What one row is sorted by. What is not known comes last, whichever end is first.
#[derive(Clone, Debug)]
enum SortKey {
    /// A number of any unit.
    Number(f64),
    /// An address, by its number, and its port.
    Address(IpAddr, u16),
    /// A name, by its letters.
    Text(String),
    /// Not known.
    Missing,
}

impl SortKey {
    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Address(..) => 1,
            Self::Text(_) => 2,
            Self::Missing => 3,
        }
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let turned = |order: Ordering| if descending { order.reverse() } else { order };
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => turned(one.total_cmp(other)),
            (Self::Address(one, port), Self::Address(other, other_port)) => {
                turned((one, port).cmp(&(other, other_port)))
            }
            (Self::Text(one), Self::Text(other)) => turned(one.cmp(other)),
            (one, other) => one.rank().cmp(&other.rank()),
        }
    }
}

/// As it is read again.
impl fmt::Display for Sort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.descending { "-" } else { "" };
        write!(out, "{sign}{}", self.column.name())
    }
}

/// Where a row stands in an order: by the column, and those that are alike by what is left until the timeout, the least
/// first.
#[derive(Clone, Debug)]
pub struct Rank {
    key: SortKey,
    left: SortKey,
    descending: bool,
}

impl Rank {
    /// How it stands to another of the same order.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let order = self.key.compare(&other.key, self.descending);
        order.then_with(|| self.left.compare(&other.left, false))
    }
}

impl Sort {
    /// Where a row stands.
    pub fn rank(self, row: &impl Subject) -> Rank {
        Rank {
            key: self.column.key(row),
            left: Column::Left.key(row),
            descending: self.descending,
        }
    }

    /// How two rows stand to each other.
    pub fn compare(self, one: &impl Subject, other: &impl Subject) -> Ordering {
        self.rank(one).compare(&self.rank(other))
    }
}
