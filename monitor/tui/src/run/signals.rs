//! Signals: those that end, and those that stop and go on.

use super::message::{Message, RunError};
use super::terminal::{Screen, give_back};
use nix::unistd::{getpgid, getpgrp, getppid, getsid};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use std::io;
use std::sync::mpsc::SyncSender;
use std::thread;

const ENDING: [i32; 4] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];

/// Tells of signals from now on.
pub(super) fn start(sender: SyncSender<Message>) -> io::Result<Handle> {
    let mut signals = Signals::new(ENDING.iter().chain(&[SIGTSTP, SIGCONT]))?;
    let handle = signals.handle();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                if sender.send(Message::Signal(signal)).is_err() {
                    return;
                }
            }
        })?;
    Ok(handle)
}

/// Whether it asks for the end.
pub(super) fn ends(signal: i32) -> bool {
    ENDING.contains(&signal)
}

/// Ends as if the signal had not been waited for, so that the parent sees it.
pub(super) fn die_by(signal: i32) -> Result<(), RunError> {
    Ok(emulate_default_handler(signal)?)
}

/// Stops, or goes on.
pub(super) fn take(signal: i32, screen: &mut Screen) -> io::Result<()> {
    match signal {
        SIGTSTP => suspend(screen),
        // Stopped by SIGSTOP, nobody was told, and the shell has had the terminal.
        SIGCONT => screen.again(),
        _ => Ok(()),
    }
}

/// Gives the terminal back and stops, as the shell wants it; returns when it goes on.
pub(super) fn suspend(screen: &mut Screen) -> io::Result<()> {
    if someone_can_continue() {
        give_back();
        emulate_default_handler(SIGTSTP)?;
        screen.again()?;
    }
    Ok(())
}

/// Whether a shell that controls jobs started this. Without one, a stop would be for ever: the kernel, too, ignores SIGTSTP
/// then.
fn someone_can_continue() -> bool {
    let parent = getppid();
    let same_session = getsid(Some(parent)).ok() == getsid(None).ok();
    same_session && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
}
