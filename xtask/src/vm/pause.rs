//! Pausing a running machine from outside, by QEMU's own protocol (QMP, docs/interop/qmp-spec in QEMU's documentation).

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// From the boot, or the end of a pause, to the next.
const RUNS: Duration = Duration::from_secs(3);

/// How long the machine stands still.
const STANDS: Duration = Duration::from_secs(4);

/// Pauses of one machine, at most.
const TIMES: u32 = 3;

/// An answer takes so long at most: the emulator is busy.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Pauses a machine again and again.
pub struct Pauser(JoinHandle<u32>);

impl Pauser {
    /// Begins; QEMU listens on `socket`.
    pub fn start(socket: PathBuf) -> Self {
        Self(thread::spawn(move || {
            let mut times = 0;
            // A machine that is done closes its socket.
            let _ = pause(socket, &mut times);
            times
        }))
    }

    /// The machine has ended: how often it stood still, and went on.
    pub fn times(self) -> u32 {
        self.0.join().unwrap_or(0)
    }
}

fn pause(socket: PathBuf, times: &mut u32) -> io::Result<()> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let mut machine = (stream.try_clone()?, BufReader::new(stream));
    order(&mut machine, "qmp_capabilities")?;
    while *times < TIMES {
        thread::sleep(RUNS);
        order(&mut machine, "stop")?;
        thread::sleep(STANDS);
        order(&mut machine, "cont")?;
        *times += 1;
    }
    Ok(())
}

/// Gives an order, and waits until it is carried out. The greeting and events come between.
fn order((to, from): &mut (UnixStream, BufReader<UnixStream>), name: &str) -> io::Result<()> {
    writeln!(to, "{{\"execute\": \"{name}\"}}")?;
    let mut line = String::new();
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.contains("\"return\"") {
            return Ok(());
        }
        if line.contains("\"error\"") {
            return Err(io::Error::other(line));
        }
    }
}
