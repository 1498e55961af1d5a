//! The table of `tcplull ls`: verdict first, as many columns as fit, each as wide from its first row to its last, so that
//! a million rows are written as they come.

use super::fit::{cut, fill, width};
use anstyle::{AnsiColor, Style};
use monitor_model::finding::Clock;
use monitor_model::format::{duration_of, printed};
use monitor_model::listing::{ConnectionRow, IdleState, state_name};
use monitor_model::owner::Owner;
use std::borrow::Cow;
use std::fmt::Write;

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Verdict,
    Left,
    PacketIdle,
    DataIdle,
    Keepalive,
    Unacked,
    Unread,
    Local,
    Remote,
    Path,
    State,
    Owner,
}

/// What is told of a column.
#[derive(Debug)]
struct Kind {
    column: Column,
    heading: &'static str,
    /// Least width that is of use.
    least: usize,
    /// Width at which hardly anything is cut.
    ample: usize,
    /// Numbers end where their headings end.
    right: bool,
}

const fn kind(
    column: Column,
    heading: &'static str,
    least: usize,
    ample: usize,
    right: bool,
) -> Kind {
    Kind {
        column,
        heading,
        least,
        ample,
        right,
    }
}

/// In the order in which they stand.
const COLUMNS: [Kind; 12] = [
    kind(Column::Verdict, "VERDICT", 7, 7, false),
    kind(Column::Left, "LEFT", 6, 6, true),
    kind(Column::PacketIdle, "PKT-IDLE", 8, 8, true),
    kind(Column::DataIdle, "DATA-IDLE", 9, 9, true),
    kind(Column::Keepalive, "KEEPALIVE", 9, 12, false),
    kind(Column::Unacked, "UNACKED", 7, 7, true),
    kind(Column::Unread, "UNREAD", 6, 6, true),
    // An IPv4 address and a port.
    kind(Column::Local, "LOCAL", 21, 21, false),
    kind(Column::Remote, "REMOTE", 21, 21, false),
    kind(Column::Path, "PATH", 8, 16, false),
    kind(Column::State, "STATE", 11, 11, false),
    kind(Column::Owner, "OWNER", 10, 24, false),
];

/// In the order in which they come into a table that grows wider.
const WANTED: [Column; 12] = [
    Column::Verdict,
    Column::Remote,
    Column::Left,
    Column::Owner,
    Column::PacketIdle,
    Column::DataIdle,
    Column::Keepalive,
    Column::Unacked,
    Column::Local,
    Column::Path,
    Column::State,
    Column::Unread,
];

/// In the order in which columns take what is left over: each up to its ample width, then addresses up to those of IPv6.
const GROWING: [(Column, usize); 6] = [
    (Column::Owner, 24),
    (Column::Keepalive, 12),
    (Column::Path, 16),
    (Column::Remote, 47),
    (Column::Local, 47),
    (Column::Owner, usize::MAX),
];

/// On a terminal narrower than this an address has to be content with [`SHORT_ADDRESS`].
const NARROW: usize = 60;

/// The last octets and the port.
const SHORT_ADDRESS: usize = 12;

/// How rows are laid out.
#[derive(Clone, Debug)]
pub struct ConnectionTable {
    columns: Vec<(&'static Kind, usize)>,
    /// Cells are cut at their widths.
    cuts: bool,
    colour: bool,
}

impl ConnectionTable {
    /// With every column, and nothing cut: for a pipe, and for who asks for it.
    pub fn whole(colour: bool) -> Self {
        let columns = COLUMNS.iter().map(|kind| (kind, kind.ample));
        Self {
            columns: columns.collect(),
            cuts: false,
            colour,
        }
    }

    /// For a terminal of so many columns.
    pub fn fitting(terminal: usize, colour: bool) -> Self {
        let least = |kind: &Kind| match kind.column {
            Column::Remote | Column::Local if terminal < NARROW => SHORT_ADDRESS,
            _ => kind.least,
        };
        let mut left = terminal;
        let mut chosen: Vec<(Column, usize)> = Vec::new();
        for wanted in WANTED {
            let Some(kind) = COLUMNS.iter().find(|kind| kind.column == wanted) else {
                continue;
            };
            let gap = usize::from(!chosen.is_empty());
            let Some(rest) = left.checked_sub(least(kind) + gap) else {
                break;
            };
            chosen.push((wanted, least(kind)));
            left = rest;
        }
        if chosen.is_empty() {
            chosen.push((Column::Verdict, terminal));
            left = 0;
        }
        for (column, most) in GROWING {
            let found = chosen.iter_mut().find(|(chosen, _)| *chosen == column);
            if let Some((_, width)) = found {
                let more = left.min(most.saturating_sub(*width));
                *width += more;
                left -= more;
            }
        }
        let width_of = |kind: &'static Kind| {
            let found = chosen.iter().find(|(column, _)| *column == kind.column);
            found.map(|(_, width)| (kind, *width))
        };
        Self {
            columns: COLUMNS.iter().filter_map(width_of).collect(),
            cuts: true,
            colour,
        }
    }

    /// What stands above the rows.
    pub fn header(&self) -> String {
        self.laid_out(|kind, _| (kind.heading.into(), Some(Style::new().bold())))
    }

    /// One connection.
    pub fn line<T: AsRef<str>>(&self, row: &ConnectionRow<T>) -> String {
        let wide = !self.cuts;
        self.laid_out(|kind, width| (cell(kind.column, row, width, wide), style(kind.column, row)))
    }

    fn laid_out<'a>(&self, cell: impl Fn(&Kind, usize) -> (Cow<'a, str>, Option<Style>)) -> String {
        let mut line = String::with_capacity(USUAL);
        let last = self.columns.len().saturating_sub(1);
        for (place, (kind, width)) in self.columns.iter().enumerate() {
            let (mut text, style) = cell(kind, *width);
            if self.cuts {
                text = cut(text, *width);
            }
            if kind.right {
                fill(&mut line, &text, *width);
            }
            match style.filter(|_| self.colour) {
                // A text takes whatever is written.
                Some(style) => drop(write!(line, "{style}{text}{style:#}")),
                None => line.push_str(&text),
            }
            if place < last {
                if !kind.right {
                    fill(&mut line, &text, *width);
                }
                line.push(' ');
            }
        }
        line
    }
}

/// Bytes of a whole line, where nothing in it is unusually long.
const USUAL: usize = 256;

/// How a cell is to be seen, on dark and on light ground.
fn style<T>(column: Column, row: &ConnectionRow<T>) -> Option<Style> {
    let coloured = |colour: AnsiColor| Style::new().bold().fg_color(Some(colour.into()));
    let verdict = match row.silence {
        IdleState::Ok => None,
        IdleState::AtRisk => Some(coloured(AnsiColor::Magenta)),
        IdleState::Crossed => Some(coloured(AnsiColor::Red)),
        IdleState::Stalled => Some(coloured(AnsiColor::Red).underline()),
    };
    match column {
        Column::Verdict | Column::Left => verdict,
        Column::Keepalive if row.keepalive_comes_late() => Some(Style::new().underline()),
        _ => None,
    }
}

fn cell<T: AsRef<str>>(
    column: Column,
    row: &ConnectionRow<T>,
    width: usize,
    wide: bool,
) -> Cow<'_, str> {
    match column {
        Column::Verdict => match row.silence.name() {
            name if name.contains('_') => name.replace('_', " ").into(),
            name => name.into(),
        },
        Column::Left => left(row),
        Column::PacketIdle => packet_idle(row, wide).into(),
        Column::DataIdle => duration_of(row.payload_idle_seconds).into(),
        Column::Keepalive => keepalive(row),
        Column::Unacked => row.unacked_bytes.map_or(UNKNOWN, size),
        Column::Unread => row.unread_bytes.map_or(UNKNOWN, size),
        Column::Local => printed(row.connection.local.as_ref()),
        Column::Remote => printed(row.connection.remote.as_ref()),
        Column::Path => path(row, width, wide),
        Column::State => state_name(row.state).into(),
        Column::Owner => owner(&row.owner, width, wide),
    }
}

const UNKNOWN: Cow<'static, str> = Cow::Borrowed("-");

/// Until the timeout, and with a minus since.
fn left<T>(row: &ConnectionRow<T>) -> Cow<'static, str> {
    match row.left_seconds() {
        Some(left) if left < 0.0 => format!("-{}", duration_of(-left)).into(),
        Some(left) => duration_of(left).into(),
        None => UNKNOWN,
    }
}

/// How long no segment passed: from one bound to the other, where they differ. A read that came late moves the one, and
/// of the other the peer's probes are not known. Where there is no room it is said to be the lower bound.
fn packet_idle<T>(row: &ConnectionRow<T>, wide: bool) -> String {
    /// Two jiffies at HZ=100, and more than a scheduler takes.
    const SAME: f64 = 0.1;
    let (least, most) = (row.packet_idle_seconds, row.packet_idle_at_most_seconds);
    match most - least > SAME {
        true if wide => format!("{}-{}", duration_of(least), duration_of(most)),
        true => format!("≥{}", duration_of(least)),
        false => duration_of(least),
    }
}

/// Idle time and interval, with a mark where the first probe comes too late.
fn keepalive<T>(row: &ConnectionRow<T>) -> Cow<'static, str> {
    let keepalive = &row.keepalive;
    if !keepalive.enabled {
        return "off".into();
    }
    let mark = if row.keepalive_comes_late() { "!" } else { "" };
    match (keepalive.time_seconds, keepalive.interval_seconds) {
        (Some(time), Some(interval)) => {
            format!("{}/{}{mark}", duration_of(time), duration_of(interval)).into()
        }
        _ => format!("on{mark}").into(),
    }
}

/// In at most five letters: "0", "1023", "64K", "3.4M".
fn size(bytes: u32) -> Cow<'static, str> {
    const UNITS: [(u32, char); 3] = [(1 << 30, 'G'), (1 << 20, 'M'), (1 << 10, 'K')];
    let Some((size, unit)) = UNITS.into_iter().find(|(size, _)| bytes >= *size) else {
        return match bytes {
            0 => "0".into(),
            bytes => bytes.to_string().into(),
        };
    };
    let tenth = u64::from(bytes % size) * 10 / u64::from(size);
    let size = match (bytes / size, tenth) {
        (whole @ ..10, 1..) => format!("{whole}.{tenth}{unit}"),
        (whole, _) => format!("{whole}{unit}"),
    };
    size.into()
}

/// Its name, and the timeout where there is room.
fn path<T: AsRef<str>>(row: &ConnectionRow<T>, columns: usize, wide: bool) -> Cow<'_, str> {
    let Some(name) = &row.path else {
        return UNKNOWN;
    };
    let name = printed(name.as_ref());
    let mut whole = name.clone().into_owned();
    if let Some(timeout) = row.timeout_seconds {
        whole.push_str(&format!(" {}", duration_of(timeout)));
    }
    if row.clock == Some(Clock::Payload) {
        whole.push_str(" of data");
    }
    if wide || width(&whole) <= columns {
        whole.into()
    } else {
        name
    }
}

/// Process, and its pod, container or unit, where there is room.
fn owner<T: AsRef<str>>(owner: &Owner<T>, columns: usize, wide: bool) -> Cow<'_, str> {
    let comm = owner.comm.as_ref().map(|comm| printed(comm.as_ref()));
    let process = match (comm, owner.pid) {
        (Some(comm), Some(pid)) => format!("{comm} ({pid})").into(),
        (Some(comm), None) => comm,
        (None, Some(pid)) => format!("pid {pid}").into(),
        (None, None) => UNKNOWN,
    };
    let Some(place) = owner.place() else {
        return process;
    };
    let whole = format!("{process} in {}", printed(&place));
    if wide || width(&whole) <= columns {
        whole.into()
    } else {
        process
    }
}

#[cfg(test)]
mod tests;
