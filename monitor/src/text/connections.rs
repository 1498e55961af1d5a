//! The table of `tcplull ls`: verdict first, as many columns as fit, each as wide from its first row to its last, so that
//! a million rows are written as they come.

use super::fit::{blanks, cut, width};
use anstyle::{AnsiColor, Style};
use monitor_model::finding::Clock;
use monitor_model::format::{duration_of, printable};
use monitor_model::listing::{ConnectionRow, IdleState, state_name};
use monitor_model::owner::Owner;

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
        self.laid_out(|kind, _| (kind.heading.to_owned(), Some(Style::new().bold())))
    }

    /// One connection.
    pub fn line(&self, row: &ConnectionRow) -> String {
        let wide = !self.cuts;
        self.laid_out(|kind, width| (cell(kind.column, row, width, wide), style(kind.column, row)))
    }

    fn laid_out(&self, cell: impl Fn(&Kind, usize) -> (String, Option<Style>)) -> String {
        let mut line = String::new();
        let last = self.columns.len().saturating_sub(1);
        for (place, (kind, width)) in self.columns.iter().enumerate() {
            let (mut text, style) = cell(kind, *width);
            if self.cuts {
                text = cut(text, *width);
            }
            let fill = blanks(&text, *width);
            if let Some(style) = style.filter(|_| self.colour) {
                text = format!("{style}{text}{style:#}");
            }
            match (kind.right, place == last) {
                (true, _) => {
                    line.extend(fill);
                    line.push_str(&text);
                }
                (false, true) => line.push_str(&text),
                (false, false) => {
                    line.push_str(&text);
                    line.extend(fill);
                }
            }
            if place < last {
                line.push(' ');
            }
        }
        line
    }
}

/// How a cell is to be seen, on dark and on light ground.
fn style(column: Column, row: &ConnectionRow) -> Option<Style> {
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

fn cell(column: Column, row: &ConnectionRow, width: usize, wide: bool) -> String {
    match column {
        Column::Verdict => row.silence.name().replace('_', " "),
        Column::Left => left(row),
        Column::PacketIdle => packet_idle(row, wide),
        Column::DataIdle => duration_of(row.payload_idle_seconds),
        Column::Keepalive => keepalive(row),
        Column::Unacked => row.unacked_bytes.map_or_else(unknown, size),
        Column::Unread => row.unread_bytes.map_or_else(unknown, size),
        Column::Local => printable(&row.connection.local),
        Column::Remote => printable(&row.connection.remote),
        Column::Path => path(row, width, wide),
        Column::State => state_name(row.state).to_owned(),
        Column::Owner => owner(&row.owner, width, wide),
    }
}

fn unknown() -> String {
    "-".to_owned()
}

/// Until the timeout, and with a minus since.
fn left(row: &ConnectionRow) -> String {
    match row.left_seconds() {
        Some(left) if left < 0.0 => format!("-{}", duration_of(-left)),
        Some(left) => duration_of(left),
        None => unknown(),
    }
}

/// How long no segment passed: from one bound to the other, where they differ. A read that came late moves the one, and
/// of the other the peer's probes are not known. Where there is no room it is said to be the lower bound.
fn packet_idle(row: &ConnectionRow, wide: bool) -> String {
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
fn keepalive(row: &ConnectionRow) -> String {
    let keepalive = &row.keepalive;
    if !keepalive.enabled {
        return "off".to_owned();
    }
    let mark = if row.keepalive_comes_late() { "!" } else { "" };
    match (keepalive.time_seconds, keepalive.interval_seconds) {
        (Some(time), Some(interval)) => {
            format!("{}/{}{mark}", duration_of(time), duration_of(interval))
        }
        _ => format!("on{mark}"),
    }
}

/// In at most five letters: "0", "1023", "64K", "3.4M".
fn size(bytes: u32) -> String {
    const UNITS: [(u32, char); 3] = [(1 << 30, 'G'), (1 << 20, 'M'), (1 << 10, 'K')];
    let Some((size, unit)) = UNITS.into_iter().find(|(size, _)| bytes >= *size) else {
        return bytes.to_string();
    };
    let tenth = u64::from(bytes % size) * 10 / u64::from(size);
    match (bytes / size, tenth) {
        (whole @ ..10, 1..) => format!("{whole}.{tenth}{unit}"),
        (whole, _) => format!("{whole}{unit}"),
    }
}

/// Its name, and the timeout where there is room.
fn path(row: &ConnectionRow, columns: usize, wide: bool) -> String {
    let Some(name) = &row.path else {
        return unknown();
    };
    let name = printable(name);
    let mut whole = name.clone();
    if let Some(timeout) = row.timeout_seconds {
        whole.push_str(&format!(" {}", duration_of(timeout)));
    }
    if row.clock == Some(Clock::Payload) {
        whole.push_str(" of data");
    }
    if wide || width(&whole) <= columns {
        whole
    } else {
        name
    }
}

/// Process, and its pod, container or unit, where there is room.
fn owner(owner: &Owner, columns: usize, wide: bool) -> String {
    let process = match (&owner.comm, owner.pid) {
        (Some(comm), Some(pid)) => format!("{} ({pid})", printable(comm)),
        (Some(comm), None) => printable(comm),
        (None, Some(pid)) => format!("pid {pid}"),
        (None, None) => unknown(),
    };
    let Some(place) = owner.place() else {
        return process;
    };
    let whole = format!("{process} in {}", printable(&place));
    if wide || width(&whole) <= columns {
        whole
    } else {
        process
    }
}

#[cfg(test)]
mod tests;
