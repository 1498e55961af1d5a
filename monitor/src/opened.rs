//! A snapshot as those ask it who ask a daemon: the same API, in this process.

use crate::client::{Host, Inside};
use crate::surfaces::api::{
    AlertQuery, Api, ApiSource, ConnectionQuery, DetailQuery, Feed, HistoryKind, HistoryQuery, Rows,
};
use monitor_lookback::told;
use monitor_model::alert::Alert;
use monitor_model::api::{AgentClients, AgentPrivileges, AgentState, AgentSweeps, ApiError};
use monitor_model::detail::ConnectionDetail;
use monitor_model::finding::Connection;
use monitor_model::listing::{CheckRow, ConnectionRow};
use monitor_model::path_state::{FoundInTime, PathState};
use monitor_model::time::Timestamp;
use monitor_query::{First, Sort};
use monitor_snapshot::{Bounds, Part, ReadError, Snapshot, read};
use monitor_store::Contents;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// Why a file cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", file.display())]
pub struct OpenError {
    file: PathBuf,
    source: ReadError,
}

/// A snapshot, as it is asked.
#[derive(Clone, Debug)]
pub struct Opened(Arc<Snapshot>);

impl Opened {
    /// Reads a file, whoever wrote it.
    ///
    /// # Errors
    /// Why it is none, or cannot be read.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        let found = File::open(file).map_err(ReadError::Io);
        let snapshot = found.and_then(|found| read(found, Bounds::default()));
        let snapshot = snapshot.map_err(|source| OpenError {
            file: file.to_owned(),
            source,
        })?;
        Ok(Self(Arc::new(snapshot)))
    }

    /// What is in it.
    pub fn snapshot(&self) -> &Snapshot {
        &self.0
    }

    /// The API that it is asked by. Nothing is to come of it.
    pub fn api(&self) -> Api {
        Api::new(Arc::new(self.clone()), Feed::default(), Arc::default())
    }

    /// Where it is asked in this process: its streams end at once.
    pub fn host(&self) -> Host {
        let (_, ended) = watch::channel(());
        Host::Inside(Inside::new("the snapshot", &self.api(), ended))
    }

    /// What it is, and what it lacks, in one line.
    pub fn describe(&self) -> String {
        let about = &self.0.about;
        let redacted = match about.redacted {
            true => ", addresses and names are pseudonyms",
            false => "",
        };
        let lacking = self.0.lacking().into_iter();
        let mut lacks: Vec<String> = lacking
            .map(|(parts, why)| format!("{parts} ({why})"))
            .collect();
        if self.0.unknown() > 0 {
            lacks.push(format!(
                "{} lines that this version does not know",
                self.0.unknown()
            ));
        }
        let lacks = match lacks.is_empty() {
            true => String::new(),
            false => format!("; it lacks {}", lacks.join(", ")),
        };
        format!(
            "a snapshot of {}, made at {} by tcplull {}{redacted}{lacks}",
            about.host, about.made, about.version
        )
    }

    /// Lines of a part, each handed over by its number: what is asked is held no longer than the answer.
    fn lines(&self, part: Part) -> Result<impl Iterator<Item = String> + Send + use<>, String> {
        let lines = self.0.part(part)?.len();
        let snapshot = Arc::clone(&self.0);
        Ok((0..lines).filter_map(move |line| Some(snapshot.part(part).ok()?.get(line)?.clone())))
    }

    /// The first of its connections in order. What is no row of this version has no place in one.
    fn first(&self, asked: &ConnectionQuery, sort: Sort) -> Result<Rows, String> {
        let mut first = First::new(asked.most_sorted());
        for line in self.lines(Part::Connections)? {
            if let Ok(row) = serde_json::from_str::<ConnectionRow>(&line)
                && asked.filter.matches(&row)
            {
                first.push(sort.rank(&row), || line);
            }
        }
        let cut = ApiError::left_out(first.kept() as u64, first.left_out());
        Ok(Rows::lines(first.into_rows()).then(cut))
    }
}

/// Of which kind a record is.
const fn kind(contents: &Contents) -> HistoryKind {
    match contents {
        Contents::Finding(_) => HistoryKind::Finding,
        Contents::Alert(_) => HistoryKind::Alert,
        Contents::Gaps(_) => HistoryKind::Gaps,
        Contents::Agent(_) => HistoryKind::Agent,
    }
}

impl ApiSource for Opened {
    fn metrics(&self) -> Result<String, String> {
        Ok(self.0.part(Part::Metrics)?.join("\n") + "\n")
    }

    fn ready(&self) -> Result<String, String> {
        let agent = self.agent();
        match agent.ready {
            true => Ok(agent.readiness),
            false => Err(agent.readiness),
        }
    }

    /// None, where it has none: that it lacks them is said when it is opened.
    fn alerts(&self, _: &AlertQuery) -> Vec<Alert> {
        let lines = self.0.part(Part::Alerts).unwrap_or_default();
        let alerts = lines.iter().map(|line| serde_json::from_str(line));
        alerts.filter_map(Result::ok).collect()
    }

    fn connections(&self, asked: &ConnectionQuery) -> Result<Rows, String> {
        if let Some(sort) = asked.sort {
            return self.first(asked, sort);
        }
        let filter = asked.filter.clone();
        let lines = self.lines(Part::Connections)?.filter(move |line| {
            filter.is_all()
                || serde_json::from_str::<ConnectionRow>(line).is_ok_and(|row| filter.matches(&row))
        });
        Ok(Rows::lines(lines).first(asked.limit))
    }

    /// As it was when the snapshot was made, which has no numbers of it; of one that was gone, what was found of it.
    fn connection(&self, id: &str, _: &DetailQuery) -> Result<Option<ConnectionDetail>, String> {
        let is_it = |connection: &Connection| {
            let cookie = connection.id.split('-').next();
            connection.id == id || cookie == Some(id)
        };
        let rows = self.lines(Part::Connections).into_iter().flatten();
        let mut rows = rows.filter_map(|line| serde_json::from_str::<ConnectionRow>(&line).ok());
        let row = rows.find(|row| is_it(&row.connection));
        let history = self.lines(Part::History).into_iter().flatten();
        let findings = history.filter_map(|line| match told(&line) {
            Some((_, Contents::Finding(finding))) => Some(*finding),
            _ => None,
        });
        let findings = findings.filter(|finding| is_it(&finding.connection));
        let made = self.0.about.made;
        let Some(mut detail) = ConnectionDetail::found(made, row, findings.collect()) else {
            return Ok(None);
        };
        // What is run now tells nothing of then: there is no command.
        detail.timeline = monitor_sheet::events(&detail, &[]);
        Ok(Some(detail))
    }

    fn history(&self, asked: &HistoryQuery) -> Result<Rows, String> {
        let from = asked.since.map_or(i64::MIN, Timestamp::unix_ns);
        let until = asked.until.map_or(i64::MAX, Timestamp::unix_ns);
        let wanted = asked.kind;
        let lines = self.lines(Part::History)?.filter(move |line| {
            told(line).is_some_and(|(at, contents)| {
                (from..until).contains(&at.wall_unix_ns)
                    && wanted.is_none_or(|wanted| wanted == kind(&contents))
            })
        });
        Ok(Rows::lines(lines).first(asked.limit))
    }

    fn paths(&self) -> Result<Vec<PathState>, String> {
        let lines = self.0.part(Part::Paths)?.iter();
        Ok(lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect())
    }

    fn found(&self) -> Vec<FoundInTime> {
        let lines = self.0.part(Part::Paths).unwrap_or_default().iter();
        lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    fn still(&self) -> Option<(Timestamp, String)> {
        Some((self.0.about.made, self.describe()))
    }

    fn check(&self) -> Result<Vec<CheckRow>, String> {
        let rows = self.0.part(Part::Check)?.iter();
        Ok(rows
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect())
    }

    fn agent(&self) -> AgentState {
        let told = self.0.part(Part::Agent);
        let state = told.as_ref().ok().and_then(|lines| lines.first());
        if let Some(state) = state.and_then(|line| serde_json::from_str(line).ok()) {
            return state;
        }
        let about = &self.0.about;
        AgentState {
            version: about.version.clone(),
            kernel: about.kernel.clone().unwrap_or_default(),
            started: about.made,
            watching: "unknown".to_owned(),
            hooks: Vec::new(),
            ready: false,
            readiness: told.err().unwrap_or_default(),
            paths: Vec::new(),
            privileges: AgentPrivileges::default(),
            sweeps: AgentSweeps::default(),
            clients: AgentClients::default(),
        }
    }
}
