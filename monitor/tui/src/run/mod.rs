//! The loop: it has the terminal, the clock and the threads that the state has not.

mod export;
mod input;
mod message;
mod signals;
mod terminal;
mod workers;

use crate::app::App;
use crate::draw::{Theme, draw};
use crate::event::{Effect, Event, Now};
use crate::filter::Filter;
use crate::past::Past;
use crate::source::Source;
use message::Message;
pub use message::RunError;
use monitor_model::time::Timestamp;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use terminal::Screen;
use workers::Workers;

/// So much happens at the most before the loop takes it; who brings more waits.
const WAITING: usize = 256;

/// Time is told at least so often.
const TICK: Duration = Duration::from_millis(500);

/// How it starts.
#[derive(Debug)]
pub struct Start {
    /// Whom it is about, for the title.
    pub host: String,
    /// What is to be said of where the data come from, all the time.
    pub notice: Option<String>,
    /// The filter.
    pub filter: Filter,
    /// The moment that is shown in place of what the source tells.
    pub past: Option<Past>,
    /// How it looks.
    pub theme: Theme,
}

/// Shows what `source` tells, or a moment that is over, until the user quits.
///
/// # Errors
/// No terminal, or one that went.
pub fn run(source: Arc<dyn Source>, start: Start) -> Result<(), RunError> {
    if !io::stdout().is_terminal() {
        return Err(RunError::NoTerminal);
    }
    let began = Instant::now();
    let (sender, messages) = sync_channel(WAITING);
    let signals = signals::start(sender.clone())?;
    let mut screen = Screen::enter()?;
    input::start(sender.clone())?;
    let workers = Workers::start(source, sender)?;
    let (now, size) = (now(began), screen.size()?);
    let mut app = match start.past {
        None => App::new(start.host, start.filter, now, size),
        Some(past) => App::at(start.host, start.filter, now, size, past),
    };
    app.notice = start.notice;
    let ended = turn(
        &mut app,
        &mut screen,
        &messages,
        &workers,
        began,
        start.theme,
    );
    drop(screen);
    signals.close();
    if let Ended::BySignal(signal) = ended? {
        signals::die_by(signal)?;
    }
    Ok(())
}

enum Ended {
    Quit,
    BySignal(i32),
}

fn turn(
    app: &mut App,
    screen: &mut Screen,
    messages: &Receiver<Message>,
    workers: &Workers,
    began: Instant,
    theme: Theme,
) -> Result<Ended, RunError> {
    let mut ticked = Instant::now();
    let mut effects = app.handle(Event::Tick(now(began)));
    loop {
        while !effects.is_empty() {
            let mut more = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Quit => return Ok(Ended::Quit),
                    Effect::Suspend => signals::suspend(screen)?,
                    Effect::Ask(ask) => workers.ask(*ask)?,
                    Effect::Watch => workers.watch()?,
                    Effect::Copy(text) => screen.copy(&text)?,
                    Effect::Export(export) => {
                        let written = export::write(&export);
                        more.extend(app.handle(Event::Exported(written)));
                    }
                }
            }
            effects = more;
        }
        screen.draw(|frame| draw(app, frame, theme))?;
        let mut next = messages.recv_timeout(TICK.saturating_sub(ticked.elapsed()));
        // All that waits is taken before the next picture, but not without end.
        for _ in 0..WAITING {
            match next {
                Ok(Message::Told(event)) => effects.extend(app.handle(event)),
                Ok(Message::Signal(signal)) => {
                    if signals::ends(signal) {
                        return Ok(Ended::BySignal(signal));
                    }
                    signals::take(signal, screen)?;
                    let (columns, rows) = screen.size()?;
                    effects.extend(app.handle(Event::Resize(columns, rows)));
                }
                Ok(Message::Died) => return Err(RunError::Died),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
            next = messages.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
        }
        effects.extend(app.handle(Event::Tick(now(began))));
    }
}

fn now(began: Instant) -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = wall.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    });
    Now {
        up: began.elapsed(),
        wall: Timestamp::of(wall),
    }
}
