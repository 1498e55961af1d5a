//! Keys and resizes, as the terminal sends them.

use super::message::Message;
use crate::event::Event;
use crate::key::Key;
use crossterm::event::{self, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use std::sync::mpsc::SyncSender;
use std::thread;

/// Tells of them from now on, until nobody listens.
pub(super) fn start(sender: SyncSender<Message>) -> io::Result<()> {
    let reader = move || {
        loop {
            let message = match event::read() {
                Ok(event::Event::Key(pressed)) => key(pressed).map(Event::Key).map(Message::Told),
                Ok(event::Event::Resize(columns, rows)) => {
                    Some(Message::Told(Event::Resize(columns, rows)))
                }
                Ok(_) => None,
                // The terminal is gone.
                Err(_) => Some(Message::Signal(signal_hook::consts::SIGHUP)),
            };
            let ends = matches!(message, Some(Message::Signal(_)));
            if let Some(message) = message
                && (sender.send(message).is_err() || ends)
            {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("input".to_owned());
    thread.spawn(reader).map(drop)
}

fn key(pressed: KeyEvent) -> Option<Key> {
    if pressed.kind == KeyEventKind::Release {
        return None;
    }
    let control = pressed.modifiers.contains(KeyModifiers::CONTROL);
    Some(match pressed.code {
        KeyCode::Char(letter) if control => Key::Ctrl(letter.to_ascii_lowercase()),
        KeyCode::Char(letter) => Key::Char(letter),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    })
}
