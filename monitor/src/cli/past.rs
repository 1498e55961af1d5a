//! What commands that look back have in common: the moment that is meant, and the history that is read.

use super::arguments::ConfigArguments;
use super::exit::CliError;
use super::host::HostArguments;
use super::output::{Output, write};
use super::past_error::PastError;
use super::remark::remark;
use super::runtime::runtime;
use super::wrong::Shown;
use crate::client::{Answer, Client, Host, Question};
use crate::config::Overrides;
use crate::daemon::present;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitor_lookback::{Asked, Found, Lines, Past, Reporter, Standing, Stood, told};
use monitor_model::format::printable;
use monitor_model::report::Report;
use monitor_model::time::Timestamp as Told;
use monitor_store::{Kind, Kinds, Moment, ReadError, ReadStats};
use serde::de::DeserializeOwned;
use std::collections::{HashSet, VecDeque};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Where the history lies.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(super) struct Arguments {
    /// The history in this folder, in place of the configuration's
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    history: Option<PathBuf>,
}

impl Arguments {
    /// The history, as seen now: that of a folder which is named, that of a daemon elsewhere, else that of this
    /// configuration, of which a daemon tells where its files are not for this user.
    pub(super) fn open(
        &self,
        config: &ConfigArguments,
        host: &HostArguments,
    ) -> Result<Kept, CliError> {
        if let Some(dir) = &self.history {
            return Ok(Kept::Here(Past::new(dir.clone(), now()?)));
        }
        if let Some(host) = host.named()? {
            return Ok(Kept::Told(host));
        }
        let config = config.load(Overrides::default())?;
        let asked = Host::Socket(config.socket);
        let Some(settings) = config.history else {
            return Ok(Kept::Told(asked));
        };
        let refused = fs::read_dir(&settings.dir).err().map(|error| error.kind());
        if refused == Some(io::ErrorKind::PermissionDenied) {
            return Ok(Kept::Told(asked));
        }
        Ok(Kept::Here(Past::new(settings.dir, now()?)))
    }

    /// The findings since then, or all.
    pub(super) fn earlier(
        &self,
        config: &ConfigArguments,
        host: &HostArguments,
        since: Option<&Asked>,
    ) -> Result<Earlier, CliError> {
        let kinds = Kinds::of(&[Kind::Finding]);
        let unix_ns = since.map_or(0, |since| since.unix_ns);
        let from = match self.open(config, host)? {
            Kept::Here(past) => Place::Here(read(past.lines(unix_ns, i64::MAX, kinds))?),
            Kept::Told(host) => Place::Told(host, unix_ns),
        };
        since.iter().for_each(|since| tell_moment("since", since));
        Ok(Earlier {
            from,
            said: 0,
            latest: VecDeque::new(),
            known: HashSet::new(),
        })
    }
}

/// Where a history is read.
pub(super) enum Kept {
    /// In files.
    Here(Past),
    /// A daemon tells what it has.
    Told(Host),
}

impl Kept {
    /// Hands over all lines since then, the oldest first.
    pub(super) fn each(&self, since: i64, take: &mut dyn FnMut(String)) -> Result<(), CliError> {
        match self {
            Self::Here(past) => {
                for line in read(past.lines(since, i64::MAX, Kinds::ALL))? {
                    take(read(line)?);
                }
                Ok(())
            }
            Self::Told(host) => {
                let since = Query {
                    since: Some(since),
                    ..Query::default()
                };
                since.each(host, |line| take(line.to_owned()))
            }
        }
    }

    /// The alerts as they stood at that time.
    pub(super) fn alerts_at(&self, at: i64) -> Result<Stood, CliError> {
        let host = match self {
            Self::Here(past) => return Ok(read(past.alerts_at(at))?),
            Self::Told(host) => host,
        };
        let (mut standing, mut unknown) = (Standing::default(), 0);
        for kind in ["alert", "agent"] {
            let query = Query {
                until: Some(at.saturating_add(NS_A_MS)),
                kind: Some(kind),
                ..Query::default()
            };
            query.each(host, |line| match told(line) {
                Some((moment, contents)) => {
                    standing.take(&moment, moment.wall_unix_ns, contents);
                }
                None => unknown += 1,
            })?;
        }
        let stats = ReadStats {
            damaged: 0,
            unknown,
        };
        Ok(standing.at(at, begins(host)?, &stats))
    }

    /// What was found from one moment to the other, as far as there is room.
    pub(super) fn found_until(&self, from: i64, at: i64) -> Result<Found, CliError> {
        let host = match self {
            Self::Here(past) => return Ok(read(past.found_until(from, at))?),
            Self::Told(host) => host,
        };
        let mut found = Found::default();
        for kind in ["finding", "gaps", "agent"] {
            let query = Query {
                since: Some(from),
                until: Some(at.saturating_add(NS_A_MS)),
                kind: Some(kind),
                ..Query::default()
            };
            // What cannot be read is of a newer daemon.
            query.each(host, |line| {
                if let Some((_, contents)) = told(line) {
                    found.take(contents);
                }
            })?;
        }
        Ok(found)
    }

    /// What was found in that time.
    pub(super) fn report(&self, from: i64, until: i64) -> Result<Report, CliError> {
        let host = match self {
            Self::Here(past) => return Ok(read(past.report(from, until))?),
            Self::Told(host) => host,
        };
        let (mut reporter, mut unknown) = (Reporter::new(from, until, begins(host)?), 0);
        for kind in ["alert", "agent"] {
            let before = Query {
                until: Some(from),
                kind: Some(kind),
                ..Query::default()
            };
            before.each(host, |line| match told(line) {
                Some((moment, contents)) => {
                    reporter.before(&moment, moment.wall_unix_ns, contents);
                }
                None => unknown += 1,
            })?;
        }
        let within = Query {
            since: Some(from),
            until: Some(until),
            ..Query::default()
        };
        within.each(host, |line| match told(line) {
            Some((moment, contents)) => reporter.take(&moment, moment.wall_unix_ns, contents),
            None => unknown += 1,
        })?;
        Ok(reporter.finish(0, unknown))
    }
}

/// Times are asked for to the millisecond.
const NS_A_MS: i64 = 1_000_000;

/// What a daemon is asked for.
#[derive(Clone, Copy, Default)]
struct Query {
    since: Option<i64>,
    until: Option<i64>,
    kind: Option<&'static str>,
    limit: Option<u64>,
}

impl Query {
    fn question(&self) -> Question {
        let time = |ns: i64| Told::of(ns).to_string();
        let parts = [
            ("since", self.since.map(time)),
            ("until", self.until.map(time)),
            ("kind", self.kind.map(str::to_owned)),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ];
        let parts = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        Question::list(format!(
            "/api/v1/history?{}",
            parts.collect::<Vec<_>>().join("&")
        ))
    }

    /// Hands each line over.
    fn each(&self, host: &Host, mut line: impl FnMut(&str)) -> Result<(), CliError> {
        runtime()?.block_on(async {
            let mut client = Client::ask(host, &self.question()).await?;
            while let Some(answer) = client.next().await? {
                if let Answer::Row(row) = answer {
                    line(&row);
                }
            }
            Ok(())
        })
    }
}

/// When a daemon's history begins, in ns since 1970.
fn begins(host: &Host) -> Result<Option<i64>, CliError> {
    let first = Query {
        limit: Some(1),
        ..Query::default()
    };
    let mut begins = None;
    first.each(host, |line| {
        begins = told(line).map(|(at, _)| at.wall_unix_ns);
    })?;
    Ok(begins)
}

/// The present moment.
pub(super) fn now() -> Result<Moment, PastError> {
    present().ok_or(PastError::Clock)
}

/// What this host calls itself.
pub(super) fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The zone of this host: TZ, else /etc/localtime.
pub(super) fn zone() -> TimeZone {
    TimeZone::system()
}

/// A moment as people say it.
#[derive(Clone, Debug)]
pub(super) struct When {
    text: String,
    asked: Asked,
}

impl When {
    /// The moment that is meant: of a snapshot, as one would have said it when that was made.
    pub(super) fn asked(&self, host: &HostArguments) -> Result<Asked, CliError> {
        let Some(opened) = host.opened()? else {
            return Ok(self.asked.clone());
        };
        let made = opened.snapshot().about.made.unix_ns();
        // Times are told to the millisecond, and what was told last is asked for too.
        let asked = at(&self.text, made.saturating_add(NS_A_MS));
        asked.map_err(|error| CliError::Usage(error.to_string()))
    }
}

/// Reads a moment as people say it.
pub(super) fn parse_moment(text: &str) -> Result<When, Box<dyn std::error::Error + Send + Sync>> {
    Ok(When {
        text: text.to_owned(),
        asked: at(text, now()?.wall_unix_ns)?,
    })
}

fn at(text: &str, now_unix_ns: i64) -> Result<Asked, Box<dyn std::error::Error + Send + Sync>> {
    let now = Timestamp::from_nanosecond(now_unix_ns.into())?;
    Ok(Asked::parse(text, &now.to_zoned(zone()))?)
}

/// A moment in local time.
pub(super) fn told_moment(asked: &Asked) -> String {
    match Timestamp::from_nanosecond(asked.unix_ns.into()) {
        Ok(moment) => moment.to_zoned(zone()).strftime("%F %T %:z").to_string(),
        // jiff knows all moments that 64 bits of ns have.
        Err(_) => Told::of(asked.unix_ns).to_string(),
    }
}

/// Says which moment is meant.
pub(super) fn tell_moment(word: &str, asked: &Asked) {
    note(&format!("{word} {}", told_moment(asked)));
    tell_note(asked);
}

/// Says what there is to be said of it.
pub(super) fn tell_note(asked: &Asked) {
    asked.note.iter().for_each(|text| note(text));
}

/// One line on standard error.
pub(super) fn note(text: &str) {
    remark(&format!("tcplull: {}\n", printable(text)));
}

/// What was read, or what to do.
pub(super) fn read<T>(read: Result<T, ReadError>) -> Result<T, PastError> {
    read.map_err(|error| match error {
        ReadError::Folder { dir, source } => match source.kind() {
            io::ErrorKind::NotFound => PastError::NotThere { dir },
            io::ErrorKind::PermissionDenied => PastError::NotAllowed { dir },
            _ => PastError::Read(ReadError::Folder { dir, source }),
        },
        error => PastError::Read(error),
    })
}

/// What was told before a watch began.
pub(super) struct Earlier {
    from: Place,
    /// Files and records that could not be shown, as said last.
    said: u64,
    /// The lines shown last, by their hash, so that none comes twice.
    latest: VecDeque<u64>,
    known: HashSet<u64>,
}

/// Where it is read.
enum Place {
    Here(Lines),
    /// Of a daemon, since this moment in ns since 1970.
    Told(Host, i64),
}

impl Earlier {
    /// As long may a finding be on its way to the history that is told already.
    pub(super) const LATE: Duration = Duration::from_secs(1);

    /// So many lines are known again: more than a daemon and its history can have on their way.
    const KNOWN: usize = 16_384;

    /// Shows what has come since it was asked last; `false` when the reader has gone.
    pub(super) async fn show<T: DeserializeOwned + Shown>(
        &mut self,
        output: &Output<T>,
        takes: &dyn Fn(&str) -> bool,
        wrong: &mut bool,
    ) -> Result<bool, CliError> {
        if let Place::Told(host, since) = &mut self.from {
            let query = Query {
                since: Some(*since),
                kind: Some("finding"),
                ..Query::default()
            };
            // What is asked for again is what was on its way by now.
            *since = now()?.wall_unix_ns.saturating_sub(10_000 * NS_A_MS);
            let mut client = Client::ask(host, &query.question()).await?;
            while let Some(answer) = client.next().await? {
                if let Answer::Row(line) = answer
                    && takes(&line)
                    && self.is_new(&line)
                    && !write(&output.laid_out(&line, wrong))?
                {
                    return Ok(false);
                }
            }
        }
        loop {
            let Place::Here(lines) = &mut self.from else {
                return Ok(true);
            };
            let Some(line) = read(lines.next().transpose())? else {
                break;
            };
            if takes(&line) && self.is_new(&line) && !write(&output.laid_out(&line, wrong))? {
                return Ok(false);
            }
        }
        let Place::Here(lines) = &self.from else {
            return Ok(true);
        };
        let stats = lines.stats();
        let lost = stats.damaged + stats.unknown;
        if lost > self.said {
            self.said = lost;
            note(&format!(
                "{} files of the history could not be read to their end, and {} records not understood",
                stats.damaged, stats.unknown
            ));
        }
        Ok(true)
    }

    /// Whether a line was not shown before; from now on it was.
    pub(super) fn is_new(&mut self, line: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        let hash = hasher.finish();
        if !self.known.insert(hash) {
            return false;
        }
        self.latest.push_back(hash);
        if self.latest.len() > Self::KNOWN
            && let Some(oldest) = self.latest.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
