//! One run of one scenario, from an empty machine to a report and back.

use crate::LabError;
use crate::applications::Applications;
use crate::ends::End;
use crate::fixture::{self, Fixture};
use crate::interrupt::Interrupt;
use crate::network::Network;
use crate::network::cgroup::{Cgroup, own_path};
use crate::scenarios::Scenario;
use crate::story::Story;
use crate::testbed::wait::{BOUND, PAUSE};
use crate::testbed::{Daemon, Place, Watch};
use crate::timeline::{Happened, Observer, Timeline};
use crate::truth::table::{self, Cell};
use crate::truth::times::{self, Time};
use crate::truth::{Alert, Observed, Truth, compare};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{panic, thread};

/// The pause between exchanges that are no part of the story: no silence by any measure.
const CHAT: Duration = Duration::from_millis(500);

/// The daemon's recording in its directory.
pub(crate) const RECORDING: &str = "recording.facts";

/// What every run needs.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The `tcplull` under test.
    pub tcplull: PathBuf,
    /// The laboratory's own binary, which is also its applications.
    pub lab: PathBuf,
    /// What `tcplull run` is given besides the story's configuration.
    pub daemon_arguments: Vec<String>,
    /// Where a recording of each run that is right goes, if anywhere.
    pub record_to: Option<PathBuf>,
    /// Says where the daemon's page is, and leaves it open at the end until the user wants to stop.
    pub page: bool,
    /// The user's wish to stop.
    pub interrupt: Interrupt,
}

/// What came of one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The scenario.
    pub scenario: &'static str,
    /// Which run of it, from 1.
    pub run: u32,
    /// What was true.
    pub truth: Truth,
    /// What `tcplull` said.
    #[serde(rename = "said")]
    pub observed: Observed,
    /// Where they differ, or what kept the story from being report.
    pub differences: Vec<String>,
    /// Seconds from the provoking send to the verdict; `None` if there was none.
    pub verdict_seconds: Option<f64>,
    /// How soon each conclusion came that was due.
    pub times: Vec<Time>,
    /// How many findings the truth does not hold.
    pub false_findings: u64,
    /// What the run adds to the confusion table: a word for the truth, a word for
    /// what was said.
    pub cells: Vec<Cell>,
    /// Whether truth and verdict agree.
    pub ok: bool,
    /// The end of the daemon's log, where they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// Runs `scenario` and compares. `observer` sees everything as it happens.
///
/// # Errors
/// [`LabError::Interrupted`] only; any other failure is in the report.
pub fn run(
    scenario: &Scenario,
    run: u32,
    tools: &Tools,
    observer: Option<Observer>,
) -> Result<Report, LabError> {
    let mut report = Report {
        scenario: scenario.name,
        run,
        truth: (scenario.truth)(),
        observed: Observed::default(),
        differences: Vec::new(),
        verdict_seconds: None,
        times: Vec::new(),
        false_findings: 0,
        cells: Vec::new(),
        ok: false,
        log: None,
    };
    match tell(scenario, tools, observer, &mut report) {
        Ok(()) => {}
        Err(LabError::Interrupted) => return Err(LabError::Interrupted),
        Err(error) => report.differences.insert(0, error.to_string()),
    }
    report.ok = report.differences.is_empty();
    report.log = report.log.filter(|_| !report.ok);
    Ok(report)
}

fn tell(
    scenario: &Scenario,
    tools: &Tools,
    observer: Option<Observer>,
    report: &mut Report,
) -> Result<(), LabError> {
    // What other stories tell of their applications is no habit of this one's. Where the testbed has a group at all.
    let group = own_path().map(|_| Cgroup::create()).transpose()?;
    let network = Network::build_with(&tools.lab, scenario.family, &scenario.middlebox)?;
    let timeline = Timeline::new(tools.interrupt.clone(), observer);
    let connect = || {
        Applications::connect(
            &tools.lab,
            &network,
            scenario.placement,
            scenario.service.port,
            group.as_ref(),
            &timeline,
        )
    };
    let mut older = scenario.connected_first.then(&connect).transpose()?;
    let start = || {
        let mut settings = scenario.configuration.text(&network.block);
        settings.push_str(&scenario.service.text());
        if let Some(heal) = scenario.heal {
            // A table of its own, so the last of the path.
            settings.push_str(&format!("[path.heal]\n{heal}\n"));
        }
        if let Some(group) = &group {
            settings.push_str(&format!("\n[scope]\ncgroup = {:?}\n", group.path()));
        }
        let mut place = Place::new(&tools.tcplull, network.block.loopback(), &settings)?;
        if scenario.daemon_on_middlebox {
            place = place.within(network.middlebox.path());
        }
        start_daemon(&place, tools, &timeline)
    };
    let (mut daemon, watch) = match &mut older {
        Some(applications) => chatting(applications, start)?,
        None => start()?,
    };
    let applications = older.map_or_else(connect, Ok)?;
    if tools.page {
        let at = format!("the page is at http://{}/", daemon.place().listen());
        timeline.note(Happened::Step(at));
    }
    // A process that is killed on the way tells no more where it lived.
    report.observed.holders = Some(applications.holders()?);
    let start = Instant::now();

    let truth = &report.truth;
    let mut story = Story::begin(applications, &network, &daemon, &timeline, truth);
    let ending = (scenario.tell)(&mut story);
    // The applications live on until the daemon is gone: what their end looks
    // like is no part of the story.
    let (observed, applications) = story.end();
    report.observed = Observed {
        holders: report.observed.holders,
        ..observed
    };
    if tools.page && ending.is_ok() {
        let stays = "that was the story; the page stays open until Ctrl-C".to_owned();
        timeline.note(Happened::Step(stays));
        while !tools.interrupt.is_set() {
            thread::sleep(PAUSE);
        }
    }
    let complaint = daemon.end(BOUND).err();
    watch.finish();

    let entries = timeline.entries();
    report.observed.cgroup = applications.cgroup();
    report
        .observed
        .take_in(&entries, start, &applications.addresses, &network.block);
    report.log = Some(daemon.wrote());
    if ending.is_ok() {
        report.differences = compare::differences(truth, &report.observed);
        report
            .differences
            .extend(compare::unread(truth, &report.observed));
        report.times = times::times(truth, &report.observed, &entries, start);
        report.verdict_seconds = truth.verdict.and_then(|verdict| {
            let its =
                |time: &&Time| (time.end, time.conclusion) == (verdict.end, verdict.conclusion);
            report.times.iter().find(its).map(|time| time.seconds)
        });
        report.cells = table::cells(truth, &report.observed);
        report.false_findings = table::false_findings(truth, &report.observed);
    }
    report
        .differences
        .extend(complaint.map(|error| error.to_string()));
    if timeline.dropped() > 0 {
        report.differences.push(format!(
            "the timeline was full: {} entries are missing",
            timeline.dropped()
        ));
    }
    if let Some(directory) = &tools.record_to
        && ending.is_ok()
        && report.differences.is_empty()
    {
        let addresses = applications.addresses.clone();
        let fixture = Fixture::new(scenario.name, addresses, &report.observed, truth);
        let recording = daemon.place().path(RECORDING);
        fixture::keep(&fixture, &recording, &network.block, truth, directory)?;
    }
    ending
}

/// A daemon that is ready, and a listener whose findings go to `timeline`.
pub(crate) fn start_daemon(
    place: &Place,
    tools: &Tools,
    timeline: &Timeline,
) -> Result<(Daemon, Watch), LabError> {
    let recording = place.path(RECORDING).display().to_string();
    let mut arguments: Vec<&str> = tools.daemon_arguments.iter().map(String::as_str).collect();
    if tools.record_to.is_some() {
        arguments.extend(["--record", &recording]);
    }
    let mut daemon = Daemon::spawn(place, "json", &arguments)?;
    daemon.await_ready_every(PAUSE, timeline.interrupt())?;
    let notes = timeline.clone();
    let watch = Watch::start(&daemon, move |line| {
        notes.note(match serde_json::from_str(&line) {
            Ok(finding) => Happened::Finding(Box::new(finding)),
            Err(error) => Happened::Unreadable(format!("{error}: {line}")),
        });
    })?;
    Ok((daemon, watch))
}

/// Keeps the connection in use while `work` is done, however long that takes: the
/// silence that the story is about begins later.
fn chatting<T>(
    applications: &mut Applications,
    work: impl FnOnce() -> Result<T, LabError>,
) -> Result<T, LabError> {
    thread::scope(|scope| {
        let (working, done) = mpsc::channel::<()>();
        let chat = scope.spawn(move || {
            loop {
                applications.deliver(End::Client, 0, "hello")?;
                applications.deliver(End::Server, 0, "HELLO")?;
                // The other half goes when the work has ended, in whatever way.
                if done.recv_timeout(CHAT) == Err(RecvTimeoutError::Disconnected) {
                    return Ok(());
                }
            }
        });
        let worked = work();
        drop(working);
        chat.join()
            .unwrap_or_else(|panic| panic::resume_unwind(panic))
            .and(worked)
    })
}

/// The alerts that a report ends with.
pub fn alerts(report: &Report) -> &[Alert] {
    report.observed.alerts.as_deref().unwrap_or_default()
}
