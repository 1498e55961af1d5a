use super::client::write;
use super::exit::CliError;
use super::{ConfigArguments, KernelArguments};
use crate::config::Overrides;
use crate::kernel::{self, HookStatus, Kernel};
use crate::surfaces::human;
use crate::surfaces::rows::CheckRow;
use clap::Args;
use serde::Serialize;
use std::process::ExitCode;

#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    kernel: KernelArguments,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What `check --json` says.
#[derive(Serialize)]
struct Report {
    works: bool,
    kernel: String,
    paths: usize,
    hooks: Vec<HookStatus>,
}

pub(super) fn main(arguments: &Arguments, verbose: bool) -> Result<ExitCode, CliError> {
    let config = arguments.config.load(Overrides::default())?;
    // Loads and attaches for real, and lets go at once: feature probes lie.
    let kernel = Kernel::load(&kernel::Options {
        btf: arguments.kernel.btf.clone(),
        min_gap: config.min_gap,
        ring_bytes: None,
        hooks: true,
    })?;
    let report = Report {
        works: kernel.hooks.iter().all(|status| status.mechanism.is_some()),
        kernel: kernel::release(),
        paths: config.paths.len(),
        hooks: kernel.hooks,
    };
    if arguments.json {
        let line = serde_json::to_string(&report).map_err(|error| CliError::Io {
            what: "cannot write the report",
            source: error.into(),
        })?;
        write(&line)?;
    } else {
        write(&human::check_lines(&rows(&report)))?;
    }
    if verbose {
        for refusal in report.hooks.iter().flat_map(|status| &status.refused) {
            eprintln!("{}: {}\n{}", refusal.mechanism, refusal.reason, refusal.log);
        }
    }
    Ok(if report.works {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn rows(report: &Report) -> Vec<CheckRow> {
    let fine = |subject: &str, detail: String| CheckRow {
        subject: subject.to_owned(),
        works: true,
        detail,
        remedy: None,
    };
    let mut rows = vec![
        fine("kernel", report.kernel.clone()),
        fine("configuration", format!("{} paths", report.paths)),
    ];
    rows.extend(report.hooks.iter().map(hook_row));
    rows
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
    CheckRow {
        subject: format!("hook {}", status.hook),
        works: status.mechanism.is_some(),
        detail: match &status.mechanism {
            Some(mechanism) => format!("{mechanism}{}", refused("; not ")),
            None => refused(""),
        },
        remedy: status
            .mechanism
            .is_none()
            .then(|| "what this hook tells is not seen; a newer kernel has it".to_owned()),
    }
}
