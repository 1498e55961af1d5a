//! The state of the screen. It is told what happens, and says what to do.

pub mod connections;
mod export;
pub mod findings;
mod keys;
pub mod link;
pub mod list;
pub mod past;
pub mod sheet;
pub mod view;

use crate::event::{Answer, Ask, Effect, Event, Looked, Now, Wanted};
use crate::filter::Filter;
use crate::order::Order;
use crate::source::{AgentSheet, PathSheet};
use connections::{Connections, MOST};
use findings::Findings;
use link::Link;
use list::Place;
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::Clock;
use monitor_model::time::Timestamp;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use view::{Opened, Tab};

/// A message at the bottom stays for so long.
const MESSAGE_FOR: Duration = Duration::from_secs(8);

/// So many alerts and paths are kept; the daemon has no more of them.
const MOST_OTHERS: usize = 10_000;

/// After the watch for findings ended, it begins again no sooner.
const WATCH_AGAIN: Duration = Duration::from_secs(1);

/// What the screen shows, and all that goes into it.
#[derive(Debug)]
pub struct App {
    /// Whom it is about, for the title.
    pub host: String,
    /// What is said of where the data come from, all the time.
    pub notice: Option<String>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The moment that was told last.
    pub now: Now,
    /// The tab.
    pub tab: Tab,
    /// What is open over it.
    pub opened: Option<Opened>,
    /// The help is shown.
    pub help: bool,
    /// A filter that is being typed, and what is wrong with it.
    pub typing: Option<(String, Option<String>)>,
    /// The filter that applies.
    pub filter: Filter,
    /// The order of connections.
    pub order: Order,
    /// Since when nothing new is shown.
    pub frozen: Option<Now>,
    /// The daemon.
    pub link: Link,
    /// When what is shown came; `None` before anything did.
    pub as_of: Option<Duration>,
    /// Connections.
    pub connections: Connections,
    /// Alerts, pages first.
    pub alerts: Vec<Alert>,
    /// Paths that the daemon told of.
    pub paths: Vec<PathSheet>,
    /// The daemon, as it says; `None` before it did.
    pub agent: Option<AgentSheet>,
    /// Findings.
    pub findings: Findings,
    /// What was said last, and when.
    pub message: Option<(String, Duration)>,
    /// Where one is in each tab.
    pub places: [Place; 4],
    /// How far what is open is scrolled.
    pub scrolled: Place,
    /// The moment that is shown, if it is over.
    pub then: Option<past::Then>,
    told: Arc<HashSet<String>>,
    /// Findings are watched for, or from when on.
    watches: Result<(), Duration>,
}

impl App {
    /// Before anything is known. `host` is whom it is about.
    pub fn new(host: String, filter: Filter, now: Now, size: (u16, u16)) -> Self {
        Self {
            host,
            notice: None,
            size,
            now,
            tab: Tab::default(),
            opened: None,
            help: false,
            typing: None,
            filter,
            order: Order::default(),
            frozen: None,
            link: Link::default(),
            as_of: None,
            connections: Connections::default(),
            alerts: Vec::new(),
            paths: Vec::new(),
            agent: None,
            findings: Findings::default(),
            message: None,
            places: [Place::default(); 4],
            scrolled: Place::default(),
            then: None,
            told: Arc::default(),
            watches: Err(Duration::ZERO),
        }
    }

    /// Takes what happened, and says what to do, in this order.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Key(key) => effects.extend(self.key(key)),
            Event::Tick(now) => self.tick(now),
            Event::Resize(columns, rows) => self.size = (columns, rows),
            Event::Answer(answer) => self.answer(*answer),
            Event::Lost(reason) => self.link.lost(self.now.up, reason),
            Event::Watched(watched) if self.frozen.is_some() => self.findings.hold(watched),
            Event::Watched(watched) => self.findings.take(watched),
            Event::WatchEnded => {
                self.watches = Err(self.now.up.saturating_add(WATCH_AGAIN));
            }
            Event::Exported(Ok(name)) => self.say(format!("written: {name}")),
            Event::Exported(Err(reason)) => self.say(format!("not written: {reason}")),
        }
        self.settle();
        if self.frozen.is_none() && self.link.ask(self.now.up) {
            effects.push(Effect::Ask(Box::new(self.question())));
        }
        if let Err(from) = self.watches
            && from <= self.now.up
            && self.link.gone().is_none()
        {
            self.watches = Ok(());
            effects.push(Effect::Watch);
        }
        effects
    }

    fn tick(&mut self, now: Now) {
        self.now = now;
        let old = |at: Duration| now.up.saturating_sub(at) > MESSAGE_FOR;
        if self.message.as_ref().is_some_and(|(_, at)| old(*at)) {
            self.message = None;
        }
        if self.frozen.is_none() && self.connections.forget(now.up) {
            self.list();
        }
    }

    fn question(&self) -> Ask {
        let opened = match &self.opened {
            Some(Opened::Connection { id, .. }) => Some(id.as_str()),
            _ => None,
        };
        Ask {
            connections: Some(Wanted {
                filter: self.filter.clone(),
                order: self.order,
                most: MOST,
                told: Arc::clone(&self.told),
                followed: self.connections.followed(&self.findings, opened),
            }),
            paths: self.tab == Tab::Paths,
            agent: self.tab == Tab::Agent,
            opened: opened.map(str::to_owned),
        }
    }

    fn answer(&mut self, answer: Answer) {
        let now = self.now.up;
        let gone = self.link.gone().map(|lost| lost.since);
        if self.link.answered(now, answer.took)
            && let Some(since) = gone
        {
            let seconds = now.saturating_sub(since).as_secs_f64();
            self.say(format!(
                "the daemon answers again, after {}",
                crate::text::whole(seconds)
            ));
        }
        // It was asked before the screen was frozen.
        if self.frozen.is_some() {
            return;
        }
        self.as_of = Some(now);
        self.take_alerts(answer.alerts);
        if let Some(paths) = answer.paths {
            self.paths = paths;
            self.paths.truncate(MOST_OTHERS);
        }
        if let Some(agent) = answer.agent {
            self.agent = Some(agent);
        }
        if let Some(batch) = answer.connections {
            self.connections.take(batch, now);
            self.told = Arc::new(self.findings.told(self.now.wall));
            self.connections.sort(self.order, &self.told);
            self.list();
        }
        self.look(answer.opened);
    }

    /// Shows the open connection as it was told now.
    fn look(&mut self, looked: Option<Looked>) {
        let Some(Opened::Connection {
            id,
            row,
            detail,
            untold,
        }) = &mut self.opened
        else {
            return;
        };
        if let Some((found, _)) = self.connections.with_id(id) {
            *row = Some(Box::new(found.clone()));
        }
        match looked.filter(|looked| looked.id == *id) {
            Some(looked) => match looked.told {
                Ok(told) => (*detail, *untold) = (Some(told), None),
                Err(reason) => *untold = Some(reason),
            },
            // This was asked before it was opened.
            None => self.link.hurry(self.now.up),
        }
    }

    /// These alerts, those that the filter takes: pages first.
    fn take_alerts(&mut self, alerts: Vec<Alert>) {
        self.alerts = alerts;
        let filter = &self.filter;
        self.alerts.retain(|alert| filter.takes_alert(alert));
        self.alerts.truncate(MOST_OTHERS);
        let rank = |alert: &Alert| {
            let state = match alert.state {
                AlertState::Firing => 0,
                AlertState::Pending => 1,
                AlertState::Over => 2,
            };
            (state, std::cmp::Reverse((alert.severity, alert.since)))
        };
        self.alerts.sort_by_key(rank);
    }

    /// Makes the list of connections anew; who had been chosen stays so, unless that is the first, which is the worst.
    fn list(&mut self) {
        if self.list_then() {
            return;
        }
        let place = self.places[Tab::Connections as usize];
        let chosen = match place.chosen {
            0 => None,
            at => self.connections.identity(at),
        };
        self.connections.list(&self.findings);
        if let Some(chosen) = chosen {
            let mut entries = 0..self.connections.entries.len();
            let same = |at: &usize| self.connections.identity(*at).as_ref() == Some(&chosen);
            if let Some(at) = entries.find(same) {
                self.places[Tab::Connections as usize].chosen = at;
            }
        }
    }

    /// Keeps what is chosen within what there is.
    fn settle(&mut self) {
        let (tab, seen) = (self.tab, self.seen());
        let entries = self.entries(tab);
        let place = &mut self.places[tab as usize];
        match tab {
            Tab::Agent => place.scroll(list::Move::On(0), entries, seen),
            _ => place.fit(entries, seen),
        }
    }

    /// How many entries a tab has.
    fn entries(&self, tab: Tab) -> usize {
        match tab {
            Tab::Connections => match &self.then {
                Some(then) => then.found.len(),
                None => self.connections.entries.len(),
            },
            Tab::Alerts => self.alerts.len(),
            Tab::Paths => self.path_lines().len(),
            Tab::Agent => sheet::agent(self).len(),
        }
    }

    /// How many lines of a list are seen at once: the rows between title, two lines about it, its heading, and the keys.
    pub fn seen(&self) -> usize {
        let body = usize::from(self.size.1).saturating_sub(4);
        match (&self.opened, self.tab) {
            (Some(_), _) | (_, Tab::Agent) => body,
            (_, Tab::Paths) => Self::path_rows(body),
            _ => body.saturating_sub(1),
        }
    }

    /// How many of these rows list paths; gaps take the others.
    pub const fn path_rows(body: usize) -> usize {
        let rows = body / 3;
        if rows > 0 { rows } else { 1 }
    }

    /// The alert that is open.
    pub fn opened_alert(&self) -> Option<&Alert> {
        let Some(Opened::Alert { key }) = &self.opened else {
            return None;
        };
        self.alerts.iter().find(|alert| alert_key(alert) == *key)
    }

    /// Paths: those that the daemon told of, and those that connections are on.
    pub fn path_lines(&self) -> Vec<PathLine<'_>> {
        let mut lines: BTreeMap<&str, PathLine<'_>> = BTreeMap::new();
        for sheet in &self.paths {
            let line = lines.entry(&sheet.name).or_default();
            (line.timeout_seconds, line.clock) = (sheet.timeout_seconds, sheet.clock);
            line.sheet = Some(sheet);
        }
        for row in &self.connections.rows {
            let Some(path) = &row.path else { continue };
            let line = lines.entry(path).or_default();
            line.timeout_seconds = line.timeout_seconds.or(row.timeout_seconds);
            line.clock = line.clock.or(row.clock);
            line.counts.add(row.silence);
        }
        let named = lines
            .into_iter()
            .map(|(name, line)| PathLine { name, ..line });
        named.collect()
    }

    /// The moment that is shown: now, when the screen was frozen, or one that is over.
    pub fn shown_at(&self) -> Timestamp {
        self.frozen.map_or(self.now.wall, |frozen| frozen.wall)
    }

    fn say(&mut self, message: String) {
        self.message = Some((message, self.now.up));
    }
}

/// A path with its connections.
#[derive(Clone, Debug, Default)]
pub struct PathLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its timeout in seconds.
    pub timeout_seconds: Option<f64>,
    /// Its clock.
    pub clock: Option<Clock>,
    /// Its connections, of those that are shown.
    pub counts: crate::event::Counts,
    /// What else was told of it.
    pub sheet: Option<&'a PathSheet>,
}

/// What tells an alert from others.
fn alert_key(alert: &Alert) -> [String; 5] {
    [
        alert.name.clone(),
        alert.severity.name().to_owned(),
        alert.path.clone(),
        alert.owner.clone(),
        alert.since.to_string(),
    ]
}
