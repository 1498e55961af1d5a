//! An application, seen from the bench.

use super::{End, Order, Report};
use crate::LabError;
use crate::children::Guarded;
use crate::network::namespace::Namespace;
use crate::timeline::{Entry, Happened, Timeline};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long an application may take for anything but silence. Far more than
/// it needs, so that a busy machine does not fail a story.
const BOUND: Duration = Duration::from_secs(10);

/// A running application. Dropping it kills it.
#[derive(Debug)]
pub struct App {
    end: End,
    process: Guarded,
    orders: ChildStdin,
    reports: Option<JoinHandle<()>>,
    obeyed: usize,
}

impl App {
    /// Starts `lab` (the bench's own binary) as the application at `end` in
    /// `place`. What it reports goes to `timeline`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(
        lab: &Path,
        end: End,
        place: &Namespace,
        address: SocketAddr,
        timeline: &Timeline,
    ) -> Result<Self, LabError> {
        let mut process = Guarded::start(
            Command::new(lab)
                .args(["app", end.word(), "--namespace"])
                .arg(place.path())
                .arg("--address")
                .arg(address.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit()),
        )?;
        let (Some(orders), Some(stdout)) =
            (process.child().stdin.take(), process.child().stdout.take())
        else {
            return Err(LabError::World(format!("{} has no pipes", end.app())));
        };
        let timeline = timeline.clone();
        let reports = thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let report = serde_json::from_str(&line)
                    .unwrap_or_else(|error| Report::Broken(format!("{error}: {line}")));
                timeline.note(Happened::App(end, report));
            }
        });
        Ok(Self {
            end,
            process,
            orders,
            reports: Some(reports),
            obeyed: 0,
        })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Gives an order and waits until it is carried out.
    ///
    /// # Errors
    /// [`LabError::App`] if the application cannot.
    pub fn order(&mut self, order: &Order, timeline: &Timeline) -> Result<(), LabError> {
        if let Order::Send(text) = order {
            timeline.note(Happened::Sent(self.end, text.clone()));
        }
        let mut line = serde_json::to_string(order)
            .map_err(std::io::Error::from)
            .map_err(LabError::io("writing an order"))?;
        line.push('\n');
        self.orders
            .write_all(line.as_bytes())
            .map_err(LabError::io(format!("giving {} an order", self.end.app())))?;
        let nth = self.obeyed;
        self.obeyed += 1;
        self.await_reports(timeline, "its order is carried out", |reports| {
            let mut done = reports
                .iter()
                .filter(|report| matches!(report, Report::Done | Report::Refused(_)));
            match done.nth(nth) {
                Some(Report::Refused(why)) => Err(self.failed(why)),
                found => Ok(found.map(|_| ())),
            }
        })
    }

    /// Waits until it accepts connections.
    ///
    /// # Errors
    /// [`LabError::App`], [`LabError::InVain`].
    pub fn await_listening(&self, timeline: &Timeline) -> Result<(), LabError> {
        self.await_reports(timeline, "it listens", |reports| {
            if reports.contains(&&Report::Listening) {
                return Ok(Some(()));
            }
            self.unbroken(reports)
        })
    }

    /// Waits for its connection and returns its local and remote address.
    ///
    /// # Errors
    /// [`LabError::App`], [`LabError::InVain`].
    pub fn await_connected(
        &self,
        timeline: &Timeline,
    ) -> Result<(SocketAddr, SocketAddr), LabError> {
        self.await_reports(timeline, "it is connected", |reports| {
            let connected = reports.iter().find_map(|report| match report {
                Report::Connected { local, remote } => Some((*local, *remote)),
                _ => None,
            });
            match connected {
                Some(addresses) => Ok(Some(addresses)),
                None => self.unbroken(reports),
            }
        })
    }

    /// Waits until all that it has received since the beginning is `text`.
    ///
    /// # Errors
    /// [`LabError::App`] if the connection breaks before, [`LabError::InVain`].
    pub fn await_received(&self, timeline: &Timeline, text: &str) -> Result<(), LabError> {
        let until = format!("it has received {text:?}");
        self.await_reports(timeline, &until, |reports| {
            if received(reports) == text {
                return Ok(Some(()));
            }
            self.unbroken(reports)
        })
    }

    /// Waits until its connection has broken and returns the kernel's word for it.
    ///
    /// # Errors
    /// [`LabError::InVain`].
    pub fn await_broken(&self, timeline: &Timeline) -> Result<String, LabError> {
        self.await_reports(timeline, "its connection breaks", |reports| {
            Ok(broken(reports).map(str::to_owned))
        })
    }

    /// All that it has received so far.
    #[must_use]
    pub fn received(&self, timeline: &Timeline) -> String {
        received(&self.reports_in(&timeline.entries()))
    }

    /// Waits until `pick` finds what it looks for among all reports so far.
    fn await_reports<T>(
        &self,
        timeline: &Timeline,
        until: &str,
        mut pick: impl FnMut(&[&Report]) -> Result<Option<T>, LabError>,
    ) -> Result<T, LabError> {
        timeline
            .wait_for(BOUND, |entries| pick(&self.reports_in(entries)))?
            .ok_or_else(|| LabError::InVain {
                until: format!("{}: {until}", self.end.app()),
                bound: BOUND,
            })
    }

    fn reports_in<'a>(&self, entries: &'a [Entry]) -> Vec<&'a Report> {
        entries
            .iter()
            .filter_map(|entry| match &entry.what {
                Happened::App(end, report) if *end == self.end => Some(report),
                _ => None,
            })
            .collect()
    }

    /// Nothing found yet, and nothing to be expected once it is broken.
    fn unbroken<T>(&self, reports: &[&Report]) -> Result<Option<T>, LabError> {
        match broken(reports) {
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

fn received(reports: &[&Report]) -> String {
    let texts = reports.iter().filter_map(|report| match report {
        Report::Received(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn broken<'a>(reports: &[&'a Report]) -> Option<&'a str> {
    reports.iter().find_map(|report| match report {
        Report::Broken(why) => Some(why.as_str()),
        _ => None,
    })
}

impl Drop for App {
    fn drop(&mut self) {
        // Its pipe closes with it, and the reader then ends.
        self.process.end(Duration::ZERO);
        if let Some(reports) = self.reports.take() {
            let _ = reports.join();
        }
    }
}
