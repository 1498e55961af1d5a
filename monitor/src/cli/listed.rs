//! How `tcplull ls` writes what it finds: filtered, sorted, as a table or as JSON. Unsorted rows go out as they come, and of
//! sorted ones no more are held than are shown: a daemon sends no others.

use super::client::{Chosen, Wanted, connections};
use super::color::Color;
use super::exit::CliError;
use super::output::Lines;
use super::remark::remark;
use super::wrong::{self, Shown};
use crate::client::{Answer, Host};
use crate::surfaces::api::ConnectionQuery;
use crate::text::connections::ConnectionTable;
use clap::Args;
use monitor_model::format::{json_shown, printable, told_line};
use monitor_model::listing::ConnectionRow;
use monitor_model::text::Text;
use monitor_query::{Filter, First, Sort};
use std::io::{IsTerminal, stdout};
use std::num::NonZeroUsize;
use terminal_size::{Width, terminal_size_of};

/// Rows that are kept while they are sorted, unless somebody says another number: a few tens of megabytes.
const MOST_SORTED: usize = ConnectionQuery::MOST_SORTED;

/// How rows are shown.
#[derive(Args, Clone, Debug)]
pub(super) struct ListedArguments {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Show every column and cut nothing, however wide the terminal is; a pipe has that anyway
    #[arg(long)]
    wide: bool,
    /// Leave out the headings
    #[arg(long)]
    no_header: bool,
    /// Sort by a column, such as "left", or "-idle" for the greatest first [default: as they come]
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    sort: Option<Sort>,
    /// Show so many rows at most [default: all; 10000 where they are sorted]
    #[arg(long, value_name = "ROWS")]
    limit: Option<NonZeroUsize>,
    /// Colours: on a terminal, always, or never; NO_COLOR turns those of a terminal off
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,
}

/// Rows on their way out.
pub(super) struct Listed {
    filter: Filter,
    table: Option<ConnectionTable>,
    /// To be written before the first row.
    header: bool,
    /// One of those that are shown is wrong.
    wrong: bool,
    /// Also where a daemon has put them in order: one that cannot sends all.
    sorted: Option<First<ConnectionRow>>,
    sort: Option<Sort>,
    /// Of rows that are not sorted.
    most: usize,
    shown: usize,
    left_out: u64,
    /// Nobody counts them: who was asked sends no more of them than tells that there are some.
    uncounted: bool,
    lines: Lines,
}

impl Listed {
    /// As flags have it.
    pub(super) fn new(arguments: &ListedArguments, filter: Filter) -> Self {
        let most = arguments.limit.map(NonZeroUsize::get);
        Self {
            filter,
            table: (!arguments.json).then(|| arguments.table()),
            header: !arguments.no_header,
            wrong: false,
            sorted: arguments
                .sort
                .map(|_| First::new(most.unwrap_or(MOST_SORTED))),
            sort: arguments.sort,
            most: most.unwrap_or(usize::MAX),
            shown: 0,
            left_out: 0,
            uncounted: false,
            lines: Lines::new(),
        }
    }

    /// Asks a daemon for what is to be shown, and for that alone; a daemon that cannot tell it from the rest is asked for all.
    pub(super) fn ask(&mut self, host: &Host, verbose: bool) -> Result<(), CliError> {
        let filter = self.filter.clone();
        let limit = (self.most < usize::MAX).then_some(self.most);
        // More than that no daemon puts in order.
        let is_in_order = limit.is_none_or(|limit| limit <= MOST_SORTED);
        let wanted = Wanted {
            filter: &filter,
            sort: self.sort.filter(|_| is_in_order),
            limit: match self.sort {
                Some(_) => limit.filter(|_| is_in_order),
                None => limit.map(|limit| limit + 1),
            },
        };
        // How many more there are is told of sorted ones alone.
        self.uncounted = wanted.sort.is_none() && wanted.limit.is_some();
        let chosen = connections(host, &wanted, verbose, &mut |answer| self.answer(answer))?;
        match chosen {
            Chosen::Wanted { left_out } => self.left_out += left_out,
            Chosen::All => self.uncounted = false,
        }
        Ok(())
    }

    /// One line of a daemon's answer; `false` when the reader has gone.
    pub(super) fn answer(&mut self, answer: Answer) -> Result<bool, CliError> {
        let Answer::Row(text) = answer else {
            return Ok(true);
        };
        // What goes out as it comes may be a million: no text of it is copied that need not be.
        if self.filter.is_all() && self.sorted.is_none() {
            if self.table.is_none() {
                // Once one is wrong the others need not be read.
                self.wrong = self.wrong || wrong::is_told(&text);
                return self.write(|_| Ok(json_shown(text)));
            }
            if let Ok(row) = serde_json::from_str::<ConnectionRow<Text<'_>>>(&text) {
                self.wrong |= self.shown < self.most && row.is_wrong();
                return self.write(|table| {
                    Ok(table.map_or_else(|| json_shown(text.as_str()), |table| table.line(&row)))
                });
            }
        }
        match serde_json::from_str::<ConnectionRow>(&text) {
            // As the daemon wrote it: a newer one may say more.
            Ok(row) if self.table.is_none() && self.sorted.is_none() => {
                if self.filter.matches(&row) {
                    self.wrong |= self.shown < self.most && row.is_wrong();
                    self.write(|_| Ok(json_shown(text)))
                } else {
                    Ok(true)
                }
            }
            Ok(row) => self.row(row),
            // A newer daemon may say more than this build can lay out.
            Err(_) => self.write(|table| {
                Ok(match table {
                    Some(_) => printable(&text),
                    None => json_shown(text),
                })
            }),
        }
    }

    /// One connection; `false` when the reader has gone.
    pub(super) fn row(&mut self, row: ConnectionRow) -> Result<bool, CliError> {
        if !self.filter.matches(&row) {
            return Ok(true);
        }
        match (&mut self.sorted, self.sort) {
            (Some(sorted), Some(sort)) => {
                sorted.push(sort.rank(&row), || row);
                Ok(true)
            }
            _ => {
                self.wrong |= self.shown < self.most && row.is_wrong();
                self.write(|table| line(table, &row))
            }
        }
    }

    /// Writes what is left to write, and says how many were left out; answers whether one that is shown is wrong.
    pub(super) fn end(mut self) -> Result<bool, CliError> {
        self.begin()?;
        if let Some(sorted) = self.sorted.take() {
            self.left_out += sorted.left_out();
            self.most = usize::MAX;
            for row in sorted.into_rows() {
                self.wrong |= self.shown < self.most && row.is_wrong();
                if !self.write(|table| line(table, &row))? {
                    return Ok(self.wrong);
                }
            }
        }
        if self.lines.end()? && self.left_out > 0 {
            let (shown, out) = (self.shown, self.left_out);
            let first = match self.sort {
                Some(sort) => format!("the first {shown} by {sort} are shown"),
                None => format!("{shown} are shown"),
            };
            let out = match self.uncounted {
                true => String::new(),
                false => format!("{out} "),
            };
            remark(&format!(
                "tcplull: {first}, {out}more are left out; --limit says how many, and a filter which\n"
            ));
        }
        Ok(self.wrong)
    }

    /// Writes the headings, where they are not written yet.
    fn begin(&mut self) -> Result<(), CliError> {
        if std::mem::take(&mut self.header)
            && let Some(table) = &self.table
        {
            self.lines.write(&table.header())?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        line: impl FnOnce(Option<&ConnectionTable>) -> Result<String, CliError>,
    ) -> Result<bool, CliError> {
        if self.shown >= self.most {
            self.left_out += 1;
            return Ok(true);
        }
        self.shown += 1;
        self.begin()?;
        self.lines.write(&line(self.table.as_ref())?)
    }
}

fn line(table: Option<&ConnectionTable>, row: &ConnectionRow) -> Result<String, CliError> {
    match table {
        Some(table) => Ok(table.line(row)),
        None => told_line(row).map_err(CliError::unwritten),
    }
}

impl ListedArguments {
    /// As by default.
    pub(super) const fn usual(json: bool) -> Self {
        Self {
            json,
            wide: false,
            no_header: false,
            sort: None,
            limit: None,
            color: Color::Auto,
        }
    }

    /// What fits the terminal; whole where there is none, or none that says how wide it is.
    fn table(&self) -> ConnectionTable {
        let colour = self.color.is_on();
        let terminal = stdout()
            .is_terminal()
            .then(|| terminal_size_of(stdout()))
            .flatten();
        match terminal {
            Some((Width(width), _)) if !self.wide && width > 0 => {
                ConnectionTable::fitting(width.into(), colour)
            }
            _ => ConnectionTable::whole(colour),
        }
    }
}
