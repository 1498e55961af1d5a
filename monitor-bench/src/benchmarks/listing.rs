//! A list of very many connections, from the daemon's sweep to the last line of `tcplull ls`.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::results::{Goal, Outcome, Table};
use crate::stats::{Summary, shown};
use crate::watch::Watch;
use monitor_lab::testbed::{Daemon, wait};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "listing",
    title: "A list of all connections",
    method: r"
`tcplull ls` of a running daemon, among healthy connections over loopback of which both ends are listed; its output is a
pipe that is read at once. From the start of the process to its first line and to its last, as a table, as JSON, and with
a filter that takes none. What it asks for is swept, judged, written as JSON, sent over the inspection socket and read
again, by two processes at a time.
",
    tried: r"
A list of a million waits for processors: as a table it took 9.5 s of CPU time (the daemon 6.7, the command 2.8), which two
cores share. By one change after the other it became 7.4 (5.2 and 2.2). The set of connections that the sweep has come by
missed the cache with each of them: a bit for each, by their cookies, took 0.5 s off. Rows are told, read and laid out
with the texts of others, and not with a dozen of their own each. Rows wait unpacked where the reader is close behind.
What is left of the daemon's is the sweep for more than half, a third of that the second pass, over the table of
connections, which shows what no process holds; then writing JSON. That pass handed on what the first had shown once more:
now the kernel side knows which connections those are, half of what was read of a sweep is left, and 4.9 s became 3.8.
",
    run,
};

/// A list of a million at most, in seconds.
const SECONDS: f64 = 5.0;

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    let mut table = Table::new(
        "`tcplull ls` among so many sockets.",
        &[
            "sockets",
            "how",
            "lines",
            "first line, ms",
            "all, ms",
            "the daemon's CPU time, ms",
        ],
    );
    for size in [1_000_000, 100_000] {
        if size > context.sockets {
            continue;
        }
        context.progress(&format!("{size} sockets"));
        let measured = context.with_crowd(size, |world| {
            world.place().within(|| {
                let mut daemon = context.start(Watch::PerSocket, "sweep_interval = \"60s\"")?;
                let times = context.times(3, 1);
                let measured = HOW
                    .iter()
                    .map(|(how, flags)| Ok((*how, lists(context, &daemon, flags, times)?)))
                    .collect::<Result<Vec<_>, BenchError>>()?;
                daemon.end(wait::BOUND)?;
                Ok::<_, BenchError>(measured)
            })?
        })?;
        for (how, lists) in measured {
            let of = |what: fn(&Listed) -> Duration| {
                Summary::of(lists.iter().map(|list| what(list).as_secs_f64() * 1e3))
            };
            let all = of(|list| list.all);
            table.line([
                size.to_string(),
                how.to_owned(),
                lists.last().map_or(0, |list| list.lines).to_string(),
                shown(of(|list| list.first), 0),
                shown(all, 0),
                shown(of(|list| list.cpu), 0),
            ]);
            if size == 1_000_000 {
                outcome.goals.push(Goal::new(
                    format!("`ls` of {size} connections, {how}"),
                    all.map(|all| all.median / 1e3),
                    SECONDS,
                    "s",
                    2,
                ));
            }
        }
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}

/// How it is asked for.
const HOW: [(&str, &[&str]); 3] = [
    ("as a table", &[]),
    ("as JSON", &["--json"]),
    ("filtered to none", &["--state", "crossed"]),
];

/// One list.
struct Listed {
    first: Duration,
    all: Duration,
    cpu: Duration,
    lines: usize,
}

fn lists(
    context: &Context,
    daemon: &Daemon,
    flags: &[&str],
    times: usize,
) -> Result<Vec<Listed>, BenchError> {
    let one = || -> Result<Listed, BenchError> {
        context.go_on()?;
        let failed = || BenchError::io("running `tcplull ls`");
        let (before, begun) = (daemon.cpu()?, Instant::now());
        let mut child = Command::new(&context.tcplull)
            .args(["ls", "--socket"])
            .arg(daemon.place().socket())
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed())?;
        let (mut first, mut lines) = (None, 0);
        if let Some(mut stdout) = child.stdout.take() {
            let mut part = vec![0; 1 << 16];
            loop {
                let read = stdout.read(&mut part).map_err(failed())?;
                if read == 0 {
                    break;
                }
                first.get_or_insert_with(|| begun.elapsed());
                lines += part[..read].iter().filter(|byte| **byte == b'\n').count();
            }
        }
        let status = child.wait().map_err(failed())?;
        let all = begun.elapsed();
        // 1: one of those that are shown is wrong, which is not asked here.
        if !matches!(status.code(), Some(0 | 1)) {
            let ended = std::io::Error::other(format!("it ended with {status}"));
            return Err(failed()(ended));
        }
        Ok(Listed {
            first: first.unwrap_or(all),
            all,
            cpu: daemon.cpu()?.saturating_sub(before),
            lines,
        })
    };
    (0..times).map(|_| one()).collect()
}
