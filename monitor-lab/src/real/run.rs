//! One life of one application, from an empty machine to a report and back.

use super::application::Application;
use super::judgement::{Judgement, Phase, due, fired, judge, tells};
use super::stage::Stage;
use super::staging::{Disturbance, Staging};
use crate::LabError;
use crate::configuration::Configuration;
use crate::network::Network;
use crate::network::cgroup::Cgroup;
use crate::network::family::Family;
use crate::network::middlebox::{Middlebox, Unknown};
use crate::runner::{RECORDING, Tools, start_daemon};
use crate::simulated_middlebox::Clock;
use crate::testbed::wait::{BOUND, PAUSE};
use crate::testbed::{Daemon, Place};
use crate::timeline::{Happened, Timeline};
use crate::truth::{Alert, Severity};
use serde::Serialize;
use std::fs;
use std::time::{Duration, Instant};

/// The path's name.
const PATH: &str = "stated";

/// What is stated, and after how much silence the box forgets, in seconds: minutes, scaled down as in the scenarios.
pub const TIMEOUT: u32 = 4;

/// After how long trouble pages where the box is, in seconds: the least that there is.
const PAGE_AFTER: u32 = 1;

/// After how long it does elsewhere: by default.
const PAGE_AFTER_ELSEWHERE: u32 = 10;

/// How long an application lives at least where a timeout is stated: its silences come to pass several times.
const LIVES: Duration = Duration::from_secs(16);

/// How long it lives between two disturbances, and after the last of them.
const REST: Duration = Duration::from_secs(2);

/// How long what is due may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of one life.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The application.
    pub application: &'static str,
    /// Where it lived.
    pub staging: Staging,
    /// Which run of it, from 1.
    pub run: u32,
    /// What was said against what may be said.
    pub judgement: Judgement,
    /// How many findings are due, at the least.
    pub due: usize,
    /// How many of them were told; none where it could not live.
    pub told: usize,
    /// Where they differ, or what kept the application from living.
    pub differences: Vec<String>,
    /// The end of the daemon's log, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

impl Report {
    /// What it is called.
    pub fn name(&self) -> String {
        format!("{}/{}", self.application, self.staging.word())
    }

    /// Whether all was right.
    pub fn ok(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Lets `application` live in `staging`, and judges what is said of it.
///
/// # Errors
/// [`LabError::Interrupted`] only; any other failure is in the report.
pub fn run(
    application: &Application,
    staging: Staging,
    run: u32,
    tools: &Tools,
) -> Result<Report, LabError> {
    let mut report = Report {
        application: application.name,
        staging,
        run,
        judgement: Judgement::default(),
        due: due(application, staging).len(),
        told: 0,
        differences: Vec::new(),
        log: None,
    };
    match live(application, tools, &mut report) {
        Ok(()) => {}
        Err(LabError::Interrupted) => return Err(LabError::Interrupted),
        Err(error) => report.differences.insert(0, error.to_string()),
    }
    report.log = report.log.filter(|_| !report.differences.is_empty());
    Ok(report)
}

fn live(application: &Application, tools: &Tools, report: &mut Report) -> Result<(), LabError> {
    let staging = report.staging;
    let group = Cgroup::create()?;
    let middlebox = match staging {
        Staging::Stated | Staging::NoPath => Middlebox::Router,
        Staging::Box => Middlebox::Nat {
            forgets_after: TIMEOUT,
            unknown: Unknown::Drop,
        },
    };
    let network = Network::build_with(&tools.lab, Family::V4, &middlebox)?;
    let timeline = Timeline::new(tools.interrupt.clone(), None);
    let configuration = Configuration {
        path: PATH,
        timeout: TIMEOUT,
        clock: Clock::Packets,
        covers: staging != Staging::NoPath,
        page_after: match staging {
            Staging::Box => PAGE_AFTER,
            Staging::Stated | Staging::NoPath => PAGE_AFTER_ELSEWHERE,
        },
    };
    let settings = format!(
        "{}\n[scope]\ncgroup = {:?}\n",
        configuration.text(&network.block),
        group.path()
    );
    let place = Place::new(&tools.tcplull, network.block.loopback(), &settings)?;
    let (mut daemon, watch) = start_daemon(&place, tools, &timeline)?;
    let mut stage = Stage::new(network, group, &timeline, staging)?;
    let lived = (application.start)(&mut stage)
        .and_then(|()| passes(application, staging, &mut stage, &daemon, &timeline));
    let alerts = daemon.ask::<Alert>("alerts");
    // The applications live on until the daemon is gone: what their end looks like is nobody's matter.
    let complaint = daemon.end(BOUND).err();
    watch.finish();
    report.log = Some(daemon.wrote());
    let judged = lived.and_then(|phases| {
        report.judgement = judge(
            application,
            staging,
            TIMEOUT,
            &timeline.entries(),
            &phases,
            &alerts?,
        );
        report.told = report.due.saturating_sub(report.judgement.untold.len());
        Ok(())
    });
    let differences = report.judgement.differences().cloned();
    report.differences.extend(differences);
    report
        .differences
        .extend(complaint.map(|error| error.to_string()));
    if let Some(directory) = &tools.record_to {
        let name = report.name().replace('/', "-");
        let file = directory.join(format!("{name}-{}.facts", report.run));
        fs::create_dir_all(directory)
            .and_then(|()| fs::copy(daemon.place().path(RECORDING), &file))
            .map_err(LabError::io(format!("writing {}", file.display())))?;
    }
    judged
}

/// What happens to the application; when it was disturbed.
fn passes(
    application: &Application,
    staging: Staging,
    stage: &mut Stage<'_>,
    daemon: &Daemon,
    timeline: &Timeline,
) -> Result<Vec<Phase>, LabError> {
    let since = Instant::now();
    // Behind a box those who wait may hear nothing, ever. That they live is seen from what is due, where something is.
    let goes_on = staging != Staging::Box || application.truth.is_empty();
    if goes_on {
        stage.goes_on()?;
    }
    let mut phases = Vec::new();
    match staging {
        Staging::NoPath => {
            let spared = |one: &Disturbance| application.spared.contains(one);
            for disturbance in Disturbance::ALL.into_iter().filter(|one| !spared(one)) {
                stage.lives_on(REST)?;
                let from = Instant::now();
                let suffered = stage.suffers(disturbance);
                phases.push(Phase {
                    disturbance,
                    from,
                    until: Instant::now(),
                });
                suffered?;
            }
            stage.lives_on(REST)?;
        }
        Staging::Stated | Staging::Box => {
            await_due(application, staging, daemon, timeline)?;
            stage.lives_on(LIVES.saturating_sub(since.elapsed()).max(REST))?;
            if goes_on {
                stage.goes_on()?;
            }
        }
    }
    Ok(phases)
}

/// Waits until all that is due was said, or patience ends: then the comparison tells.
fn await_due(
    application: &Application,
    staging: Staging,
    daemon: &Daemon,
    timeline: &Timeline,
) -> Result<(), LabError> {
    let due = due(application, staging);
    timeline.wait_for(PATIENCE, |entries| {
        let said = |due| {
            entries.iter().any(
                |entry| matches!(&entry.what, Happened::Finding(finding) if tells(finding, due)),
            )
        };
        Ok(due.iter().all(said).then_some(()))
    })?;
    timeline.poll(PATIENCE, PAUSE * 4, || {
        let alerts = daemon.ask::<Alert>("alerts")?;
        let mut alarms = due.iter().filter(|due| due.severity != Severity::None);
        Ok(alarms.all(|due| fired(&alerts, due)).then_some(()))
    })?;
    Ok(())
}
