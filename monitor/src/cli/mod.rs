//! The command line: one file a command, and one line in `commands!`.

mod alerts;
mod answerer;
mod arguments;
mod before;
mod check;
mod client;
mod color;
mod completions;
mod cut;
mod exit;
mod explain;
mod filters;
mod heal;
mod help;
mod host;
mod listed;
mod ls;
mod man;
mod notifications;
mod output;
mod page;
mod past;
mod past_error;
mod paths;
mod probe;
mod remark;
mod replay;
mod report;
mod run;
mod runtime;
mod self_test;
mod self_test_error;
mod show;
mod snapshot;
mod top;
mod version;
mod watch;
mod wrong;

use arguments::Context;
use clap::{Parser, Subcommand};
use exit::CliError;
use help::Help;
use std::process::ExitCode;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull ls --timeout 4m",
            "which connections would outlive a NAT that forgets after 4 minutes",
        ),
        (
            "tcplull run --timeout 4m",
            "the daemon: watches them, says what becomes of them",
        ),
        ("tcplull watch", "what it finds, as it comes"),
        ("tcplull alerts", "what fires"),
        ("tcplull check --self-test", "whether it works on this host"),
    ],
    findings: Some("something is"),
};

/// Says when a TCP connection's silence has outlived its path's idle timeout,
/// and what became of the connection then.
#[derive(Debug, Parser)]
#[command(name = "tcplull", version, long_version = version::LONG.as_str(), about, after_long_help = HELP.text())]
struct Cli {
    /// Show the details behind an error, such as the verifier's log.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

/// Each command with its help and its file.
macro_rules! commands {
    ($($(#[$help:meta])* $name:ident = $file:ident;)*) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($(#[$help])* $name($file::Arguments),)*
        }

        impl Command {
            fn run(&self, context: Context) -> Result<ExitCode, CliError> {
                match self {
                    $(Self::$name(arguments) => $file::main(arguments, context),)*
                }
            }
        }
    };
}

commands! {
    /// The daemon.
    Run = run;
    /// Findings as they come, and with --since those that were found before.
    ///
    /// A running daemon is asked; a scope chooses among what it tells. Where none runs, or a timeout is stated here, this command
    /// watches by itself for as long as it runs, and leaves nothing behind.
    Watch = watch;
    /// Connections with both idle clocks, timeout and keepalive, one shot.
    ///
    /// A running daemon is asked, so that its paths apply. Where none runs, or a timeout or a scope is stated here, this command
    /// looks for itself.
    Ls = ls;
    /// All of that on a terminal, live: connections, suspects first, alerts, paths, and the daemon itself.
    ///
    /// A running daemon is asked every two seconds, or more seldom where its answers take long. Where none runs, or a timeout or a
    /// scope is stated here, this command watches by itself for as long as it runs, and leaves nothing behind.
    Top = top;
    /// One connection whole: verdict, evidence explained, numbers, what happened on it, what to run next.
    Show = show;
    /// What works on this machine, and why not.
    Check = check;
    /// Alerts: pending, firing, and lately over; with --at those of another time.
    ///
    /// A running daemon is asked. Where none runs, or a timeout is stated here, this command looks at all connections once, and
    /// shows what that alone comes to.
    Alerts = alerts;
    /// Ends exactly these connections: all that are in an alert now, or one by its id.
    Cut = cut;
    /// What [path.heal] would set on which sockets, and how all of it is undone.
    Heal = heal;
    /// How long connections to a host may be silent, and what becomes of them then.
    ///
    /// Connections side by side are silent, each for longer than the one before it, and then see whether they are still there; so a
    /// timeout is found within 5 %, in about three times its own length. Beside each that is not answered a new connection says
    /// whether the path is dead. Best against --listen on the other side, which tells what it saw; any server that keeps
    /// connections will do. It needs no daemon and no privileges, and touches no connection but its own.
    Probe = probe;
    /// Which path and rules would apply to a connection, and why.
    Explain = explain;
    /// Each path: the timeout that is stated, what was learned of it, and its preset.
    ///
    /// Learned is what connections lived through: a silence that was survived, and deaths by the path. A running daemon is
    /// asked.
    Paths = paths;
    /// What was found in some time, for an incident: by path, owner and alert, and what was not seen.
    Report = report;
    /// What a ticket needs of this host, in one file that every command opens with --from.
    Snapshot = snapshot;
    /// The page in a browser, of what a snapshot has.
    Page = page;
    /// Judges a recording again, without privileges.
    Replay = replay;
    /// What a shell needs to complete these commands.
    Completions = completions;
    /// Manual pages, for packages.
    #[command(hide = true)]
    Man = man;
    /// Client, server and box of `check --self-test`.
    #[command(hide = true)]
    SelfTestWorld = self_test;
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = Context {
        verbose: cli.verbose,
    };
    match cli.command.run(context) {
        Ok(code) => code,
        Err(error) => error.report(cli.verbose),
    }
}
