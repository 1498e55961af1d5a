//! The terminal while it is ours. It is given back however this ends: at the end, at a panic, at a signal.

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use std::io::{self, Stdout, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static IS_OURS: AtomicBool = AtomicBool::new(false);

/// The terminal, ours as long as this lives.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |fault| {
                // What a panic says has to be read.
                give_back();
                before(fault);
            }));
        });
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        // From here on it is given back, also where only half of the next succeeds.
        let screen = Self { terminal };
        take()?;
        Ok(screen)
    }

    pub(super) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        // One picture is drawn as a whole. Where another thread panicked, the end is near, and what it said is to stay.
        let _whole = stdout().lock();
        if !IS_OURS.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.terminal.draw(render).map(drop)
    }

    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        size()
    }

    /// Gives text to the clipboard of whoever sits at the terminal, also over SSH: OSC 52.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Ours again, after others had it.
    pub(super) fn again(&mut self) -> io::Result<()> {
        // What the terminal was set to meanwhile is not known here.
        give_back();
        take()?;
        // The screen is empty, as a new one thinks it is. To clear the one there was, the terminal would be asked where its
        // cursor is, and the answer goes to whoever reads keys.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    IS_OURS.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen)
}

/// Gives it back, if it is ours. What fails is not to be helped: the terminal is gone.
pub(super) fn give_back() {
    // Not amid a picture that another thread draws. Who draws it and panics has the lock already, and gets it again.
    let _whole = stdout().lock();
    if IS_OURS.swap(false, Ordering::SeqCst) {
        let screen = execute!(stdout(), LeaveAlternateScreen, Show);
        let mode = disable_raw_mode();
        drop((screen, mode));
    }
}
