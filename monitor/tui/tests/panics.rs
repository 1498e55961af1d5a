//! What a panic leaves of the terminal: the program panics on a terminal of its own, as a process of its own.

use monitor_model::alert::Alert;
use monitor_model::detail::ConnectionDetail;
use monitor_model::listing::ConnectionRow;
use monitor_tui::draw::Theme;
use monitor_tui::filter::Filter;
use monitor_tui::source::{AgentSheet, PathSheet, Watched};
use monitor_tui::{Source, SourceError, Start, run};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Set for the process that panics.
const PANICS: &str = "TCPLULL_TEST_PANICS";

/// What it panics with.
const LAST_WORDS: &str = "on purpose, in raw mode:";

/// Panics when it is asked.
struct Panicking;

impl Source for Panicking {
    fn connections(&self, _: &mut dyn FnMut(ConnectionRow)) -> Result<(), SourceError> {
        Ok(())
    }

    fn connection(&self, _: &str) -> Result<Box<ConnectionDetail>, SourceError> {
        Err(SourceError("nothing is known".to_owned()))
    }

    fn alerts(&self) -> Result<Vec<Alert>, SourceError> {
        let flags = tcgetattr(io::stdin()).map(|mode| mode.local_flags);
        let is_raw =
            flags.is_ok_and(|flags| !flags.intersects(LocalFlags::ICANON | LocalFlags::ECHO));
        panic!("{LAST_WORDS} {is_raw}");
    }

    fn paths(&self) -> Result<Vec<PathSheet>, SourceError> {
        Ok(Vec::new())
    }

    fn agent(&self) -> Result<AgentSheet, SourceError> {
        Ok(AgentSheet::default())
    }

    fn watch(&self, _: &mut dyn FnMut(Watched) -> bool) -> Result<(), SourceError> {
        Ok(())
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_can_be_read() {
    if std::env::var_os(PANICS).is_some() {
        let start = Start {
            host: "host".to_owned(),
            notice: None,
            filter: Filter::default(),
            past: None,
            theme: Theme { colour: true },
        };
        let ended = run(Arc::new(Panicking), start);
        println!("ended: {}", ended.unwrap_err());
        return;
    }
    let size = Winsize {
        ws_row: 24,
        ws_col: 80,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let terminal = openpty(Some(&size), None).unwrap();
    let before = tcgetattr(&terminal.slave).unwrap();
    let side = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "a_panic_gives_the_terminal_back_and_can_be_read",
        ])
        .env(PANICS, "1")
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    let mut screen = File::from(terminal.master);
    let mut written = Vec::new();
    let mut part = [0; 4096];
    let said = loop {
        // What follows the end of the child is what its own test says last.
        let read = screen.read(&mut part).unwrap();
        written.extend(&part[..read]);
        let text = String::from_utf8_lossy(&written);
        if text.contains("test result:") {
            break text.into_owned();
        }
    };
    child.wait().unwrap();
    let place = |part: &str| {
        let place = said.find(part);
        place.unwrap_or_else(|| panic!("{part:?} was not written: {said:?}"))
    };
    let (entered, left) = (place("\u{1b}[?1049h"), place("\u{1b}[?1049l"));
    let (cursor, words) = (place("\u{1b}[?25h"), place(&format!("{LAST_WORDS} true")));
    assert!(entered < left && left < words && cursor < words, "{said:?}");
    // Nothing is drawn over what it said.
    let rest = said[words..].replace("\u{1b}[?25h", "");
    assert!(!rest.contains('\u{1b}'), "{said:?}");
    assert!(place("ended: a thread of it ended") > words, "{said:?}");
    let after = tcgetattr(&terminal.slave).unwrap();
    assert_eq!(after.local_flags, before.local_flags);
    assert_eq!(after.input_flags, before.input_flags);
    assert_eq!(after.output_flags, before.output_flags);
}
