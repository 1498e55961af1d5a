//! `monitor-lab fleet`: what many nodes cost Prometheus and Alertmanager, as tables for docs/fleet.md.

use super::INTERRUPTED;
use monitor_lab::LabError;
use monitor_lab::fleet::{Came, Cost, Event, Rules, Way};
use monitor_lab::interrupt::Interrupt;
use monitor_lab::real::monitoring::{ALERTMANAGER, PROMETHEUS, PROMTOOL, find};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

/// Alertmanager as it is often found: a notification for each node.
const BY_NODE: &str = "\
route: {receiver: page, group_by: [alertname, instance], group_wait: 30s, group_interval: 5m}
receivers: [{name: page, webhook_configs: [{url: 'http://127.0.0.1:9095/page'}]}]
";

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The files of rules, for Prometheus.
    #[arg(long, value_name = "FILE", required = true)]
    rules: Vec<PathBuf>,
    /// What a node serves on /metrics.
    #[arg(long, value_name = "FILE")]
    metrics: PathBuf,
    /// Alertmanager's configuration.
    #[arg(long, value_name = "FILE")]
    alertmanager: PathBuf,
    /// So many nodes, one after the other.
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1000,3000", value_parser = clap::value_parser!(u32).range(10..=20_000))]
    nodes: Vec<u32>,
    /// Only Prometheus, or only Alertmanager.
    #[arg(long, value_name = "SERVER")]
    only: Option<Server>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Server {
    Prometheus,
    Alertmanager,
}

pub(super) fn fleet(arguments: &Arguments) -> Result<ExitCode, String> {
    let interrupt =
        Interrupt::on_signals().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let mut done = Ok(());
    if arguments.only != Some(Server::Alertmanager) {
        done = rules(arguments, &interrupt);
    }
    if done.is_ok() && arguments.only != Some(Server::Prometheus) {
        done = events(arguments, &interrupt);
    }
    match done {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(LabError::Interrupted) => Ok(ExitCode::from(INTERRUPTED)),
        Err(error) => Err(error.to_string()),
    }
}

fn rules(arguments: &Arguments, interrupt: &Interrupt) -> Result<(), LabError> {
    println!(
        "| nodes | | series a node that rules read | CPU time of one round, s | the same a node, ms | rounds missed | memory, MiB | firing |"
    );
    println!("| --: | --- | --: | --: | --: | --: | --: | --: |");
    for &nodes in &arguments.nodes {
        for event in [false, true] {
            let rules = Rules {
                prometheus: program(PROMETHEUS)?,
                promtool: program(PROMTOOL)?,
                files: arguments.rules.clone(),
                metrics: read(&arguments.metrics)?,
                event,
                interrupt: interrupt.clone(),
            };
            let Cost {
                series,
                cpu_seconds,
                missed,
                memory,
                firing,
                ..
            } = rules.measure(nodes)?;
            let what = if event { "all fail" } else { "all is well" };
            println!(
                "| {nodes} | {what} | {series} | {cpu_seconds:.2} | {:.2} | {missed} | {} | {firing} |",
                cpu_seconds * 1e3 / f64::from(nodes),
                memory >> 20
            );
        }
    }
    Ok(())
}

fn events(arguments: &Arguments, interrupt: &Interrupt) -> Result<(), LabError> {
    let recommended = read(&arguments.alertmanager)?;
    let cases = [
        (
            "by the rules, as recommended",
            Way::Scraped,
            recommended.as_str(),
        ),
        (
            "pushed by the daemons, as recommended",
            Way::Pushed,
            &recommended,
        ),
        ("by the rules, grouped by node", Way::Scraped, BY_NODE),
    ];
    let alertmanager = program(ALERTMANAGER)?;
    println!(
        "| nodes | | pages | alerts in the largest | its KiB | told that it is over | CPU time, s | memory, MiB |"
    );
    println!("| --: | --- | --: | --: | --: | --: | --: | --: |");
    for &nodes in &arguments.nodes {
        let happens = |(_, way, configuration): (&str, Way, &str)| {
            let event = Event {
                alertmanager: alertmanager.clone(),
                configuration: configuration.to_owned(),
                way,
                nodes,
                interrupt: interrupt.clone(),
            };
            move || event.happen()
        };
        let came = thread::scope(|scope| {
            let running = cases.map(|case| scope.spawn(happens(case)));
            running.map(|one| one.join())
        });
        for ((what, ..), came) in cases.into_iter().zip(came) {
            let broke_off = |_| LabError::Premise(format!("{what}: broke off"));
            row(nodes, what, &came.map_err(broke_off)??);
        }
    }
    Ok(())
}

fn row(nodes: u32, what: &str, came: &Came) {
    let page = came.notified.get("/page").copied().unwrap_or_default();
    println!(
        "| {nodes} | {what} | {} | {} | {} | {} | {:.1} | {} |",
        page.firing,
        page.most_alerts,
        page.most_bytes.div_ceil(1024),
        page.resolved,
        came.cpu_seconds,
        came.memory >> 20
    );
    if came.refused > 0 {
        eprintln!(
            "monitor-lab: {what}: {} alerts were not taken",
            came.refused
        );
    }
}

fn program(name: &str) -> Result<PathBuf, LabError> {
    find(name).ok_or_else(|| LabError::Premise(format!("there is no {name}: cargo xtask setup")))
}

fn read(file: &Path) -> Result<String, LabError> {
    fs::read_to_string(file).map_err(LabError::io(format!("reading {}", file.display())))
}
