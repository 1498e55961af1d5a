//! `tcplull check`: what works on this machine, and why not.

use super::arguments::{ConfigArguments, Context, HookArguments, KernelArguments};
use super::exit::{self, CliError};
use super::help::Help;
use super::output::write;
use super::remark::remark;
use super::self_test;
use crate::config::{Config, Overrides};
use crate::daemon::{DaemonError, sandbox_needs};
use crate::sandbox::{Entered, Sandbox, SandboxError, Writes};
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

/// How long the kernel may take to say whether its tables can be asked.
const CONNTRACK_WITHIN: Duration = Duration::from_secs(1);

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
        write(&text::check_lines(&rows(&report)))?;
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
        let costs = costs.map(|cost| cost_line(cost) + "\n");
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
    let mut kernel = Kernel::load(&monitor_kernel::Options {
        btf: kernel.btf.clone(),
        min_gap: config.min_gap,
        ring_bytes: None,
        scope: config.scope.clone(),
        hooks: Some(hooks),
    })?;
    kernel.sweeper.unwatch()?;
    let seen = HostView::own().processes;
    let conntrack = Conntrack::default().status(Instant::now() + CONNTRACK_WITHIN);
    Ok(Report {
        works: seen
            && sandbox.is_ok()
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
        Ok(report) => rows(&report),
        Err(error) => vec![
            row("kernel", true, monitor_kernel::release(), None),
            row("attaching", false, error.to_string(), None),
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

fn rows(report: &Report) -> Vec<CheckRow> {
    let paths = format!("{} paths", report.paths);
    let mut rows = vec![
        row("kernel", true, report.kernel.clone(), None),
        row("configuration", true, paths, None),
        processes_row(report.host_processes_seen),
    ];
    rows.push(privileges_row(&report.sandbox));
    rows.extend(report.watch.as_ref().map(watch_row));
    rows.extend(report.hooks.iter().map(hook_row));
    rows.push(signs_row(&report.signs));
    rows.extend(conntrack_row(&report.conntrack));
    rows
}

/// Whether the processes of the whole host are seen.
fn processes_row(seen: bool) -> CheckRow {
    if seen {
        row(
            "processes",
            true,
            "those of the whole host".to_owned(),
            None,
        )
    } else {
        let lacks = HostView::LACKS.to_owned();
        row("processes", false, lacks, Some(HostView::REMEDY))
    }
}

/// What a daemon keeps, once it has given up the rest.
fn privileges_row(sandbox: &Result<(AgentPrivileges, Entered), SandboxError>) -> CheckRow {
    let (kept, entered) = match sandbox {
        Ok(tried) => tried,
        Err(error) => return row("privileges", false, error.to_string(), None),
    };
    let writes = match entered.writes {
        Writes::Held => "writes in its own folders alone".to_owned(),
        Writes::Mostly => {
            "writes in its own folders, as far as this kernel's Landlock goes".to_owned()
        }
        Writes::Anywhere(why) => format!("writes where its user may: {why}"),
    };
    let detail = format!(
        "{}: a daemon keeps {}; {writes}",
        kept.profile,
        kept.capabilities.join(", ")
    );
    row("privileges", true, detail, None)
}

/// Whether this host's own tables can be asked, where it keeps any.
fn conntrack_row(status: &ConntrackStatus) -> Option<CheckRow> {
    let remedy = "findings do without `local_conntrack`: it takes CAP_NET_ADMIN, and CAP_SYS_ADMIN for network namespaces of \
                  others";
    let (works, detail) = match status {
        ConntrackStatus::None => return None,
        ConntrackStatus::Asked => (true, "can be asked".to_owned()),
        ConntrackStatus::Refused { reason } => (false, format!("cannot be asked: {reason}")),
    };
    Some(row(
        "own conntrack",
        works,
        detail,
        (!works).then_some(remedy),
    ))
}

/// The way to watch, and why not the better one.
fn watch_row(status: &WatchStatus) -> CheckRow {
    let name = status.mode.name();
    let detail = match status.refused.first() {
        Some(refused) => format!("{name} (not {}: {})", refused.mechanism, refused.reason),
        None => name.to_owned(),
    };
    row("watching", true, detail, None)
}

fn row(subject: &str, works: bool, detail: String, remedy: Option<&str>) -> CheckRow {
    CheckRow {
        subject: subject.to_owned(),
        works,
        detail,
        remedy: remedy.map(str::to_owned),
    }
}

/// What can be read, and what not and why.
fn signs_row(signs: &[SignStatus]) -> CheckRow {
    let readable: Vec<&str> = signs
        .iter()
        .filter(|sign| sign.readable)
        .map(|sign| sign.sign)
        .collect();
    let lacking: Vec<String> = signs
        .iter()
        .filter(|sign| !sign.readable)
        .map(|sign| format!("{} (missing: {})", sign.sign, sign.missing.join(", ")))
        .collect();
    let mut detail = readable.join(", ");
    if !lacking.is_empty() {
        let start = if readable.is_empty() {
            "not "
        } else {
            "; not "
        };
        detail.push_str(&format!("{start}{}", lacking.join("; ")));
    }
    let remedy = "no verdict rests on a sign that cannot be read: some that are undelivered are told as acknowledged";
    let remedy = (!lacking.is_empty()).then_some(remedy);
    row("forged-ACK signs", !readable.is_empty(), detail, remedy)
}

fn hook_row(status: &HookStatus) -> CheckRow {
    let refused = |start: &str| {
        let each: Vec<String> = status
            .refused
            .iter()
            .map(|refusal| format!("{}: {}", refusal.mechanism, refusal.reason))
            .collect();
        if each.is_empty() {
            String::new()
        } else {
            format!("{start}{}", each.join("; "))
        }
    };
    let subject = format!("hook {}", status.hook);
    match &status.mechanism {
        Some(mechanism) => row(
            &subject,
            true,
            format!("{mechanism}{}", refused("; not ")),
            None,
        ),
        None => {
            let remedy = "what this hook tells is not seen; a newer kernel has it";
            row(&subject, false, refused(""), Some(remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(sign: &'static str, missing: &[&'static str]) -> SignStatus {
        SignStatus {
            sign,
            readable: missing.is_empty(),
            missing: missing.to_vec(),
        }
    }

    #[test]
    fn signs_that_can_all_be_read_are_listed_and_need_nothing() {
        let row = signs_row(&[sign("timestamp", &[]), sign("ttl", &[])]);
        assert!(row.works);
        assert_eq!(row.detail, "timestamp, ttl");
        assert_eq!(row.remedy, None);
    }

    #[test]
    fn a_sign_that_cannot_be_read_is_named_with_what_is_missing() {
        let row = signs_row(&[
            sign("timestamp", &[]),
            sign("ttl", &["sk_buff.head", "sk_buff.network_header"]),
        ]);
        assert!(row.works);
        assert_eq!(
            row.detail,
            "timestamp; not ttl (missing: sk_buff.head, sk_buff.network_header)"
        );
        assert!(row.remedy.is_some());
    }

    #[test]
    fn where_none_can_be_read_none_is_claimed() {
        let row = signs_row(&[sign("window", &["the receive hook"])]);
        assert!(!row.works);
        assert_eq!(row.detail, "not window (missing: the receive hook)");
    }
}
