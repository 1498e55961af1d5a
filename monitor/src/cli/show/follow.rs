//! Going on telling of a connection: it is looked at again and again, and what is new is told, until it has ended.

use super::ask::detail;
use crate::cli::exit::CliError;
use crate::cli::output::{columns, write};
use crate::cli::wrong::Shown;
use crate::client::{ClientError, Host};
use crate::text::sheet;
use monitor_model::detail::{ConnectionDetail, EventKind, TimelineEvent};
use monitor_model::format::json_shown;
use monitor_sheet::event;
use std::collections::VecDeque;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks, at the least.
const PAUSE: Duration = Duration::from_secs(1);

/// A look may take so much of the time: on a large host it takes seconds, and others want to look, too.
const SHARE: u32 = 10;

/// Moments that are known again.
const KNOWN: usize = 512;

/// Within so much the kernel's clocks mean the same moment at each look, in ns: they count in jiffies.
const SAME_NS: i64 = 25_000_000;

/// What was told of a connection.
pub(super) struct Follower {
    told: VecDeque<TimelineEvent>,
    /// How it stood when that was told last.
    stood: Option<String>,
    json: bool,
    colour: bool,
    wrong: bool,
}

impl Follower {
    /// That of which this page was shown.
    pub(super) fn new(shown: &ConnectionDetail, json: bool, colour: bool) -> Self {
        let mut follower = Self {
            told: VecDeque::new(),
            stood: None,
            json,
            colour,
            wrong: shown.is_wrong(),
        };
        follower.news(shown);
        follower
    }

    /// Tells what comes, until the connection ends or nobody reads; answers whether something was wrong with it.
    pub(super) fn follow(&mut self, host: &Host, id: &str) -> Result<bool, CliError> {
        let mut took = Duration::ZERO;
        loop {
            sleep(PAUSE.max(took.saturating_mul(SHARE)));
            let begun = Instant::now();
            let found = match detail(host, id, false) {
                Err(CliError::Client(ClientError::NotThere(_))) => {
                    self.end(None)?;
                    return Ok(self.wrong);
                }
                found => found?,
            };
            took = begun.elapsed();
            self.wrong |= found.told.is_wrong();
            let news = self.news(&found.told);
            let reads_on = match self.json {
                true if news.is_empty() => true,
                true => write(&json_shown(&found.line))?,
                false => self.write(&news)?,
            };
            if !reads_on {
                return Ok(self.wrong);
            }
            if found.told.row.is_none() {
                self.end(found.told.verdict().map(|last| last.kind.name()))?;
                return Ok(self.wrong);
            }
        }
    }

    fn write(&self, news: &[TimelineEvent]) -> Result<bool, CliError> {
        for one in news {
            if !write(&sheet(&event(one, columns()), self.colour))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn end(&self, verdict: Option<&str>) -> Result<(), CliError> {
        if self.json {
            return Ok(());
        }
        let verdict = verdict.map_or(String::new(), |verdict| {
            format!("; last it was found {}", verdict.replace('_', " "))
        });
        write(&format!("It has ended{verdict}."))?;
        Ok(())
    }

    /// What was not told yet; from now on it was.
    fn news(&mut self, shown: &ConnectionDetail) -> Vec<TimelineEvent> {
        let mut news = Vec::new();
        for event in &shown.timeline {
            match event.what {
                EventKind::Next => continue,
                // How it stands is news where it has changed.
                EventKind::Now => {
                    if self.stood.as_ref() == Some(&event.text) {
                        continue;
                    }
                    self.stood = Some(event.text.clone());
                }
                // One that lasts is told when it has ended.
                EventKind::Silence if self.lasts(event, shown) => continue,
                _ if self.is_told(event) => continue,
                _ => {}
            }
            news.push(event.clone());
            self.told.push_back(event.clone());
            if self.told.len() > KNOWN {
                self.told.pop_front();
            }
        }
        news
    }

    fn lasts(&self, silence: &TimelineEvent, shown: &ConnectionDetail) -> bool {
        let ns = silence.seconds.unwrap_or_default() * 1e9;
        let ended = silence.time.unix_ns().saturating_add(ns as i64);
        shown.time.unix_ns().saturating_sub(ended) <= SAME_NS
    }

    fn is_told(&self, event: &TimelineEvent) -> bool {
        self.told.iter().any(|told| {
            let apart = told.time.unix_ns().saturating_sub(event.time.unix_ns());
            let same_text = event.what != EventKind::Finding || told.text == event.text;
            told.what == event.what && apart.saturating_abs() <= SAME_NS && same_text
        })
    }
}
