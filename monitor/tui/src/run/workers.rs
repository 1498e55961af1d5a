//! The threads that ask, so that keys are taken meanwhile.

use super::message::{Message, RunError};
use crate::event::{Answer, Ask, Event, Looked};
use crate::keep::Keeper;
use crate::source::{Source, SourceError};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

/// Them.
pub(super) struct Workers {
    source: Arc<dyn Source>,
    sender: SyncSender<Message>,
    asks: SyncSender<Ask>,
}

/// Says that its thread ended by a panic.
struct Watcher(SyncSender<Message>);

impl Drop for Watcher {
    fn drop(&mut self) {
        if thread::panicking() {
            // Where nobody listens, this has ended already.
            drop(self.0.send(Message::Died));
        }
    }
}

impl Workers {
    pub(super) fn start(source: Arc<dyn Source>, sender: SyncSender<Message>) -> io::Result<Self> {
        // One question is out at a time.
        let (asks, asked) = sync_channel(1);
        let (answers, from) = (sender.clone(), Arc::clone(&source));
        let thread = thread::Builder::new().name("ask".to_owned());
        thread.spawn(move || {
            let watcher = Watcher(answers);
            answer_all(from.as_ref(), &asked, &watcher.0);
        })?;
        Ok(Self {
            source,
            sender,
            asks,
        })
    }

    pub(super) fn ask(&self, ask: Ask) -> Result<(), RunError> {
        self.asks.send(ask).map_err(|_| RunError::Died)
    }

    pub(super) fn watch(&self) -> io::Result<()> {
        let (source, sender) = (Arc::clone(&self.source), self.sender.clone());
        let thread = thread::Builder::new().name("watch".to_owned());
        let watch = move || {
            let watcher = Watcher(sender);
            let sender = &watcher.0;
            let told = |event| sender.send(Message::Told(event)).is_ok();
            let ended = source.watch(&mut |watched| told(Event::Watched(watched)));
            // Why it ended the next question tells.
            drop(ended);
            told(Event::WatchEnded);
        };
        thread.spawn(watch).map(drop)
    }
}

fn answer_all(source: &dyn Source, asked: &Receiver<Ask>, answers: &SyncSender<Message>) {
    for ask in asked {
        let event = match answer(source, ask) {
            Ok(answer) => Event::Answer(Box::new(answer)),
            Err(SourceError(reason)) => Event::Lost(reason),
        };
        if answers.send(Message::Told(event)).is_err() {
            return;
        }
    }
}

fn answer(source: &dyn Source, ask: Ask) -> Result<Answer, SourceError> {
    let began = Instant::now();
    let mut answer = Answer {
        alerts: source.alerts()?,
        ..Answer::default()
    };
    if let Some(wanted) = ask.connections {
        let mut keeper = Keeper::new(wanted);
        source.connections(&mut |row| keeper.take(row))?;
        answer.connections = Some(keeper.batch());
    }
    if ask.paths {
        answer.paths = Some(source.paths()?);
    }
    if ask.agent {
        answer.agent = Some(source.agent()?);
    }
    if let Some(id) = ask.opened {
        let told = source.connection(&id);
        let told = told.map_err(|SourceError(reason)| reason);
        answer.opened = Some(Looked { id, told });
    }
    answer.took = began.elapsed();
    Ok(answer)
}
