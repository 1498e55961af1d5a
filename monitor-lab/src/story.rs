//! The vocabulary that scenarios are told in. A step fails where the hosts do not go
//! along: [`LabError::App`], [`LabError::InVain`], [`LabError::Premise`]; that `tcplull` does
//! not say what is awaited is no failure, for the comparison tells.

mod applications;
mod clients;
mod exits;
mod faults;
mod premises;

use crate::LabError;
use crate::applications::Applications;
use crate::ends::End;
use crate::network::Network;
use crate::testbed::wait::BOUND;
use crate::testbed::{Daemon, prometheus};
use crate::timeline::{Entry, Happened, Timeline};
use crate::truth::alerts::{self, Owners};
use crate::truth::compare::concludes;
use crate::truth::{
    Alert, AlertDue, Conclusion, Finding, Listed, Observed, Reading, Severity, Truth,
};
use std::ops::Range;
use std::time::{Duration, Instant};

/// How long something is waited for that `tcplull` is to say. If it does not come, the story goes
/// on and the comparison tells. A busy machine stretches what it waits for: ten times the longest answer, say.
const PATIENCE: Duration = BOUND;

/// How long alerts and metrics may lag behind the findings they follow from.
const LAG: Duration = BOUND;

/// How often alerts and metrics are read until they are as they should be.
const PAUSE: Duration = Duration::from_millis(200);

/// One connection or many, told step by step, with `tcplull` looking on.
pub struct Story<'a> {
    applications: Applications,
    network: &'a Network,
    daemon: &'a Daemon,
    timeline: &'a Timeline,
    truth: &'a Truth,
    observed: Observed,
    quiet_since: Instant,
}

impl<'a> Story<'a> {
    /// A story that begins now.
    pub fn begin(
        applications: Applications,
        network: &'a Network,
        daemon: &'a Daemon,
        timeline: &'a Timeline,
        truth: &'a Truth,
    ) -> Self {
        Self {
            applications,
            network,
            daemon,
            timeline,
            truth,
            observed: Observed::default(),
            quiet_since: Instant::now(),
        }
    }

    /// The client sends `request`, the server answers `reply`, both arrive.
    /// What follows is silence until the story says otherwise.
    pub fn exchange(&mut self, request: &str, reply: &str) -> Result<(), LabError> {
        self.exchange_on(0, request, reply)?;
        self.step("(silence)");
        Ok(())
    }

    /// No payload moves until so many seconds after the last exchange.
    pub fn silence(&mut self, seconds: f64) -> Result<(), LabError> {
        self.timeline
            .pass_until(self.quiet_since + Duration::from_secs_f64(seconds))
    }

    /// No payload moves until a whole sweep has come by, which a busy machine puts off.
    pub fn is_swept(&self) -> Result<(), LabError> {
        self.daemon.await_sweeps(1)
    }

    /// The path dies: every packet is lost, and nobody is told.
    pub fn path_dies(&self) -> Result<(), LabError> {
        self.note_turn("(the path dies)");
        self.network.path_dies()
    }

    /// The path works again.
    pub fn path_comes_back(&self) -> Result<(), LabError> {
        self.note_turn("(the path comes back)");
        self.network.path_comes_back()
    }

    /// The path gets bad: three packets of ten from the client are lost.
    pub fn path_gets_bad(&self) -> Result<(), LabError> {
        self.step("(the path loses 30 %)");
        self.network.path_gets_bad()
    }

    /// The path is good again.
    pub fn path_gets_good(&self) -> Result<(), LabError> {
        self.step("(the path is good again)");
        self.network.path_gets_good()
    }

    /// The host at `end` dies: nothing of its kernel is heard of any more.
    pub fn host_dies(&self, end: End) -> Result<(), LabError> {
        self.note_turn(format!("(the {}'s host dies)", end.word()));
        self.network.host_dies(end)
    }

    /// The uplink of the host at `end` loses its carrier, as when a cable is pulled.
    pub fn uplink_dies(&self, end: End) -> Result<(), LabError> {
        self.note_turn(format!("(the {}'s uplink dies)", end.word()));
        self.network.uplink_dies(end)
    }

    /// Waits for `tcplull` to find that the silence has crossed the timeout at both ends,
    /// and reads the alerts that fire then.
    pub fn crosses_at_both_ends(&mut self) -> Result<(), LabError> {
        self.awaits(End::Client, Conclusion::Crossed)?;
        self.awaits(End::Server, Conclusion::Crossed)?;
        self.reads_alerts_in_silence()
    }

    /// Waits for `tcplull` to conclude this about `end`'s connection.
    pub fn awaits(&mut self, end: End, conclusion: Conclusion) -> Result<(), LabError> {
        self.awaits_each(end, 0..1, conclusion)
    }

    /// The same about each of these connections.
    pub fn awaits_each(
        &mut self,
        end: End,
        connections: Range<usize>,
        conclusion: Conclusion,
    ) -> Result<(), LabError> {
        let concluded = |entries: &[Entry], on: usize| {
            entries.iter().any(|entry| match &entry.what {
                Happened::Finding(finding) => {
                    concludes(finding, conclusion) && self.whose(finding) == Some((end, on))
                }
                _ => false,
            })
        };
        self.timeline
            .wait_for(PATIENCE, |entries| {
                let mut each = connections.clone();
                Ok(each.all(|on| concluded(entries, on)).then_some(()))
            })
            .map(|_| ())
    }

    /// Waits for `tcplull` to conclude this so many times about `end`'s connection.
    pub fn awaits_times(
        &mut self,
        end: End,
        conclusion: Conclusion,
        times: usize,
    ) -> Result<(), LabError> {
        self.timeline
            .wait_for(PATIENCE, |entries| {
                Ok((self.said_in(entries, end, conclusion) >= times).then_some(()))
            })
            .map(|_| ())
    }

    fn said_in(&self, entries: &[Entry], end: End, conclusion: Conclusion) -> usize {
        let says = |entry: &&Entry| match &entry.what {
            Happened::Finding(finding) => {
                concludes(finding, conclusion) && self.whose(finding) == Some((end, 0))
            }
            _ => false,
        };
        entries.iter().filter(says).count()
    }

    /// Goes on watching for so many seconds, for what `tcplull` should not say.
    pub fn watches_on(&mut self, seconds: f64) -> Result<(), LabError> {
        self.timeline
            .pass_until(Instant::now() + Duration::from_secs_f64(seconds))
    }

    /// Reads the alerts that fire during the silence.
    pub fn reads_alerts_in_silence(&mut self) -> Result<(), LabError> {
        let firing = self.alerts(&self.truth.alerts_in_silence)?;
        self.observed.alerts_in_silence = Some(firing);
        Ok(())
    }

    /// Reads the alerts that fire at the end.
    pub fn reads_alerts(&mut self) -> Result<(), LabError> {
        let firing = self.alerts(&self.truth.alerts)?;
        self.observed.alerts = Some(firing);
        Ok(())
    }

    /// Waits for the page named so to fire, and notes the way of its state.
    pub fn page_fires(&mut self, conclusion: Conclusion) -> Result<(), LabError> {
        let mut seen = String::new();
        self.timeline.poll(LAG, PAUSE, || {
            let all: Vec<Alert> = self.daemon.ask("alerts")?;
            let ours = all.into_iter().find(|alert| {
                alert.name == conclusion.alert()
                    && alert.severity == Severity::Page.word()
                    && alert.path.as_deref() == Some(self.truth.path)
            });
            let Some(alert) = ours else {
                return Ok(None);
            };
            if alert.state != seen {
                let (name, state) = (&alert.name, &alert.state);
                self.step(format!("tcplull alerts: the page {name} is {state}"));
                seen.clone_from(state);
            }
            Ok((seen == alerts::FIRING).then_some(()))
        })?;
        Ok(())
    }

    fn whose(&self, finding: &Finding) -> Option<(End, usize)> {
        let connection = &finding.connection;
        let addresses = &self.applications.addresses;
        addresses.find(&connection.local, &connection.remote)
    }

    /// The alerts on this story's path, once they are as `due` or the lag has passed.
    fn alerts(&self, due: &[AlertDue]) -> Result<Vec<Alert>, LabError> {
        let mut firing: Vec<Alert> = Vec::new();
        let entries = self.timeline.entries();
        self.timeline.poll(LAG, PAUSE, || {
            firing = self.daemon.ask("alerts")?;
            // Another path's alerts belong to somebody else on this machine.
            firing.retain(|alert| alert.path.as_deref() == Some(self.truth.path));
            let owners = Owners::of(entries.iter().filter_map(|entry| match &entry.what {
                Happened::Finding(finding) => {
                    Some((self.whose(finding).map(|(end, _)| end), &**finding))
                }
                _ => None,
            }));
            let looked_at = alerts::looked_at(self.truth, &owners, firing.clone());
            let differ = alerts::differences(self.truth, due, &owners, &looked_at);
            Ok(differ.is_empty().then_some(()))
        })?;
        Ok(firing)
    }

    /// Reads the series that the truth names, while all of this is running.
    pub fn reads_metrics(&mut self) -> Result<(), LabError> {
        let mut readings = Vec::new();
        self.timeline.poll(LAG, PAUSE, || {
            let text = self.daemon.metrics().unwrap_or_default();
            let read = self.truth.metrics.iter().map(|due| Reading {
                series: format!("{}{:?}", due.name, due.labels),
                value: prometheus::sum(&text, due.name, &due.labels),
            });
            readings = read.collect::<Vec<_>>();
            let reached = readings
                .iter()
                .zip(&self.truth.metrics)
                .all(|(reading, due)| reading.value.is_some_and(|value| value >= due.at_least));
            Ok(reached.then_some(()))
        })?;
        self.observed.metrics = Some(readings);
        Ok(())
    }

    /// Reads how `tcplull ls` lists both ends now.
    pub fn reads_listing(&mut self) -> Result<(), LabError> {
        let listed: Vec<Listed> = self.daemon.ask("ls")?;
        let addresses = &self.applications.addresses;
        let of = |end: End| -> Option<Listed> {
            let ours = |listed: &&Listed| {
                let connection = &listed.connection;
                addresses.find(&connection.local, &connection.remote) == Some((end, 0))
            };
            listed.iter().find(ours).cloned()
        };
        self.observed.listing = Some(End::BOTH.map(|end| (end, of(end))).to_vec());
        Ok(())
    }

    /// Ends the telling: what was said, and the applications, still alive.
    pub fn end(mut self) -> (Observed, Applications) {
        self.observed.stretched_seconds = self.timeline.stretched().as_secs_f64();
        (self.observed, self.applications)
    }
}
