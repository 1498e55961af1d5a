//! Many connections, namespaces and files, held by processes of this program's own, each below the number of
//! descriptors that a process may have.

mod child;
mod orders;
mod silent;

use crate::error::BenchError;
pub use child::live;
use monitor_lab::children::Guarded;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orders::{DESCRIPTORS, SEND};
pub use orders::{DONE, Hold, LISTENING, Orders, READY};
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Connections with both ends in one process: half of its descriptors, and some are left for its own use.
pub const PAIRS: u32 = (DESCRIPTORS - 200) / 2;

/// Connections with one end in a process, likewise.
pub const ENDS: u32 = DESCRIPTORS - 200;

/// How long a process may take for one order: 10,000 connections take a second where nobody else wants the core, and
/// fifty processes share two.
const WITHIN: Duration = Duration::from_secs(180);

/// A process that holds something. Dropping it kills it, and all that it holds is gone.
#[derive(Debug)]
pub struct Holder {
    _process: Guarded,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
}

impl Holder {
    /// Starts a process, and does not wait for it. The calling thread must live as long as it.
    ///
    /// # Errors
    /// [`BenchError::Lab`].
    pub fn start(myself: &Path, orders: &Orders) -> Result<Self, BenchError> {
        let failed = |what| BenchError::io(format!("starting a process of the crowd: {what}"));
        let text = serde_json::to_string(orders).map_err(|error| failed("orders")(error.into()))?;
        let mut command = Command::new(myself);
        command
            .arg("crowd")
            .arg(text)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Guarded::start(&mut command)?;
        let child = process.child();
        let no_pipe = || failed("its pipe")(std::io::ErrorKind::BrokenPipe.into());
        let orders = child.stdin.take().ok_or_else(no_pipe)?;
        let reports = child.stdout.take().ok_or_else(no_pipe)?;
        Ok(Self {
            _process: process,
            orders,
            reports: BufReader::new(reports),
        })
    }

    /// Waits until it says `word`.
    ///
    /// # Errors
    /// [`BenchError::Lab`] where it says nothing in time, it ended or said something else.
    pub fn await_word(&mut self, word: &str) -> Result<(), BenchError> {
        let failed = || BenchError::io(format!("waiting for a process of the crowd to be {word}"));
        if self.reports.buffer().is_empty() {
            let bound = PollTimeout::try_from(WITHIN).unwrap_or(PollTimeout::MAX);
            let mut news = [PollFd::new(
                self.reports.get_ref().as_fd(),
                PollFlags::POLLIN,
            )];
            let ready = poll(&mut news, bound).map_err(|error| failed()(error.into()))?;
            if ready == 0 {
                let until = format!("a process of the crowd is {word}");
                return Err(BenchError::in_vain(until, WITHIN));
            }
        }
        let mut line = String::new();
        self.reports.read_line(&mut line).map_err(failed())?;
        if line.trim() == word {
            return Ok(());
        }
        let said = format!("it said {:?}", line.trim());
        Err(failed()(std::io::Error::other(said)))
    }

    /// Orders it to send a byte on each of its connections, `per_second` of them, or with 0 as fast as it can. Answers
    /// at once; [`Self::await_word`] with [`DONE`] waits.
    ///
    /// # Errors
    /// [`BenchError::Lab`] where it has ended.
    pub fn send(&mut self, per_second: u32) -> Result<(), BenchError> {
        writeln!(self.orders, "{SEND} {per_second}")
            .and_then(|()| self.orders.flush())
            .map_err(BenchError::io("giving an order to a process of the crowd"))
    }
}

/// Orders for processes that hold `count` together, each at most `each`.
pub fn portions(count: u32, each: u32) -> Vec<u32> {
    let mut left = count;
    let mut portions = Vec::new();
    while left > 0 {
        let portion = left.min(each.max(1));
        portions.push(portion);
        left -= portion;
    }
    portions
}

/// The loopback address of the `n`th process: each its own, so that each has all ports.
pub fn loopback(n: u32) -> Ipv4Addr {
    let [.., low] = (n % 250 + 1).to_be_bytes();
    let [.., high] = (n / 250).to_be_bytes();
    Ipv4Addr::new(127, 60, high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_sockets_take_more_than_fifty_processes() {
        let portions = portions(500_000, PAIRS);
        assert_eq!(portions.iter().sum::<u32>(), 500_000);
        assert!(portions.len() >= 50, "{}", portions.len());
        assert!(portions.iter().all(|pairs| 2 * pairs < DESCRIPTORS));
        assert_eq!(super::portions(0, PAIRS), [0; 0]);
        assert_ne!(loopback(1), loopback(251));
    }
}
