//! The serial port on which the guest reports to its host.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use vm_contract::{LINES, Line};

/// Writes whole lines to the host, from several threads.
pub(super) struct Port(Mutex<File>);

impl Port {
    /// Opens the port.
    pub(super) fn open() -> io::Result<Self> {
        let port = OpenOptions::new().write(true).open(LINES);
        port.map(|port| Self(Mutex::new(port)))
            .map_err(|error| io::Error::other(format!("cannot open {LINES}: {error}")))
    }

    /// Writes `line`. A port that takes no more has no host behind it: nobody is there to be told.
    pub(super) fn write(&self, line: &Line) {
        let Ok(mut text) = serde_json::to_vec(line) else {
            return;
        };
        text.push(b'\n');
        let mut port = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = port.write_all(&text);
    }

    /// Waits until everything written has left the port.
    pub(super) fn finish(&self) {
        let port = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = nix::sys::termios::tcdrain(&*port);
    }
}
