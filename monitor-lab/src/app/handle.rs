//! An application, seen from the testbed. What it cannot do, or whose connection breaks,
//! is [`LabError::App`]; what does not come in time, [`LabError::InVain`].

use super::{Instruction, Order, Report, reports};
use crate::LabError;
use crate::children::Guarded;
use crate::ends::End;
use crate::network::cgroup::Cgroup;
use crate::network::namespace::Namespace;
use crate::testbed::wait::BOUND;
use crate::timeline::{Entry, Happened, Timeline};
use nix::sys::signal::Signal;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long an application may take for what it does hundreds or thousands of times.
const LONG_BOUND: Duration = Duration::from_secs(60);

/// A running application. Dropping it kills it.
pub struct App {
    end: End,
    timeline: Timeline,
    process: Guarded,
    orders: ChildStdin,
    reports: Option<JoinHandle<()>>,
    obeyed: usize,
}

impl App {
    /// Starts `lab` (the laboratory's own binary) as the application at `end` in
    /// `namespace`, and in `cgroup` if there is one. What it reports goes to `timeline`.
    pub fn start(
        lab: &Path,
        end: End,
        namespace: &Namespace,
        cgroup: Option<&Cgroup>,
        address: SocketAddr,
        timeline: &Timeline,
    ) -> Result<Self, LabError> {
        let mut command = Command::new(lab);
        command
            .args(["app", end.word(), "--namespace"])
            .arg(namespace.path())
            .arg("--address")
            .arg(address.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        if let Some(cgroup) = cgroup {
            cgroup.hold(&mut command)?;
        }
        let mut process = Guarded::start(&mut command)?;
        let (Some(orders), Some(stdout)) =
            (process.child().stdin.take(), process.child().stdout.take())
        else {
            return Err(LabError::Premise(format!("{} has no pipes", end.app())));
        };
        let notes = timeline.clone();
        let reports = thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let report = serde_json::from_str(&line).unwrap_or_else(|error| Report::Broken {
                    on: 0,
                    why: format!("{error}: {line}"),
                });
                notes.note(Happened::App(end, report));
            }
        });
        Ok(Self {
            end,
            timeline: timeline.clone(),
            process,
            orders,
            reports: Some(reports),
            obeyed: 0,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Gives an order about connection `on` and waits until it is carried out.
    pub fn order(&mut self, on: usize, order: &Order) -> Result<(), LabError> {
        if let Order::Send(text) | Order::SendAndClose(text) = order {
            self.timeline
                .note(Happened::Sent(self.end, on, text.clone()));
        }
        let instruction = Instruction {
            on,
            order: order.clone(),
        };
        let mut line = serde_json::to_string(&instruction)
            .map_err(std::io::Error::from)
            .map_err(LabError::io("writing an order"))?;
        line.push('\n');
        self.orders
            .write_all(line.as_bytes())
            .map_err(LabError::io(format!("giving {} an order", self.end.app())))?;
        let nth = self.obeyed;
        self.obeyed += 1;
        let given = Instant::now();
        let bound = match order {
            Order::Burst { .. } | Order::Scan { .. } | Order::Stand { .. } => LONG_BOUND,
            _ => BOUND,
        };
        self.wait(
            bound,
            "its order is carried out",
            |entries| match reports::obeyed(self.reports_in(entries), nth) {
                Some(Err(why)) => Err(self.failed(why)),
                found => Ok(found.map(|_| ())),
            },
        )?;
        self.timeline.stretch(given.elapsed());
        Ok(())
    }

    /// Stops the whole process, as Ctrl-Z does: its kernel goes on acknowledging.
    pub fn stop(&self) -> Result<(), LabError> {
        self.signal(Signal::SIGSTOP)
    }

    /// Kills the whole process: its kernel closes what it held.
    pub fn kill(&self) -> Result<(), LabError> {
        self.signal(Signal::SIGKILL)
    }

    /// Lets a stopped process go on.
    pub fn go_on(&self) -> Result<(), LabError> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Result<(), LabError> {
        self.process.signal(signal).map_err(LabError::io(format!(
            "sending {signal} to {}",
            self.end.app()
        )))
    }

    /// Waits until it accepts connections.
    pub fn await_listening(&self) -> Result<(), LabError> {
        self.await_report(0, &Report::Listening, "it listens")
    }

    /// Waits until the other end has closed connection `on` in peace.
    pub fn await_peer_closed(&self, on: usize) -> Result<(), LabError> {
        self.await_report(on, &Report::PeerClosed { on }, "its peer has closed")
    }

    fn await_report(&self, on: usize, report: &Report, until: &str) -> Result<(), LabError> {
        self.await_that(BOUND, on, until, |entries| {
            self.reports_in(entries).any(|reported| reported == report)
        })
    }

    /// Waits until `holds`, unless connection `on` breaks before.
    fn await_that(
        &self,
        bound: Duration,
        on: usize,
        until: &str,
        holds: impl Fn(&[Entry]) -> bool,
    ) -> Result<(), LabError> {
        self.wait(bound, until, |entries| match holds(entries) {
            true => Ok(Some(())),
            false => self.unbroken(entries, on),
        })
    }

    /// Waits for connection `on` and returns its local and remote address.
    pub fn await_connected(&self, on: usize) -> Result<(SocketAddr, SocketAddr), LabError> {
        self.wait(
            BOUND,
            "it is connected",
            |entries| match reports::connected(self.reports_in(entries), on) {
                Some(addresses) => Ok(Some(addresses)),
                None => self.unbroken(entries, on),
            },
        )
    }

    /// Waits until all text that it has received on connection `on` since the
    /// beginning is `text`.
    pub fn await_received(&self, on: usize, text: &str) -> Result<(), LabError> {
        let until = format!("it has received {text:?}");
        self.await_that(BOUND, on, &until, |entries| {
            self.received(on, entries) == text
        })
    }

    /// Waits until at least so much bulk has arrived on connection 0, in bytes.
    pub fn await_moved(&self, bytes: u64) -> Result<(), LabError> {
        let until = format!("{bytes} bytes of bulk have arrived");
        self.await_that(LONG_BOUND, 0, &until, |entries| {
            self.moved(entries) >= bytes
        })
    }

    /// Waits until connection `on` has broken and returns the kernel's word for it.
    pub fn await_broken(&self, on: usize) -> Result<String, LabError> {
        self.wait(BOUND, "its connection breaks", |entries| {
            Ok(reports::broken(self.reports_in(entries), on).map(str::to_owned))
        })
    }

    /// All text that it has received so far on connection `on`.
    pub fn received(&self, on: usize, entries: &[Entry]) -> String {
        reports::received(self.reports_in(entries), on)
    }

    /// How much bulk has arrived so far on connection 0, in bytes.
    pub fn moved(&self, entries: &[Entry]) -> u64 {
        reports::moved(self.reports_in(entries), 0)
    }

    /// Whether the kernel has taken all of a bulk on connection 0.
    pub fn took(&self, entries: &[Entry]) -> bool {
        let took = Report::Took { on: 0 };
        self.reports_in(entries).any(|report| *report == took)
    }

    /// Waits until `pick` finds what it looks for among all that happened.
    fn wait<T>(
        &self,
        bound: Duration,
        until: &str,
        pick: impl FnMut(&[Entry]) -> Result<Option<T>, LabError>,
    ) -> Result<T, LabError> {
        self.timeline
            .wait_for(bound, pick)?
            .ok_or_else(|| LabError::InVain {
                until: format!("{}: {until}", self.end.app()),
                bound,
            })
    }

    fn reports_in<'a>(&self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Report> + use<'a> {
        reports::of(self.end, entries)
    }

    /// Nothing found yet, and nothing to be expected once the connection is broken.
    fn unbroken<T>(&self, entries: &[Entry], on: usize) -> Result<Option<T>, LabError> {
        match reports::broken(self.reports_in(entries), on) {
            Some(why) => Err(self.failed(why)),
            None => Ok(None),
        }
    }

    fn failed(&self, why: &str) -> LabError {
        LabError::App {
            name: self.end.app().to_owned(),
            what: why.to_owned(),
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // A stopped process would leave SIGTERM waiting. It fails for one that has ended.
        let _ = self.go_on();
        // Its pipe closes with it, and the reader then ends.
        self.process.end(Duration::ZERO);
        if let Some(reports) = self.reports.take() {
            let _ = reports.join();
        }
    }
}
