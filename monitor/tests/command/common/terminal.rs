//! A real terminal, which tmux draws.

use super::{Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::real::monitoring::find;
use monitor_lab::testbed::Place;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A shell in a terminal of so many columns and rows; gone with this.
pub struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// On a server of its own, whose socket lies in `place`.
    pub fn open(place: &Place, columns: u16, rows: u16) -> Result<Self, Failed> {
        // The server before may still be on its way out.
        static OPENED: AtomicU32 = AtomicU32::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let terminal = Self {
            socket: place.path(&format!("tmux-{number}")),
        };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let size = ["-x", &columns, "-y", &rows];
        let shell = [
            "env",
            "-u",
            "ENV",
            "-u",
            "NO_COLOR",
            "PS1=$ ",
            "LC_ALL=C.UTF-8",
            "sh",
        ];
        let start = ["-u", "-f", "/dev/null", "new-session", "-d"];
        terminal.tmux(&[&start[..], &size, &shell].concat())?;
        Ok(terminal)
    }

    /// What tmux answers to a command.
    pub fn tmux(&self, arguments: &[&str]) -> Result<String, Failed> {
        let output = Command::new(find("tmux").ok_or("no tmux")?)
            .arg("-S")
            .arg(&self.socket)
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .output()?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("tmux {arguments:?}: {error}").into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Presses keys, by tmux' names of them.
    pub fn keys(&self, keys: &[&str]) -> Tested {
        self.tmux(&[&["send-keys"], keys].concat()).map(drop)
    }

    /// Types a command and Return.
    pub fn run(&self, command: &str) -> Tested {
        self.keys(&["-l", command])?;
        self.keys(&["Enter"])
    }

    /// What is on the screen.
    pub fn screen(&self) -> Result<String, Failed> {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the shell has the terminal again: what is typed before, a program that ends may take.
    pub fn is_back(&self) -> Tested {
        eventually("the shell has the terminal", || {
            let command = self.tmux(&["display-message", "-p", "#{pane_current_command}"])?;
            Ok((command.trim() == "sh").then_some(()).ok_or(command))
        })
    }

    /// Waits until the shell has the terminal again and says that the program ended with `code`; the screen then.
    pub fn ended_with(&self, code: i32) -> Result<String, Failed> {
        self.is_back()?;
        self.run("echo ended with $?")?;
        self.shows(&[&format!("ended with {code}")])
    }

    /// Waits until all of `parts` are on the screen.
    pub fn shows(&self, parts: &[&str]) -> Result<String, Failed> {
        eventually("the screen of top", || {
            let screen = self.screen()?;
            let missing = parts.iter().find(|part| !screen.contains(**part));
            Ok(match missing {
                None => Ok(screen),
                Some(part) => Err(format!("{part:?} is not on the screen:\n{screen}")),
            })
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Where it did not start there is nothing to end.
        drop(self.tmux(&["kill-server"]));
    }
}
