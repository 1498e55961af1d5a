//! What the rules cost a Prometheus that has the series of so many nodes.
//!
//! The series are made as blocks (`promtool tsdb create-blocks-from openmetrics`), for nobody has ten thousand nodes to
//! scrape. Blocks end before the server starts: it takes no results of rules for times that a block covers.

use super::node;
use super::numbers::Numbers;
use crate::LabError;
use crate::children::Guarded;
use crate::interrupt::Interrupt;
use crate::names::DIRECTORY;
use crate::real::monitoring::{PROMETHEUS, PROMTOOL};
use crate::testbed::wait::poll;
use crate::testbed::{Port, http};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// How far back the series reach: as far as rules look back that fire soon (15 min), and what the rounds take.
const HISTORY: Duration = Duration::from_secs(20 * 60);

/// Nodes whose series are made into one block: promtool holds them all in memory.
const AT_ONCE: u32 = 1_000;

/// How long making one block, starting, or one round of rules may take.
const BOUND: Duration = Duration::from_secs(600);

/// What a block is given, in times of what the trial took: other work on the machine comes and goes.
const MARGIN: f64 = 2.0;

/// How much before the server's start series may end: rules that look back for 15 min then read an eighth less.
const LATE: Duration = Duration::from_secs(120);

/// Rounds of rules before the first that is measured: files are read and caches filled.
const WARM: f64 = 2.0;

/// Rounds that are measured.
const ROUNDS: f64 = 4.0;

/// How often the rules are evaluated where they do not say, in seconds.
const INTERVAL: u32 = 30;

/// Of more nodes than these, rules are evaluated more rarely, and fewer rounds come before those that are measured: a
/// machine with other work would leave rounds out, and CPU time is then that of fewer rules. What a round costs does not
/// rest on how often there is one.
const NODES_IN_TIME: u32 = 5_000;

/// How long a series counts as there without a sample: they end when the server starts.
const LOOKBACK: &str = "15m";

/// What is measured.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Prometheus.
    pub prometheus: PathBuf,
    /// Its promtool.
    pub promtool: PathBuf,
    /// The files of rules.
    pub files: Vec<PathBuf>,
    /// What a node serves on `/metrics`.
    pub metrics: String,
    /// Whether all nodes fail.
    pub event: bool,
    /// The user's wish to stop.
    pub interrupt: Interrupt,
}

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Nodes.
    pub nodes: u32,
    /// Series of each that rules read.
    pub series: usize,
    /// CPU time of one round of all rules, in seconds.
    pub cpu_seconds: f64,
    /// Rounds of a group that were left out because the one before took longer than the interval: where there are any,
    /// the CPU time is that of fewer rules.
    pub missed: f64,
    /// Memory that the server held at most, in bytes.
    pub memory: u64,
    /// Alerts that fire at the end.
    pub firing: usize,
}

impl Rules {
    /// Measures it over so many nodes.
    ///
    /// # Errors
    /// Whatever keeps the servers from running, and [`LabError::App`] where they want too much memory.
    pub fn measure(&self, nodes: u32) -> Result<Cost, LabError> {
        let directory = directory()?;
        let mut texts = String::new();
        for file in &self.files {
            let text = fs::read_to_string(file);
            texts += &text.map_err(LabError::io(format!("reading {}", file.display())))?;
        }
        let series = node::read_by(&texts, &self.metrics, self.event);
        let blocks = nodes.div_ceil(AT_ONCE);
        let end = SystemTime::now() + self.time_for_a_block(&series, nodes.min(AT_ONCE))? * blocks;
        for block in 0..blocks {
            let nodes = block * AT_ONCE..nodes.min((block + 1) * AT_ONCE);
            self.make_block(&directory, &series, nodes, end)?;
        }
        match end.duration_since(SystemTime::now()) {
            Ok(early) => self.pause(early)?,
            Err(late) if late.duration() <= LATE => {}
            Err(late) => {
                let late = late.duration().as_secs();
                let what = format!("took {late} s longer than its trial foretold: run it again");
                return Err(failed(PROMTOOL, what));
            }
        }
        self.evaluate(&directory, nodes, series.len())
    }

    /// How long making one block is given, as a trial says: series must end when all are made, and that is then.
    fn time_for_a_block(&self, series: &[node::Series], nodes: u32) -> Result<Duration, LabError> {
        let trial = directory()?;
        let begun = Instant::now();
        self.make_block(&trial, series, 0..nodes, SystemTime::now())?;
        Ok(begun.elapsed().mul_f64(MARGIN) + Duration::from_secs(5))
    }

    fn make_block(
        &self,
        directory: &TempDir,
        series: &[node::Series],
        nodes: std::ops::Range<u32>,
        end: SystemTime,
    ) -> Result<(), LabError> {
        let text = directory.path().join("series");
        let written = File::create(&text).and_then(|file| {
            let mut file = BufWriter::new(file);
            let times = (unix_seconds(end - HISTORY), unix_seconds(end));
            node::write(&mut file, series, nodes, times)?;
            file.flush()
        });
        written.map_err(LabError::io("writing series"))?;
        let mut command = Command::new(&self.promtool);
        command.args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"]);
        command.arg(&text).arg(data(directory));
        let mut promtool = Guarded::start(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
        let ended = self.eventually("promtool has made a block", || {
            let ended = promtool.ended();
            ended.map_err(LabError::io("waiting for promtool"))
        })?;
        match ended.success() {
            true => Ok(()),
            false => Err(failed(PROMTOOL, format!("made no block: {ended}"))),
        }
    }

    fn evaluate(&self, directory: &TempDir, nodes: u32, series: usize) -> Result<Cost, LabError> {
        let stretch = nodes.div_ceil(NODES_IN_TIME);
        let (server, port) = self.start(directory, stretch)?;
        let address = port.address();
        let warm = WARM / f64::from(stretch);
        let mut memory = 0;
        let mut after = |rounds: f64| {
            self.eventually("the rules have been evaluated", || {
                let numbers = Numbers::of(address)?;
                memory = memory.max(numbers.memory_within_bounds(address)?);
                let done = numbers.sum("prometheus_rule_group_iterations_total");
                let groups = numbers.series("prometheus_rule_group_iterations_total");
                Ok((groups > 0 && done >= rounds * groups as f64)
                    .then_some((numbers, done, groups)))
            })
        };
        let (before, rounds_before, _) = after(warm)?;
        let (now, rounds, groups) = after(warm + ROUNDS)?;
        let firing = firing(address)?;
        drop(server);
        Ok(Cost {
            nodes,
            series,
            cpu_seconds: (now.cpu_seconds() - before.cpu_seconds())
                / ((rounds - rounds_before) / groups as f64),
            missed: now.sum("prometheus_rule_group_iterations_missed_total"),
            memory,
            firing,
        })
    }

    /// Each interval is `stretch` times as long as it stands in the rules.
    fn start(&self, directory: &TempDir, stretch: u32) -> Result<(Guarded, Port), LabError> {
        let mut files = Vec::new();
        for (number, file) in self.files.iter().enumerate() {
            let text = fs::read_to_string(file);
            let text = text.map_err(LabError::io(format!("reading {}", file.display())))?;
            let copy = directory.path().join(format!("{number}.rules.yml"));
            fs::write(&copy, stretched(&text, stretch)).map_err(LabError::io("writing rules"))?;
            files.push(format!("'{}'", copy.display()));
        }
        let configuration = format!(
            "global: {{evaluation_interval: {}s}}\nrule_files: [{}]\n",
            INTERVAL * stretch,
            files.join(", ")
        );
        let file = directory.path().join("prometheus.yml");
        fs::write(&file, configuration)
            .map_err(LabError::io("writing Prometheus's configuration"))?;
        let port = Port::reserve(Ipv4Addr::LOCALHOST.into())?;
        let address = port.address();
        let log = directory.path().join("log");
        let log_file = File::create(&log).map_err(LabError::io("making a log"))?;
        let mut server = Guarded::start(
            Command::new(&self.prometheus)
                .arg(format!("--config.file={}", file.display()))
                .arg(format!("--storage.tsdb.path={}", data(directory).display()))
                .arg(format!("--web.listen-address={address}"))
                .arg(format!("--query.lookback-delta={LOOKBACK}"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log_file),
        )?;
        self.eventually("Prometheus is ready", || {
            if let Ok(Some(status)) = server.ended() {
                let log = fs::read_to_string(&log).unwrap_or_default();
                return Err(failed(
                    PROMETHEUS,
                    format!("ended at start ({status})\n{log}"),
                ));
            }
            let ready = http::get(address, "/-/ready");
            Ok(matches!(ready, Ok((200, _))).then_some(()))
        })?;
        Ok((server, port))
    }

    fn eventually<T>(
        &self,
        until: &str,
        mut look: impl FnMut() -> Result<Option<T>, LabError>,
    ) -> Result<T, LabError> {
        let often = (BOUND, Duration::from_secs(1));
        let seen = poll(often, &self.interrupt, || look().map(|seen| seen.ok_or(())))?;
        seen.map_err(|()| LabError::InVain {
            until: until.to_owned(),
            bound: BOUND,
        })
    }

    fn pause(&self, length: Duration) -> Result<(), LabError> {
        let until = Instant::now() + length;
        while Instant::now() < until {
            if self.interrupt.is_set() {
                return Err(LabError::Interrupted);
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

/// Rules whose groups are evaluated so many times as rarely.
fn stretched(rules: &str, stretch: u32) -> String {
    let minutes = |line: &str| -> Option<u32> {
        let minutes = line.trim().strip_prefix("interval: ")?.strip_suffix('m')?;
        minutes.parse().ok()
    };
    let lines = rules.lines().map(|line| match minutes(line) {
        Some(minutes) => {
            let (indent, _) = line.split_at(line.len() - line.trim_start().len());
            format!("{indent}interval: {}m\n", minutes * stretch)
        }
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// How many alerts fire. The list of them would have megabytes.
fn firing(address: SocketAddr) -> Result<usize, LabError> {
    const COUNT: &str = "count(ALERTS{alertstate=%22firing%22})";
    let (_, text) = http::get(address, &format!("/api/v1/query?query={COUNT}"))?;
    counted(&text).ok_or_else(|| failed(PROMETHEUS, format!("does not say what fires: {text}")))
}

/// The number in the answer to a query that counts. Where nothing is counted, its result is empty.
fn counted(answer: &str) -> Option<usize> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    match answer.pointer("/data/result")?.as_array()?.first() {
        Some(sample) => sample.pointer("/value/1")?.as_str()?.parse().ok(),
        None => Some(0),
    }
}

fn directory() -> Result<TempDir, LabError> {
    tempfile::Builder::new()
        .prefix(&format!("{DIRECTORY}{}-", std::process::id()))
        .tempdir()
        .map_err(LabError::io("making a directory for Prometheus"))
}

fn data(directory: &TempDir) -> PathBuf {
    Path::join(directory.path(), "data")
}

fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn failed(name: &str, what: String) -> LabError {
    let name = name.to_owned();
    LabError::App { name, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_and_an_empty_result_is_none() {
        let of = |result: &str| counted(&format!("{{\"data\":{{\"result\":{result}}}}}"));
        assert_eq!(
            of("[{\"metric\":{},\"value\":[1.5,\"10001\"]}]"),
            Some(10_001)
        );
        assert_eq!(of("[]"), Some(0));
        assert_eq!(counted("{\"status\":\"error\"}"), None);
    }

    #[test]
    fn only_what_groups_say_of_their_interval_is_stretched() {
        let rules = "groups:\n  - name: a\n    interval: 1m\n    rules:\n      - expr: rate(x[1m])\n        for: 1m\n";
        let wanted = rules.replace("interval: 1m", "interval: 4m");
        assert_eq!(stretched(rules, 4), wanted);
        assert_eq!(stretched(rules, 1), rules);
    }
}
