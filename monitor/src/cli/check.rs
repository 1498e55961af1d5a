//! `tcplull check`: what works on this machine, and why not.

use super::arguments::{ConfigArguments, Context, HookArguments, KernelArguments};
use super::exit::{self, CliError};
use super::help::Help;
use super::output::write;
use super::remark::remark;
use super::self_test;
use crate::config::{Config, Overrides};
use crate::daemon::{CONNTRACK_WITHIN, Checked, DaemonError, check_row, check_rows, sandbox_needs};
use crate::sandbox::{Entered, Sandbox, SandboxError};
use crate::surfaces::inspect;
use crate::text;
use clap::Args;
use monitor_kernel::{
    Conntrack, ConntrackStatus, HookOptions, HookStatus, HostView, Kernel, KernelError,
    ProgramCost, Scope, SignStatus, WatchStatus,
};
use monitor_model::api::AgentPrivileges;
use monitor_model::format::json_line;
use monitor_model::listing::CheckRow;
use serde::Serialize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const HELP: Help = Help {
    examples: &[
        (
            "tcplull check",
            "loads and attaches everything, and lets go of it at once",
        ),
        (
            "tcplull check --verbose",
            "with the verifier's logs, where something is refused",
        ),
        (
            "tcplull check --self-test",
            "lets a connection die, and sees whether that is told",
        ),
        ("tcplull check --json", "for scripts"),
    ],
    findings: Some("something does not work, or the self-test fails"),
};

#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    kernel: KernelArguments,
    #[command(flatten)]
    hooks: HookArguments,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// Clear what a killed daemon has left on sockets, and check nothing
    #[arg(long, conflicts_with_all = ["json", "watch", "hooks"])]
    repair: bool,
    /// Make a client, a server and a box between them that forgets, in network namespaces of their own, and see that a daemon
    /// says so; takes some seconds and leaves nothing behind
    #[arg(long, conflicts_with_all = ["hooks", "repair"])]
    self_test: bool,
}

/// What `check --json` says.
#[derive(Serialize)]
struct Report {
    works: bool,
    kernel: String,
    paths: usize,
    /// Whether all processes of the host are seen, and so their silent sockets.
    host_processes_seen: bool,
    hooks: Vec<HookStatus>,
    /// Whether this host's own conntrack tables can be asked; null where it keeps none. Findings do without, so it is no part
    /// of `works`.
    local_conntrack: Option<bool>,
    #[serde(skip)]
    conntrack: ConntrackStatus,
    /// Signs of a forged ACK. A verdict does without those that cannot be read, so
    /// they are no part of `works`.
    signs: Vec<SignStatus>,
    /// Either way is complete, so it is no part of `works`.
    watch: Option<WatchStatus>,
    /// What a daemon keeps of what this process may do; null where it cannot give up the rest, and does not start.
    privileges: Option<AgentPrivileges>,
    #[serde(skip)]
    sandbox: Result<(AgentPrivileges, Entered), SandboxError>,
    /// Whether timers of sockets can be set; null where no `[path.heal]` has some set.
    heal: Option<Heal>,
}

#[derive(Serialize)]
struct Heal {
    works: bool,
    detail: String,
    programs: Vec<ProgramCost>,
}

impl Report {
    fn checked(&self) -> Checked<'_> {
        Checked {
            kernel: &self.kernel,
            paths: self.paths,
            host_processes_seen: self.host_processes_seen,
            sandbox: self
                .sandbox
                .as_ref()
                .map(|(kept, entered)| (kept, *entered)),
            watch: self.watch.as_ref(),
            hooks: &self.hooks,
            signs: &self.signs,
            conntrack: &self.conntrack,
            heal: self
                .heal
                .as_ref()
                .map(|heal| (heal.works, heal.detail.clone())),
        }
    }
}

pub(super) fn main(arguments: &Arguments, context: Context) -> Result<ExitCode, CliError> {
    let config = arguments.config.load(Overrides::default())?;
    for note in &config.rule_notes {
        remark(&format!("tcplull: {note}\n"));
    }
    if arguments.repair {
        return repair(arguments, &config);
    }
    if arguments.self_test {
        let passed = self_test::run(&self_test::Options {
            btf: &arguments.kernel.btf,
            watch: arguments.hooks.watch,
            json: arguments.json,
        })?;
        return Ok(exit::code(!passed));
    }
    // Not the place of a daemon that runs.
    let mut beside = config.socket.clone().into_os_string();
    beside.push(".check");
    let hooks = arguments.hooks.options(beside.into());
    let report = looked(&config, &arguments.kernel, hooks)?;
    if arguments.json {
        let line = json_line(&report).map_err(|error| CliError::Io {
            what: "cannot write the report",
            source: error.into(),
        })?;
        write(&line)?;
    } else {
        write(&text::check_lines(&check_rows(&report.checked())))?;
    }
    if context.verbose {
        let watch = report.watch.iter().flat_map(|status| &status.refused);
        let hooks = report.hooks.iter().flat_map(|status| &status.refused);
        let refusals = watch.chain(hooks).map(|refusal| {
            format!(
                "{}: {}\n{}\n",
                refusal.mechanism, refusal.reason, refusal.log
            )
        });
        let costs = report.hooks.iter().flat_map(|status| &status.programs);
        let heal = report.heal.iter().flat_map(|heal| &heal.programs);
        let costs = costs.chain(heal).map(|cost| cost_line(cost) + "\n");
        remark(&refusals.chain(costs).collect::<String>());
    }
    Ok(exit::code(!report.works))
}

/// Loads and attaches for real, and lets go at once: feature probes lie.
fn looked(
    config: &Config,
    kernel: &KernelArguments,
    hooks: HookOptions,
) -> Result<Report, KernelError> {
    let sandbox = Sandbox::default().tried(&sandbox_needs(config, &hooks));
    let btf = &kernel.btf;
    let mut kernel = Kernel::load(&monitor_kernel::Options {
        btf: btf.clone(),
        min_gap: config.min_gap,
        ring_bytes: None,
        scope: config.scope.clone(),
        hooks: Some(hooks),
    })?;
    kernel.sweeper.unwatch()?;
    // Loaded for real, too; on no socket.
    let healed = config.paths.iter().any(|path| path.heal.is_some());
    let heal = healed.then(|| match kernel.sweeper.load_timers(btf) {
        Ok(cost) => Heal {
            works: true,
            detail: "timers of sockets can be set".to_owned(),
            programs: cost.into_iter().collect(),
        },
        Err(error) => Heal {
            works: false,
            detail: error.to_string(),
            programs: Vec::new(),
        },
    });
    let seen = HostView::own().processes;
    let conntrack = Conntrack::default().status(Instant::now() + CONNTRACK_WITHIN);
    Ok(Report {
        works: seen
            && sandbox.is_ok()
            && heal.as_ref().is_none_or(|heal| heal.works)
            && kernel.hooks.iter().all(|status| status.mechanism.is_some()),
        kernel: monitor_kernel::release(),
        paths: config.paths.len(),
        host_processes_seen: seen,
        local_conntrack: match &conntrack {
            ConntrackStatus::None => None,
            ConntrackStatus::Asked => Some(true),
            ConntrackStatus::Refused { .. } => Some(false),
        },
        conntrack,
        heal,
        hooks: kernel.hooks,
        signs: kernel.signs,
        watch: kernel.watch,
        privileges: sandbox.as_ref().ok().map(|(kept, _)| kept.clone()),
        sandbox,
    })
}

/// What works here, for a snapshot; also where nothing does. It leaves nothing in the kernel, so it does not try to watch
/// sockets one by one.
pub(super) fn rows_here(config: &Config, kernel: &KernelArguments) -> Vec<CheckRow> {
    match looked(config, kernel, HookOptions::default()) {
        Ok(report) => check_rows(&report.checked()),
        Err(error) => vec![
            check_row("kernel", true, monitor_kernel::release(), None),
            check_row("attaching", false, error.to_string(), None),
        ],
    }
}

/// Clears what a killed daemon has left.
fn repair(arguments: &Arguments, config: &Config) -> Result<ExitCode, CliError> {
    monitor_kernel::check_privileges()?;
    // A daemon that runs needs its marks, and clears them when it stops.
    let _place = inspect::take_place(&config.socket).map_err(DaemonError::from)?;
    let cleared = monitor_kernel::repair(
        &monitor_kernel::Options {
            btf: arguments.kernel.btf.clone(),
            min_gap: config.min_gap,
            ring_bytes: None,
            scope: Scope::default(),
            hooks: None,
        },
        &config.socket,
    )?;
    write(&match cleared {
        None => "nothing was left behind".to_owned(),
        Some(1) => "cleared 1 socket".to_owned(),
        Some(sockets) => format!("cleared {sockets} sockets"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn cost_line(cost: &ProgramCost) -> String {
    let verified = match cost.instructions {
        Some(instructions) => format!("the verifier processed {instructions} instructions"),
        None => "this kernel does not say what the verifier did".to_owned(),
    };
    let milliseconds = Duration::from_micros(cost.load_us).as_secs_f64() * 1e3;
    format!(
        "{}: {verified}; loaded in {milliseconds:.1} ms",
        cost.program
    )
}
