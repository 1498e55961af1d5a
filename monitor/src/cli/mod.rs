//! The command line: one file a command.

mod alerts;
mod check;
mod client;
mod exit;
mod ls;
mod replay;
mod run;
mod watch;

use crate::config::{self, Config, ConfigError, Overrides};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Says when a TCP connection's silence has outlived its path's idle timeout,
/// and what became of the connection then.
#[derive(Debug, Parser)]
#[command(name = "tcplull", version, about)]
struct Cli {
    /// Show the details behind an error, such as the verifier's log.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon.
    Run(run::Arguments),
    /// Findings of a running daemon as they come.
    Watch(client::Arguments),
    /// Connections with both idle clocks, timeout and keepalive, one shot.
    Ls(ls::Arguments),
    /// What works on this machine, and why not.
    Check(check::Arguments),
    /// The alerts that are firing in a running daemon.
    Alerts(client::Arguments),
    /// Judges a recording again, without privileges.
    Replay(replay::Arguments),
}

/// Where the configuration comes from.
#[derive(Args, Clone, Debug)]
struct ConfigArguments {
    /// Configuration file [default: /etc/tcplull/config.toml, which may be absent]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Live inspection socket, in place of the configuration's
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

impl ConfigArguments {
    fn load(&self, mut overrides: Overrides) -> Result<Config, ConfigError> {
        overrides.socket.clone_from(&self.socket);
        Config::load(
            self.config.as_deref(),
            Path::new(config::DEFAULT_FILE),
            &overrides,
        )
    }
}

/// What a command that loads the kernel side must know besides.
#[derive(Args, Clone, Debug)]
struct KernelArguments {
    /// File with this kernel's BTF
    #[arg(long, value_name = "FILE", default_value = monitor_kernel::VMLINUX_BTF)]
    btf: PathBuf,
}

/// A way of watching, as the command line has it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WatchWay {
    /// A program runs on every send and every received segment of the host.
    Global,
    /// The sweep marks sockets that have been silent for a while, and only their
    /// traffic runs a program (Linux 6.12 and later).
    PerSocket,
}

impl From<WatchWay> for monitor_kernel::WatchMode {
    fn from(way: WatchWay) -> Self {
        match way {
            WatchWay::Global => Self::Global,
            WatchWay::PerSocket => Self::PerSocket,
        }
    }
}

/// What a command that attaches hooks must know besides.
#[derive(Args, Clone, Debug)]
struct HookArguments {
    /// Watch by programs on every segment of the host, or only on those of sockets that
    /// have been silent [default: per-socket where the kernel can (6.12 and later)]
    #[arg(long, value_enum, value_name = "WAY")]
    watch: Option<WatchWay>,
    /// Serve a hook by this kind of mechanism alone, such as "send=fentry" (for tests
    /// and support)
    #[arg(long, value_name = "HOOK=MECHANISM", value_delimiter = ',')]
    hooks: Vec<monitor_kernel::HookOverride>,
}

impl HookArguments {
    /// For the daemon with this inspection socket.
    fn options(&self, socket: PathBuf) -> monitor_kernel::HookOptions {
        monitor_kernel::HookOptions {
            watch: self.watch.map(Into::into),
            overrides: self.hooks.clone(),
            socket,
        }
    }
}

/// Flags that state a timeout.
#[derive(Args, Clone, Debug)]
struct TimeoutArgument {
    /// Idle timeout of the default path, such as "4m": no file is needed then
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = config::parse_timeout)]
    timeout: Option<Duration>,
}

/// Flags of the daemon that override its configuration.
#[derive(Args, Clone, Debug)]
struct DaemonArguments {
    /// Address of metrics and health, in place of the configuration's
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Time between two sweeps, such as "5s"
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = config::parse_sweep_interval)]
    sweep_interval: Option<Duration>,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match &cli.command {
        Command::Run(arguments) => run::main(arguments, cli.verbose),
        Command::Watch(arguments) => watch::main(arguments),
        Command::Ls(arguments) => ls::main(arguments),
        Command::Check(arguments) => check::main(arguments, cli.verbose),
        Command::Alerts(arguments) => alerts::main(arguments),
        Command::Replay(arguments) => replay::main(arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => error.report(cli.verbose),
    }
}
