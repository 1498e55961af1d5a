//! `cargo xtask fleet`: what many nodes cost Prometheus and Alertmanager.

use crate::command::become_it;
use crate::error::Error;
use crate::{progress, setup, workspace};
use std::process::{Command, ExitCode};

/// The rules that are shipped, and how Alertmanager is to route what they fire, below the workspace.
const RULES: &str = "deploy/prometheus/tcplull.rules.yml";
const ALERTMANAGER: &str = "deploy/prometheus/alertmanager.yml";

/// What a node with two paths serves, as the tests keep it.
const METRICS: &str = "monitor/tests/golden/metrics.txt";

/// How many nodes, and what of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// So many nodes, one after the other: 10000 take half an hour and 2 GiB
    #[arg(long, value_name = "N,N", default_value = "1000,3000")]
    nodes: String,
    /// Only "prometheus", or only "alertmanager"
    #[arg(long, value_name = "SERVER")]
    only: Option<String>,
}

/// Sets up, builds, and becomes the lab's measurement.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    setup::monitoring()?;
    let lab = workspace::build_lab()?;
    progress::step(
        "half an hour, most of it waiting; tables for docs/fleet.md come as they are ready",
    );
    let root = workspace::root();
    let mut command = Command::new(lab);
    command.arg("fleet").arg("--rules").arg(root.join(RULES));
    command.arg("--metrics").arg(root.join(METRICS));
    command.arg("--alertmanager").arg(root.join(ALERTMANAGER));
    command.arg("--nodes").arg(&args.nodes);
    if let Some(only) = &args.only {
        command.arg("--only").arg(only);
    }
    become_it(command.env("PATH", setup::search_path()))
}
