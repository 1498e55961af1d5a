//! The command line.

mod applications;
mod demo;
mod fleet;
mod page;
mod run;
mod turns;

use clap::{Args, Parser, Subcommand};
use monitor_lab::app::process;
use monitor_lab::ends::End;
use monitor_lab::guest::odd::Oddity;
use monitor_lab::interrupt::Interrupt;
use monitor_lab::network::stale;
use monitor_lab::runner::Tools;
use monitor_lab::simulated_middlebox::{self, Orders};
use monitor_lab::{disturbance, guest, scenarios};
use nix::unistd::geteuid;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, Instant};

/// Exit code: a verdict differs from the truth, or the testbed failed.
const DIFFERS: u8 = 1;
/// Exit code: the command line makes no sense.
const USAGE: u8 = 2;
/// Exit code: the user stopped it.
const INTERRUPTED: u8 = 130;

/// How many stories run at once by default. A story of eleven seconds keeps a core busy
/// for 0.6 s (seen with a debug build), most of that while its daemon starts, so eight
/// leave two cores time to wake everybody when they should.
const JOBS: u16 = 8;

/// How many applications live at once by default: each is several programs that work all the time.
const APPLICATIONS: u16 = 4;

/// Hosts in network namespaces, middleboxes between them, and stories whose
/// truth is known: what does tcplull say about them?
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run one scenario, or all, and compare the verdict with the truth.
    Run(RunArguments),
    /// List the scenarios.
    List,
    /// Let real applications live, without a box, among disturbances, and behind a box, and judge what is said of them.
    Apps(ApplicationsArguments),
    /// Watch tcplull tell the story it was made for, as it happens.
    Demo {
        /// Say where the page is that shows it in a browser, and leave it open at the end until Ctrl-C.
        #[arg(long)]
        page: bool,
        #[command(flatten)]
        under_test: UnderTest,
    },
    /// Keep one core busy and foreign connections living, idling and dying, until Ctrl-C: what tests must hold beside.
    Disturb {
        /// How many connections.
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        connections: u16,
        /// End by itself after so many seconds.
        #[arg(long)]
        seconds: Option<u64>,
    },
    /// Measure what the rules cost a Prometheus with the series of so many nodes, and what a mass event comes to in an
    /// Alertmanager.
    Fleet(fleet::Arguments),
    /// An application on one of the testbed's hosts.
    #[command(hide = true)]
    App {
        /// Which end.
        #[arg(value_parser = end)]
        end: End,
        /// The file of the network namespace to live in.
        #[arg(long)]
        namespace: PathBuf,
        /// Where the server accepts.
        #[arg(long)]
        address: SocketAddr,
    },
    /// A middlebox between the testbed's hosts.
    #[command(hide = true)]
    Box {
        /// What it does, in JSON.
        #[arg(value_parser = orders)]
        orders: Orders,
        /// The file of the network namespace to live in.
        #[arg(long)]
        namespace: PathBuf,
    },
    /// The first process of a virtual machine.
    #[command(hide = true)]
    Guest,
    /// A command on a host that is made an odd one, in a virtual machine.
    #[command(hide = true)]
    Odd {
        /// In which way.
        oddity: Oddity,
        /// The command.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

#[derive(Args)]
struct RunArguments {
    /// The scenarios; all if none is named.
    names: Vec<String>,
    /// Print one JSON object a line on stdout, and nothing else there: one for each
    /// run, and last one with the confusion table, the times and the number of false
    /// findings of all.
    #[arg(long)]
    json: bool,
    /// Write a page with the confusion table to this file, as Markdown.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Run each scenario so many times.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: u32,
    /// Run so many at once. They wait more than they work; two cores are enough for
    /// the default.
    #[arg(long, default_value_t = JOBS, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Keep a recording of each scenario that is right, as a fixture, in this directory.
    #[arg(long, value_name = "DIR", conflicts_with = "repeat")]
    record_to: Option<PathBuf>,
    #[command(flatten)]
    under_test: UnderTest,
    /// Arguments for every `tcplull run`, after `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    daemon: Vec<String>,
}

#[derive(Args)]
struct ApplicationsArguments {
    /// The applications, or one staging of one: NAME/STAGING. All if none is named.
    names: Vec<String>,
    /// Of all, only the quick ones.
    #[arg(long)]
    quick: bool,
    /// Not those, but the settings of docs/settings.md, all or those named: each once set and once not, behind a box.
    #[arg(long, conflicts_with_all = ["quick", "table"])]
    settings: bool,
    /// Print one JSON object a life on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Write the table into this page, in the place of the one that it has.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Let each live so many times.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: u32,
    /// Let so many live at once.
    #[arg(long, default_value_t = APPLICATIONS, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Keep the recording of each life in this directory.
    #[arg(long, value_name = "DIR")]
    record_to: Option<PathBuf>,
    /// Print the names of the applications, and let none live.
    #[arg(long)]
    list: bool,
    /// Print what they are made of, and let none live.
    #[arg(long, conflicts_with = "list")]
    needs: bool,
    #[command(flatten)]
    under_test: UnderTest,
    /// Arguments for every `tcplull run`, after `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    daemon: Vec<String>,
}

#[derive(Args)]
struct UnderTest {
    /// The tcplull to test; by default the one beside this program.
    #[arg(long, value_name = "PATH")]
    tcplull: Option<PathBuf>,
}

/// Parses the command line and does as it says.
pub fn main() -> ExitCode {
    let done = match Command::parse().what {
        What::Run(arguments) => run::run(&arguments),
        What::List => list(),
        What::Apps(arguments) => applications::run(&arguments),
        What::Demo { page, under_test } => demo::demo(&under_test, page),
        What::Disturb {
            connections,
            seconds,
        } => disturb(connections, seconds),
        What::Fleet(arguments) => fleet::fleet(&arguments),
        What::App {
            end,
            namespace,
            address,
        } => process::live(end, &namespace, address)
            .map(|()| ExitCode::SUCCESS)
            .map_err(|error| format!("{}: {error}", end.app())),
        What::Box { orders, namespace } => simulated_middlebox::process::live(&namespace, orders)
            .map(|()| ExitCode::SUCCESS)
            .map_err(|error| format!("the simulated middlebox: {error}")),
        What::Guest => guest::live()
            .map(|()| ExitCode::SUCCESS)
            .map_err(|error| format!("the guest: {error}")),
        What::Odd { oddity, command } => guest::odd::run(oddity, &command)
            .map(code_of)
            .map_err(|error| format!("an odd host: {error}")),
    };
    done.unwrap_or_else(|problem| {
        eprintln!("monitor-lab: {problem}");
        ExitCode::from(DIFFERS)
    })
}

/// The code that a command ended with; one that a signal ended has none of its own.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

fn disturb(connections: u16, seconds: Option<u64>) -> Result<ExitCode, String> {
    if !is_root() {
        return Err("foreign connections need network namespaces: run it as root".to_owned());
    }
    let interrupt =
        Interrupt::on_signals().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    disturbance::disturb(connections.into(), until, &interrupt, |done| {
        println!(
            "{} connections open, {} opened so far, {} failed",
            done.open, done.opened, done.failed
        );
    })
    .map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> Result<ExitCode, String> {
    let mut stdout = io::stdout().lock();
    for scenario in scenarios::ALL {
        writeln!(stdout, "{:22} {}", scenario.name, scenario.about)
            .map_err(|error| format!("cannot write the list: {error}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn end(word: &str) -> Result<End, String> {
    End::BOTH
        .into_iter()
        .find(|end| end.word() == word)
        .ok_or_else(|| "client or server".to_owned())
}

fn orders(text: &str) -> Result<Orders, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Namespaces and programs of the kernel can be made by root only.
fn is_root() -> bool {
    geteuid().is_root()
}

/// Finds the binaries, listens for signals, and removes what a testbed that was killed
/// has left behind.
fn tools(under_test: &UnderTest) -> Result<Tools, String> {
    let lab = std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let tcplull = match &under_test.tcplull {
        Some(path) => path.clone(),
        None => lab.with_file_name("tcplull"),
    };
    if !tcplull.is_file() {
        return Err(format!(
            "there is no {}: build it with `cargo xtask run` or name another with --tcplull",
            tcplull.display()
        ));
    }
    for name in stale::remove() {
        eprintln!("monitor-lab: removed {name}, left behind by a lab that was killed");
    }
    Ok(Tools {
        tcplull,
        lab,
        daemon_arguments: Vec::new(),
        record_to: None,
        page: false,
        interrupt: Interrupt::on_signals()
            .map_err(|error| format!("cannot listen for signals: {error}"))?,
    })
}
