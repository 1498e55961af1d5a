//! In which order connections are shown, and how many of them: the first so many, in memory for no more than those.

use crate::words::nearest;
use monitor_model::listing::{ConnectionRow, IdleState, state_name};
use monitor_model::workload::workload;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
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

    fn key(self, row: &ConnectionRow) -> SortKey {
        let number = |number: Option<f64>| number.map_or(SortKey::Missing, SortKey::Number);
        let text = |text: Option<&str>| {
            text.map_or(SortKey::Missing, |text| SortKey::Text(text.to_owned()))
        };
        let address = |text: &str| {
            let parsed = text.parse::<SocketAddr>();
            parsed.map_or_else(
                |_| SortKey::Text(text.to_owned()),
                |at| SortKey::Address(at.ip(), at.port()),
            )
        };
        match self {
            Self::Verdict => SortKey::Number(match row.silence {
                IdleState::Ok => 0.0,
                IdleState::AtRisk => 1.0,
                IdleState::Crossed => 2.0,
                IdleState::Stalled => 3.0,
            }),
            Self::Left => number(row.left_seconds()),
            Self::Idle => SortKey::Number(row.idle_seconds()),
            Self::PacketIdle => SortKey::Number(row.packet_idle_seconds),
            Self::DataIdle => SortKey::Number(row.payload_idle_seconds),
            Self::Timeout => number(row.timeout_seconds),
            Self::Keepalive => number(row.keepalive.time_seconds.filter(|_| row.keepalive.enabled)),
            Self::Local => address(&row.connection.local),
            Self::Remote => address(&row.connection.remote),
            Self::Owner => SortKey::Text(workload(&row.owner)),
            Self::Pid => number(row.owner.pid.map(f64::from)),
            Self::Path => text(row.path.as_deref()),
            Self::State => text(Some(state_name(row.state))),
            Self::Unacked => number(row.unacked_bytes.map(f64::from)),
            Self::Unread => number(row.unread_bytes.map(f64::from)),
            Self::Netns => SortKey::Number(row.connection.netns.into()),
        }
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

impl Sort {
    /// How two rows stand to each other.
    pub fn compare(&self, one: &ConnectionRow, other: &ConnectionRow) -> Ordering {
        let (one, other) = (self.column.key(one), self.column.key(other));
        one.compare(&other, self.descending)
    }
}

/// The first rows of many, in order: no more than so many are held at once.
#[derive(Debug)]
pub struct First {
    sort: Sort,
    most: usize,
    seen: u64,
    /// The last of those that are kept is on top.
    kept: BinaryHeap<Kept>,
}

#[derive(Debug)]
struct Kept {
    key: SortKey,
    descending: bool,
    /// Rows that are equal stay in the order in which they came.
    place: u64,
    row: ConnectionRow,
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.key.compare(&other.key, self.descending);
        order.then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Kept {}

impl First {
    /// Of all rows that are to come, the first `most`.
    pub fn new(sort: Sort, most: usize) -> Self {
        Self {
            sort,
            most,
            seen: 0,
            kept: BinaryHeap::new(),
        }
    }

    /// One row more.
    pub fn push(&mut self, row: ConnectionRow) {
        let kept = Kept {
            key: self.sort.column.key(&row),
            descending: self.sort.descending,
            place: self.seen,
            row,
        };
        self.seen += 1;
        if self.kept.len() < self.most {
            self.kept.push(kept);
        } else if let Some(mut last) = self.kept.peek_mut()
            && kept < *last
        {
            *last = kept;
        }
    }

    /// How many of them are left out.
    pub fn left_out(&self) -> u64 {
        self.seen - self.kept.len() as u64
    }

    /// Those that are kept, in order.
    pub fn into_rows(self) -> impl Iterator<Item = ConnectionRow> {
        self.kept.into_sorted_vec().into_iter().map(|kept| kept.row)
    }
}
