//! The history: what it costs to keep a thousand findings a minute on disk, and to look back.

use crate::benchmark::Benchmark;
use crate::context::Context;
use crate::error::BenchError;
use crate::machine::{own_cpu, own_memory_kib};
use crate::results::{Goal, Outcome, Table};
use monitor_model::finding::Finding;
use monitor_model::format::json_line;
use monitor_store::{
    Backwards, BootId, Filter, Forwards, Kind, Kinds, Moment, Range, Settings, Writer,
};
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

pub const BENCHMARK: Benchmark = Benchmark {
    name: "history",
    title: "The history",
    method: r"
What the thread that keeps the history does for a thousand findings a minute, an hour of them in a row: each is written
as JSON, packed and appended, with a clock that goes a minute for each thousand, to files of 64 MiB at the most, the
default, in the temporary folder. CPU time is that of the process, memory what its resident set grew by (`VmRSS`). Then
the last two hours are read as `watch --since 2h` will have to read them, and the last ten records from the end.
",
    tried: r"
Packing each record by itself with LZ4 leaves 76 % of it, packing it with a known text of typical findings before it
29 % (395 findings of the kept recordings). Packing many at once would leave less, but then a process that is killed
loses them all, or each is written twice.
",
    run,
};

/// Of a core at most, in percent, and of memory, in MiB.
const SHARE: f64 = 1.0;
const MEMORY_MIB: f64 = 8.0;

/// Findings a minute.
const RATE: u64 = 1_000;

const MINUTE: Duration = Duration::from_secs(60);

/// A finding as a daemon tells it: addresses and numbers are those of no host.
const FINDING: &str = r#"{"time":"2026-01-31T12:00:00.123Z","kind":"outcome","outcome":"blackholed","certainty":"observed","severity":"page","gap_seconds":270.1,"timeout_seconds":240.0,"path":"internet","clock":"packets","connection":{"id":"1f-5927112a-f2bfbfb6","flow_id":"5927112a-f2bfbfb6","family":"ipv4","local":"192.0.2.7:43210","remote":"198.51.100.9:5432","netns":4026531840,"role":"client"},"owner":{"pid":1234,"uid":998,"comm":"api","unit":"api.service","container":null,"pod":null,"cgroup":"/system.slice/api.service"},"evidence":[{"fact":"timeouts","value":3},{"fact":"unanswered_probes","value":0},{"fact":"ack_progress_bytes","value":0},{"fact":"segments_received","value":0},{"fact":"unacknowledged_bytes","value":412},{"fact":"seconds_without_ack","value":1.448},{"fact":"keepalive","value":false},{"fact":"user_timeout_seconds","value":0.0},{"fact":"gap_ended_by","value":"send"},{"fact":"preceding_silence_seconds","value":270.1},{"fact":"siblings_moving","value":7},{"fact":"siblings_failing","value":0}],"advice":"keepalive is off, the path forgets after 240 s: set SO_KEEPALIVE with TCP_KEEPIDLE of at most 180 s, and TCP_USER_TIMEOUT, or the application hangs for about 15 min","settings":"docs/settings.md#postgresql-libpq-and-psycopg","summary":"api (pid 1234) → 198.51.100.9:5432: 4m30s of silence crossed internet's 4m; 3 timeouts, no ACK since"}"#;

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let place = tempfile::tempdir().map_err(BenchError::io("making a folder"))?;
    let dir = place.path().join("history");
    let minutes = if context.quick { 6 } else { 60 };
    let finding: Finding = serde_json::from_str(FINDING).map_err(failed("reading a finding"))?;
    let settings = Settings {
        dir: dir.clone(),
        max_bytes: 64 << 20,
        max_age: None,
    };
    let (cpu, memory) = (own_cpu()?, own_memory_kib("VmRSS"));
    let mut writer = Writer::open(settings, &at(Duration::ZERO)).map_err(failed("opening it"))?;
    for number in 0..RATE * minutes {
        context.go_on()?;
        let now = at(MINUTE.mul_f64(number as f64 / RATE as f64));
        let mut finding = finding.clone();
        finding.connection.id = format!("{number:x}-5927112a-f2bfbfb6");
        finding.owner.pid = Some(1_000 + (number % 50) as u32);
        let text = json_line(&finding).map_err(failed("writing a finding"))?;
        writer
            .append(Kind::Finding, &text, &now)
            .map_err(failed("keeping a finding"))?;
    }
    let cpu = own_cpu()?.saturating_sub(cpu).as_secs_f64();
    let grown = own_memory_kib("VmRSS").saturating_sub(memory) as f64 / 1_024.0;
    let stats = writer.stats();
    let end = at(MINUTE * minutes as u32);
    let (two_hours, all) = timed(|| forwards(&dir, end))?;
    let (last_ten, _) = timed(|| last(&dir))?;
    let mut table = Table::new(
        format!(
            "{RATE} findings a minute for {minutes} minutes, and how long it takes to look back."
        ),
        &[
            "records",
            "on disk, MiB",
            "bytes each",
            "CPU, s",
            "memory, MiB",
            "all, ms",
            "the last ten, ms",
        ],
    );
    table.line([
        all.to_string(),
        format!("{:.1}", stats.bytes as f64 / 1_048_576.0),
        format!("{:.0}", stats.bytes as f64 / all.max(1) as f64),
        format!("{cpu:.2}"),
        format!("{grown:.1}"),
        format!("{:.0}", two_hours.as_secs_f64() * 1e3),
        format!("{:.1}", last_ten.as_secs_f64() * 1e3),
    ]);
    let share = cpu / (MINUTE * minutes as u32).as_secs_f64() * 100.0;
    Ok(Some(Outcome {
        goals: vec![
            Goal::new(
                "keeping 1,000 findings a minute",
                share,
                SHARE,
                "% of a core",
                3,
            ),
            Goal::new("memory for it", grown, MEMORY_MIB, "MiB", 1),
        ],
        tables: vec![table],
    }))
}

/// So long after a boot.
fn at(after: Duration) -> Moment {
    let ns = u64::try_from(after.as_nanos()).unwrap_or(u64::MAX);
    Moment {
        wall_unix_ns: 1_798_761_600_000_000_000_i64.saturating_add_unsigned(ns),
        boot_ns: ns,
        boot_id: BootId([1; 16]),
    }
}

fn forwards(dir: &Path, now: Moment) -> Result<u64, BenchError> {
    let filter = Filter {
        range: Range::since(7_200_000_000_000, now),
        kinds: Kinds::ALL,
    };
    let records = Forwards::open(dir, filter).map_err(failed("reading it"))?;
    let mut count = 0;
    for record in records {
        record.map_err(failed("reading it"))?;
        count += 1;
    }
    Ok(count)
}

fn last(dir: &Path) -> Result<u64, BenchError> {
    let records = Backwards::open(dir, Filter::ALL).map_err(failed("reading it"))?;
    Ok(records.take(10).count() as u64)
}

fn timed(work: impl FnOnce() -> Result<u64, BenchError>) -> Result<(Duration, u64), BenchError> {
    let begun = Instant::now();
    let count = work()?;
    Ok((begun.elapsed(), count))
}

/// An error of the history as one of the benchmark.
fn failed<E: Display>(what: &'static str) -> impl Fn(E) -> BenchError {
    move |error| BenchError::io(what)(io::Error::other(error.to_string()))
}
