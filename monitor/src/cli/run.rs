//! `tcplull run`: the daemon.

use super::arguments::{
    ConfigArguments, Context, DaemonArguments, HookArguments, KernelArguments, ScopeArguments,
    TimeoutArgument,
};
use super::exit::CliError;
use super::help::Help;
use super::notifications::NotificationArguments;
use crate::config::{LastGood, Overrides};
use crate::daemon::{self, Options, ValveTimes};
use crate::sandbox::Sandbox;
use crate::surfaces::log::LogFormat;
use crate::surfaces::messages::Messages;
use crate::surfaces::recording;
use crate::worker::LAST_WORDS;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing_subscriber::filter::LevelFilter;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull run --timeout 4m",
            "every path through a gateway forgets after 4 minutes",
        ),
        ("tcplull run", "the paths of /etc/tcplull/config.toml"),
        (
            "tcplull run --timeout 4m --unit postgresql",
            "one service alone is told of",
        ),
        (
            "tcplull run --record facts",
            "also keep what is judged, for `tcplull replay`",
        ),
    ],
    findings: None,
};

#[derive(Args, Clone, Debug)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
    // Boxed, for its size: the commands are one enum.
    #[command(flatten)]
    daemon: Box<DaemonArguments>,
    #[command(flatten)]
    timeout: TimeoutArgument,
    #[command(flatten)]
    scope: ScopeArguments,
    #[command(flatten)]
    notifications: NotificationArguments,
    /// How findings are written to standard output
    #[arg(long, value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(flatten)]
    kernel: KernelArguments,
    #[command(flatten)]
    hooks: HookArguments,
    /// What the daemon gives up at its start: all that it does not need
    #[arg(long, value_enum, value_name = "WAY", default_value_t)]
    sandbox: SandboxWay,
    /// Record what is judged for `tcplull replay`, in a new file that only its
    /// owner can read
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Size in MiB at which the recording stops; the daemon goes on
    #[arg(long, value_name = "MIB", default_value_t = recording::DEFAULT_MAX_MIB, requires = "record", value_parser = clap::value_parser!(u32).range(1..))]
    record_max: u32,
    /// Size of the ring in bytes, a power of two of pages (for tests of a full ring)
    #[arg(long, value_name = "BYTES", hide = true, value_parser = ring_bytes)]
    ring_bytes: Option<u32>,
    /// What a third of the window takes in which cpu_budget is measured (for tests of the safety valve)
    #[arg(long, value_name = "DURATION", hide = true, value_parser = humantime::parse_duration, default_value = "10s")]
    cpu_part: Duration,
    /// How long the daemon waits at first until it watches more again (for tests of the safety valve)
    #[arg(long, value_name = "DURATION", hide = true, value_parser = humantime::parse_duration, default_value = "10m")]
    cpu_wait: Duration,
}

/// How much the daemon gives up, as the command line has it.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum SandboxWay {
    /// Capabilities beyond those of docs/operating.md, system calls that it never makes and, without CAP_SYS_ADMIN, writing
    /// anywhere but in its own folders
    #[default]
    Auto,
    /// Capabilities beyond CAP_BPF and CAP_PERFMON too, also where it was given more
    Global,
    /// Nothing
    Off,
}

impl From<SandboxWay> for Sandbox {
    fn from(way: SandboxWay) -> Self {
        match way {
            SandboxWay::Auto => Self::Auto,
            SandboxWay::Global => Self::Global,
            SandboxWay::Off => Self::Off,
        }
    }
}

impl ValueEnum for LogFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Human, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Human => PossibleValue::new("human").help("One line for people"),
            Self::Json => PossibleValue::new("json").help("One JSON object a line"),
        })
    }
}

/// What the kernel takes for a ring: a power of two, from a page up; no more than
/// a daemon should ever hold.
fn ring_bytes(text: &str) -> Result<u32, String> {
    let sizes = 4096..=1 << 30;
    text.parse()
        .ok()
        .filter(|bytes: &u32| bytes.is_power_of_two() && sizes.contains(bytes))
        .ok_or_else(|| "write a power of two from 4096 to 1073741824".to_owned())
}

pub(super) fn main(arguments: &Arguments, context: Context) -> Result<ExitCode, CliError> {
    let level = if context.verbose {
        LevelFilter::DEBUG
    } else {
        LevelFilter::INFO
    };
    // Findings go to standard output; what the daemon says of itself does not mix. It has no thread before the sandbox.
    let messages = Messages::held(std::io::stderr());
    let log = tracing_subscriber::fmt()
        .with_writer(messages.clone())
        // Colours would be lost among what others may have put into a line.
        .with_ansi(false)
        .with_max_level(level)
        .with_target(false);
    match arguments.log_format {
        LogFormat::Human => log.init(),
        LogFormat::Json => log.json().init(),
    }
    let overrides = Overrides {
        web: arguments.daemon.web(),
        socket: None,
        socket_group: arguments.daemon.socket_group.clone(),
        sweep_interval: arguments.daemon.sweep_interval,
        cpu_budget: arguments.daemon.cpu_budget,
        timeout: arguments.timeout.timeout,
        alertmanagers: arguments.notifications.urls.clone(),
        instance: arguments.notifications.instance.clone(),
        scope: arguments.scope.scope(),
    };
    let config = arguments.config.clone();
    let last = Mutex::new(LastGood::default());
    let said = messages.clone();
    let hooks = arguments.hooks.clone();
    let options = Options {
        configuration: Arc::new(move || {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            config.load_again(overrides.clone(), &mut last)
        }),
        messages,
        log_format: Some(arguments.log_format),
        sandbox: arguments.sandbox.into(),
        keeps_alerts: true,
        btf: arguments.kernel.btf.clone(),
        ring_bytes: arguments.ring_bytes,
        hooks: Box::new(move |socket| hooks.options(socket)),
        valve: ValveTimes {
            part: arguments.cpu_part,
            wait: arguments.cpu_wait,
        },
        record: arguments.record.clone().map(|path| recording::Target {
            path,
            max_bytes: u64::from(arguments.record_max) << 20,
        }),
    };
    let ended = daemon::run(&options);
    said.end(Instant::now() + LAST_WORDS);
    ended?;
    Ok(ExitCode::SUCCESS)
}
