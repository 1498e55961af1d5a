//! What each key does.

use super::connections::{Entry, Grouping};
use super::list::Move;
use super::view::{Opened, Tab};
use super::{App, alert_key, export, sheet};
use crate::event::Effect;
use crate::filter::{Filter, LONGEST};
use crate::key::Key;
use monitor_model::format::is_unseen;

impl App {
    pub(super) fn key(&mut self, key: Key) -> Option<Effect> {
        match key {
            Key::Ctrl('c') => return Some(Effect::Quit),
            Key::Ctrl('z') => return Some(Effect::Suspend),
            _ => {}
        }
        if self.typing.is_some() {
            self.type_key(key);
            return None;
        }
        self.message = None;
        if key == Key::Char('q') {
            return Some(Effect::Quit);
        }
        if self.help {
            self.help = !matches!(key, Key::Char('?' | 'h') | Key::Escape | Key::Enter);
            return None;
        }
        if let Some(way) = self.way(key) {
            self.go(way);
            return None;
        }
        match key {
            Key::Char('?' | 'h') => self.help = true,
            Key::Char('f' | ' ') => self.freeze(),
            Key::Char('c') => return self.copy(),
            Key::Char('e') => return self.export(),
            Key::Char('/') => self.typing = Some((self.filter.text().to_owned(), None)),
            Key::Char('s') => self.reorder(|app| {
                app.order.column = app.order.column.next();
                app.order.reversed = false;
            }),
            Key::Char('S') => self.reorder(|app| app.order.reversed ^= true),
            Key::Char('a') => self.group(),
            Key::Char(digit @ '1'..='4') => {
                let number = digit as usize - '1' as usize;
                self.turn_to(Tab::ALL[number]);
            }
            Key::Tab | Key::Right => self.turn_to(self.tab.step(1)),
            Key::BackTab | Key::Left => self.turn_to(self.tab.step(Tab::ALL.len() - 1)),
            Key::Enter => self.open(),
            Key::Escape => self.back(),
            _ => {}
        }
        None
    }

    fn way(&self, key: Key) -> Option<Move> {
        let seen = self.seen().max(1);
        Some(match key {
            Key::Up | Key::Char('k') => Move::Back(1),
            Key::Down | Key::Char('j') => Move::On(1),
            Key::PageUp | Key::Ctrl('b') => Move::Back(seen),
            Key::PageDown | Key::Ctrl('f') => Move::On(seen),
            Key::Ctrl('u') => Move::Back(seen.div_ceil(2)),
            Key::Ctrl('d') => Move::On(seen.div_ceil(2)),
            Key::Home | Key::Char('g') => Move::First,
            Key::End | Key::Char('G') => Move::Last,
            _ => return None,
        })
    }

    fn go(&mut self, way: Move) {
        let seen = self.seen();
        if self.opened.is_some() {
            let lines = sheet::opened(self).len();
            self.scrolled.scroll(way, lines, seen);
            return;
        }
        let entries = self.entries(self.tab);
        let place = &mut self.places[self.tab as usize];
        match self.tab {
            Tab::Agent => place.scroll(way, entries, seen),
            _ => place.go(way, entries, seen),
        }
    }

    fn type_key(&mut self, key: Key) {
        let Some((text, wrong)) = &mut self.typing else {
            return;
        };
        match key {
            Key::Char(c) if !is_unseen(c) && text.chars().count() < LONGEST => text.push(c),
            Key::Backspace => drop(text.pop()),
            Key::Ctrl('u') => text.clear(),
            Key::Ctrl('w') => {
                let kept = text.trim_end();
                let kept = kept.rfind(' ').map_or(0, |space| space + 1);
                text.truncate(kept);
            }
            Key::Escape => {
                self.typing = None;
                return;
            }
            Key::Enter => {
                match Filter::parse(text) {
                    Ok(filter) => self.apply(filter),
                    Err(reason) => *wrong = Some(reason),
                }
                return;
            }
            _ => {}
        }
        *wrong = None;
    }

    fn apply(&mut self, filter: Filter) {
        self.typing = None;
        if filter == self.filter {
            return;
        }
        self.filter = filter;
        // What is at hand shows it at once, the rest with the next answer.
        let takes = |row: &_| self.filter.takes(row);
        let rows = &mut self.connections.rows;
        rows.retain(takes);
        self.connections.closed.retain(|closed| takes(&closed.row));
        self.places[Tab::Connections as usize] = Default::default();
        self.list();
        self.link.hurry(self.now.up);
    }

    fn freeze(&mut self) {
        if self.then.is_some() {
            self.say(
                "what is over does not go on: `tcplull top` without --at shows now".to_owned(),
            );
        } else if self.frozen.take().is_some() {
            self.findings.release();
            self.link.hurry(self.now.up);
        } else {
            self.frozen = Some(self.now);
        }
    }

    fn reorder(&mut self, change: impl FnOnce(&mut Self)) {
        if self.is_in_one_order() {
            return;
        }
        if self.tab != Tab::Connections || self.opened.is_some() {
            self.say("only connections are sorted: 1, then s".to_owned());
            return;
        }
        change(self);
        let told = std::sync::Arc::clone(&self.told);
        self.connections.sort(self.order, &told);
        self.list();
        // Of many, others may come first now.
        self.link.hurry(self.now.up);
    }

    /// What was found by a moment that is over has one order; whether it is that, which is said then.
    fn is_in_one_order(&mut self) -> bool {
        let is_over = self.then.is_some();
        if is_over {
            self.say("pages stand first, then tickets, of each the newest first".to_owned());
        }
        is_over
    }

    fn group(&mut self) {
        if self.is_in_one_order() {
            return;
        }
        if self.tab != Tab::Connections || self.opened.is_some() {
            self.say("only connections are grouped: 1, then a".to_owned());
            return;
        }
        self.connections.within = None;
        self.connections.grouping = self.connections.grouping.next();
        self.places[Tab::Connections as usize] = Default::default();
        self.list();
    }

    fn turn_to(&mut self, tab: Tab) {
        self.opened = None;
        self.tab = tab;
        // It may need what was not asked for.
        self.link.hurry(self.now.up);
    }

    fn open(&mut self) {
        let at = self.places[self.tab as usize].chosen;
        match (self.tab, &self.opened) {
            (Tab::Connections, None) if self.then.is_some() => {
                let found = self.then.as_ref().and_then(|then| then.found.get(at));
                let id = found.map(|found| found.connection.id.clone());
                self.opened = id.map(|id| Opened::connection(id, None));
            }
            (Tab::Connections, None) => {
                let Some(entry) = self.connections.entries.get(at).cloned() else {
                    return;
                };
                if let Entry::Group(group) = entry {
                    self.connections.within = Some((self.connections.grouping, group.name));
                    self.connections.grouping = Grouping::None;
                    self.places[Tab::Connections as usize] = Default::default();
                    self.list();
                } else if let Some((row, _)) = self.connections.connection(&entry) {
                    let id = row.connection.id.clone();
                    self.opened = Some(Opened::connection(id, Some(row)));
                }
            }
            (Tab::Alerts, None) => {
                let alert = self.alerts.get(at);
                self.opened = alert.map(|alert| Opened::Alert {
                    key: alert_key(alert),
                });
            }
            // From an alert to its latest connection.
            (Tab::Alerts, Some(Opened::Alert { .. })) => {
                if let Some(id) = self.opened_alert().map(|alert| alert.example.clone()) {
                    let row = self.connections.with_id(&id).map(|(row, _)| row);
                    self.opened = Some(Opened::connection(id, row));
                }
            }
            (Tab::Paths, None) => {
                let name = self.path_lines().get(at).map(|line| line.name.to_owned());
                if let Some(name) = name {
                    self.connections.within = Some((Grouping::Path, name));
                    self.connections.grouping = Grouping::None;
                    self.turn_to(Tab::Connections);
                    self.places[Tab::Connections as usize] = Default::default();
                    self.list();
                }
            }
            _ => {}
        }
        if let Some(Opened::Connection {
            detail: None,
            untold: None,
            ..
        }) = &self.opened
        {
            self.link.hurry(self.now.up);
        }
        self.scrolled = Default::default();
    }

    fn back(&mut self) {
        if self.opened.take().is_some() || self.tab != Tab::Connections {
            return;
        }
        if let Some((grouping, _)) = self.connections.within.take() {
            self.connections.grouping = grouping;
            self.list();
        } else if !self.filter.is_empty() {
            self.apply(Filter::default());
        }
    }

    fn copy(&mut self) -> Option<Effect> {
        let text = export::chosen(self);
        match &text {
            Some(text) => {
                let text = crate::text::fit(text, 40);
                self.say(format!("given to the terminal's clipboard: {text}"));
            }
            None => self.say("nothing to copy here".to_owned()),
        }
        text.map(Effect::Copy)
    }

    fn export(&mut self) -> Option<Effect> {
        let export = export::all(self);
        if export.lines.is_empty() {
            self.say("nothing to export here".to_owned());
            return None;
        }
        Some(Effect::Export(export))
    }
}
