//! A running daemon as `top` asks it, by its API.

use super::numbers::Numbers;
use crate::cli::answerer::Answerer;
use crate::client::{Answer, Client, ClientError, Question};
use monitor_model::alert::Alert;
use monitor_model::api::AgentState;
use monitor_model::detail::ConnectionDetail;
use monitor_model::format::{count, duration_of};
use monitor_model::listing::ConnectionRow;
use monitor_tui::source::Watched;
use monitor_tui::source::{AgentSheet, PathSheet};
use monitor_tui::{Source, SourceError};
use serde::de::DeserializeOwned;
use std::future::Future;
use tokio::runtime::Builder;

/// A daemon, where it was started and wherever it is started again; or the command itself.
pub(super) struct Daemon {
    answerer: Answerer,
}

impl Daemon {
    pub(super) const fn new(answerer: Answerer) -> Self {
        Self { answerer }
    }

    /// Each row of the answer, until `take` has enough.
    fn rows(
        &self,
        question: &Question,
        take: &mut dyn FnMut(Answer) -> bool,
    ) -> Result<(), SourceError> {
        self.wait(async {
            let mut client = Client::ask(self.answerer.host(), question).await?;
            if question.waits {
                self.answerer.begin();
            }
            while let Some(answer) = client.next().await? {
                if !take(answer) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn wait(
        &self,
        asked: impl Future<Output = Result<(), ClientError>>,
    ) -> Result<(), SourceError> {
        // Each question has its own: the list is asked for while findings are watched for.
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| SourceError(format!("cannot start the runtime: {error}")))?;
        let answered = runtime.block_on(asked);
        answered.map_err(|error| SourceError(error.to_string()))
    }

    /// Rows of this type; what a newer daemon says that this build cannot read is left out.
    fn typed<T: DeserializeOwned>(
        &self,
        question: &Question,
        mut take: impl FnMut(T),
    ) -> Result<(), SourceError> {
        self.rows(question, &mut |answer| {
            if let Answer::Row(row) = answer
                && let Ok(row) = serde_json::from_str(&row)
            {
                take(row);
            }
            true
        })
    }

    fn state(&self) -> Result<Option<AgentState>, SourceError> {
        let mut state = None;
        self.typed(&Question::list("/api/v1/agent"), |told| state = Some(told))?;
        Ok(state)
    }

    fn numbers(&self) -> Result<Numbers, SourceError> {
        let mut numbers = Numbers::default();
        self.rows(&Question::list("/metrics"), &mut |answer| {
            if let Answer::Row(line) = answer {
                numbers.take(&line);
            }
            true
        })?;
        Ok(numbers)
    }
}

impl Source for Daemon {
    fn connections(&self, take: &mut dyn FnMut(ConnectionRow)) -> Result<(), SourceError> {
        // All of them, whatever the filter: the screen says of how many it takes some, and which of those it showed are gone.
        self.typed(&Question::list("/api/v1/connections"), take)
    }

    fn connection(&self, id: &str) -> Result<Box<ConnectionDetail>, SourceError> {
        let mut found = None;
        self.typed(&Question::connection(id, true), |told| found = Some(told))?;
        found.map(Box::new).ok_or_else(|| {
            SourceError("what the daemon says cannot be read: it is of another version".to_owned())
        })
    }

    fn alerts(&self) -> Result<Vec<Alert>, SourceError> {
        let mut alerts = Vec::new();
        self.typed(&Question::list("/api/v1/alerts"), |alert| {
            alerts.push(alert)
        })?;
        Ok(alerts)
    }

    fn paths(&self) -> Result<Vec<PathSheet>, SourceError> {
        let numbers = self.numbers()?;
        let state = self.state()?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |since| {
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
        });
        let now = monitor_model::time::Timestamp::of(now);
        let since = state.map_or(now, |state| state.started);
        Ok(numbers.paths(since, now))
    }

    fn agent(&self) -> Result<AgentSheet, SourceError> {
        let Some(state) = self.state()? else {
            return Ok(AgentSheet::default());
        };
        Ok(sheet(&state, &self.numbers()?))
    }

    fn watch(&self, take: &mut dyn FnMut(Watched) -> bool) -> Result<(), SourceError> {
        let question = Question::stream("/api/v1/findings");
        self.rows(&question, &mut |answer| match answer {
            Answer::Lagged(missed) => take(Watched::Lagged(missed)),
            Answer::Row(row) => match serde_json::from_str(&row) {
                Ok(finding) => take(Watched::Finding(Box::new(finding))),
                Err(_) => true,
            },
        })
    }
}

fn sheet(state: &AgentState, numbers: &Numbers) -> AgentSheet {
    let named = |name: &str, value: String| (name.to_owned(), value);
    let (sweeps, clients) = (&state.sweeps, &state.clients);
    let hooks = state.hooks.iter().map(|hook| {
        let mechanism = hook.mechanism.clone();
        let nothing = || "nothing: what it tells is not seen".to_owned();
        (hook.hook.clone(), mechanism.unwrap_or_else(nothing))
    });
    let share = |name| {
        let share = numbers.sum(name);
        share.map_or("-".to_owned(), |share| {
            format!("{:.2} % of a core", share * 100.0)
        })
    };
    let last = sweeps.last_seconds_ago;
    let last = last.map_or("none yet".to_owned(), |ago| {
        format!("{} ago", duration_of(ago))
    });
    let dropped = numbers.dropped();
    let dropped = match dropped.is_empty() {
        true => vec![named("nothing", String::new())],
        false => dropped,
    };
    AgentSheet {
        ready: Some(match state.ready {
            true => Ok(state.readiness.clone()),
            false => Err(state.readiness.clone()),
        }),
        sections: vec![
            (
                "Daemon".to_owned(),
                vec![
                    named("version", state.version.clone()),
                    named("kernel", state.kernel.clone()),
                    named("started", state.started.to_string()),
                    named("watching by", state.watching.clone()),
                    named("paths", state.paths.join(", ")),
                ],
            ),
            ("Hooks".to_owned(), hooks.collect()),
            (
                "Cost".to_owned(),
                vec![
                    named("daemon", share("tcplull_cpu_share")),
                    named("programs", share("tcplull_cpu_programs_share")),
                    named("budget", share("tcplull_cpu_budget")),
                ],
            ),
            (
                "Sweeps".to_owned(),
                vec![
                    named("every", duration_of(sweeps.interval_seconds)),
                    named("last", last),
                    named("took", duration_of(sweeps.last_took_seconds)),
                    named("sockets", sweeps.sockets.to_string()),
                ],
            ),
            ("Dropped since the start".to_owned(), dropped),
            (
                "Who asks it".to_owned(),
                vec![
                    named("now", count(clients.now, "client")),
                    named("watching", clients.watchers.to_string()),
                    named("turned away", clients.refused.to_string()),
                    named("cut off", clients.cut.to_string()),
                ],
            ),
        ],
    }
}
