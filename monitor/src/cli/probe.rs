//! `tcplull probe`: how long connections to a host may be silent, and what becomes of them after that. It needs no daemon and no
//! privileges, and touches no connection but its own.

use super::arguments::Context;
use super::exit::{self, CliError};
use super::help::Help;
use super::output::Output;
use super::remark::remark;
use super::runtime::runtime;
use crate::config::{NamedFile, TlsFiles, parse_web_listen};
use crate::prober::{Bounds, Listener, ProbeError, Prober, Progress, Target};
use clap::Args;
use monitor_model::format::{count, duration};
use monitor_model::probe::{AskedAs, ProbeReport, ProbeResult};
use monitor_probe::{Options, progress, text};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const HELP: Help = Help {
    examples: &[
        (
            "tcplull probe --listen :7777",
            "on the other side of the path",
        ),
        (
            "tcplull probe db.example:7777",
            "the path's timeout, from both sides",
        ),
        (
            "tcplull probe https://web.example/ --up-to 5m",
            "asked as a browser would, by HTTP keep-alive",
        ),
        (
            "tcplull probe tcp://10.0.0.4:9092 --json",
            "by keepalive probes; for scripts",
        ),
    ],
    findings: Some("a silence was not survived"),
};

#[derive(Args, Clone, Debug)]
#[group(skip)]
#[command(after_long_help = HELP.text())]
pub(super) struct Arguments {
    /// HOST:PORT where `tcplull probe --listen` answers, https://HOST/, http://HOST/, postgres://USER@HOST/DATABASE (with
    /// PGPASSWORD), redis://HOST (also HOST:6379), mqtt://HOST (also HOST:1883), or tcp://HOST:PORT for whatever accepts
    /// connections
    #[arg(value_name = "TARGET", required_unless_present = "listen", conflicts_with = "listen", value_parser = Target::parse)]
    target: Option<Target>,
    /// Be the other side: answer on this address, such as ":7777" for every address of this host
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen_address)]
    listen: Option<SocketAddr>,
    /// How long it listens; no silence is longer
    #[arg(long = "for", value_name = "DURATION", default_value = "4h", requires = "listen", value_parser = length)]
    life: Duration,
    /// The shortest silence that is tried
    #[arg(long, value_name = "DURATION", default_value = "1s", conflicts_with = "listen", value_parser = length)]
    from: Duration,
    /// The longest
    #[arg(long, value_name = "DURATION", default_value = "15m", conflicts_with = "listen", value_parser = length)]
    up_to: Duration,
    /// Find also which router on the way forgets, by keepalive probes that live for one hop, two, and so on
    #[arg(long, conflicts_with = "listen")]
    locate: bool,
    /// Connections that are silent side by side, at most [default: 64, and 24 where the other side is not tcplull]
    #[arg(long, value_name = "CONNECTIONS", value_parser = clap::value_parser!(u16).range(1..=256))]
    at_once: Option<u16>,
    /// Certificates of whom to trust to have signed the target's [default: those that this host trusts]
    #[arg(long, value_name = "FILE", requires = "target")]
    ca: Option<PathBuf>,
    /// One JSON object, and nothing of how far it is
    #[arg(long, conflicts_with = "listen")]
    json: bool,
}

/// The longest silence, and the longest time that the other side listens.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The shortest silence: keepalive counts whole seconds.
const SHORTEST: Duration = Duration::from_secs(1);

fn length(text: &str) -> Result<Duration, String> {
    let length = humantime::parse_duration(text.trim());
    let length = length.map_err(|error| format!("{error}; write it as \"15m\""))?;
    match (SHORTEST..=LONGEST).contains(&length) {
        true => Ok(length),
        false => Err("it must lie between 1s and 7d".to_owned()),
    }
}

fn listen_address(text: &str) -> Result<SocketAddr, &'static str> {
    parse_web_listen(text)
        .map_err(|_| "no address to listen on; write it as \":7777\" or \"10.0.0.4:7777\"")
}

pub(super) fn main(arguments: &Arguments, _: Context) -> Result<ExitCode, CliError> {
    let runtime = runtime()?;
    match (&arguments.target, arguments.listen) {
        (Some(target), _) => runtime.block_on(probe(arguments, target)),
        (None, Some(address)) => runtime.block_on(listen(arguments, address)),
        // clap asks for one of them.
        (None, None) => Ok(ExitCode::SUCCESS),
    }
}

async fn listen(arguments: &Arguments, address: SocketAddr) -> Result<ExitCode, CliError> {
    let bounds = Bounds {
        at_once: usize::from(arguments.at_once.unwrap_or(256)),
        life: arguments.life,
    };
    let listener = Listener::bind(address, bounds).await?;
    remark(&format!(
        "tcplull: the other side of a probe, on {}, for {}; {} at once\n",
        listener.address(),
        told(bounds.life),
        count(bounds.at_once as u64, "connection")
    ));
    let served = listener.serve().await;
    remark(&format!(
        "tcplull: {} in {}; no room for {}\n",
        count(served.connections, "connection"),
        told(bounds.life),
        served.refused
    ));
    Ok(ExitCode::SUCCESS)
}

async fn probe(arguments: &Arguments, target: &Target) -> Result<ExitCode, CliError> {
    if arguments.from > arguments.up_to {
        return Err(CliError::Usage(format!(
            "--from {} is longer than --up-to {}",
            told(arguments.from),
            told(arguments.up_to)
        )));
    }
    let ours = target.asked_as() == AskedAs::Tcplull;
    let ca = arguments.ca.as_ref().map(|path| NamedFile {
        key: "--ca",
        path: path.clone(),
        place: "the command line".to_owned(),
    });
    let tls = TlsFiles {
        ca,
        ..TlsFiles::default()
    };
    let keepalive = target.asked_as() != AskedAs::Keepalive;
    if arguments.locate && !keepalive {
        return Err(CliError::Usage(
            "--locate takes a target that is asked more than keepalive probes, not tcp://"
                .to_owned(),
        ));
    }
    let mut prober = Prober::new(target.clone(), &tls, arguments.up_to).await?;
    let routers = match arguments.locate {
        true => prober.locate().await?,
        false => 0,
    };
    let at_once = arguments.at_once.unwrap_or(if ours { 64 } else { 24 });
    let options = Options {
        from: arguments.from,
        up_to: arguments.up_to,
        at_once: usize::from(at_once),
        outside: ours,
        keepalive,
        routers,
    };
    if !arguments.json {
        let address = prober.address();
        let there = match target.to_string() {
            target if target == address.to_string() => target,
            target => format!("{target} ({address})"),
        };
        remark(&format!(
            "tcplull: {there} answers; silences from {} to {}, side by side\n",
            told(options.from),
            told(options.up_to)
        ));
    }
    let mut shown = Shown::default();
    let report = prober.run(options, |progress| {
        if !arguments.json {
            shown.show(progress);
        }
    });
    ended(&report.await, arguments.json)
}

fn ended(report: &ProbeReport, json: bool) -> Result<ExitCode, CliError> {
    let said = matches!(report.result, ProbeResult::Survives | ProbeResult::Forgets);
    if said || json {
        let output = Output {
            json,
            header: String::new(),
            line: text,
        };
        output.row(report)?;
    }
    match said {
        true => Ok(exit::code(report.result == ProbeResult::Forgets)),
        false => Err(ProbeError::NoTimeout(report.summary.clone()).into()),
    }
}

/// What was shown last of how far a probe is.
#[derive(Default)]
struct Shown {
    words: String,
    at: Duration,
}

impl Shown {
    /// The pause between two lines where something new is known.
    const NEWS: Duration = Duration::from_secs(1);
    /// The same where nothing is.
    const AGAIN: Duration = Duration::from_secs(30);

    fn show(&mut self, now: &Progress<'_>) {
        let words = progress(now.planner);
        let pause = if words == self.words {
            Self::AGAIN
        } else {
            Self::NEWS
        };
        if now.passed < self.at + pause {
            return;
        }
        remark(&format!(
            "{:>7}  {words}; {} left at most\n",
            told(now.passed),
            told(now.left)
        ));
        self.words = words;
        self.at = now.passed;
    }
}

fn told(length: Duration) -> String {
    duration(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_within_their_bounds() {
        assert_eq!(length("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(length(" 1s "), Ok(SHORTEST));
        for none in ["", "-1s", "0s", "900ms", "8d", "soon"] {
            assert!(length(none).is_err(), "{none}");
        }
    }
}
