//! Memory: the daemon's resident set and what the kernel keeps for it, with very many healthy connections, and with
//! many suspects.

use crate::benchmark::Benchmark;
use crate::bpf;
use crate::context::Context;
use crate::crowd::DONE;
use crate::error::BenchError;
use crate::machine::memory_kib;
use crate::results::{Goal, Outcome, Table};
use crate::watch::Watch;
use crate::world::World;
use monitor_lab::testbed::{Daemon, wait};
use std::thread;
use std::time::Duration;

pub const BENCHMARK: Benchmark = Benchmark {
    name: "memory",
    title: "Memory",
    method: r"
The daemon in the namespace of the crowd, one second after its first sweep (`VmRSS`, and `VmHWM` for the largest it ever
was: the start reads all types of the kernel). Maps are what `/proc/PID/fdinfo` says of each (`memlock`). Suspects are
connections through a gateway that were silent for longer than their path forgives, and then sent a byte to which nobody
answers: they keep their storage for a minute, which hangs on the sockets and is in no map's figure. It is what the
kernel's unreclaimable slabs grew by meanwhile, so anything else that the kernel did then is in it.
",
    tried: r"
With 50,000 suspects the daemon held 221 MiB, then, by one change after the other:

- 155 MiB: all that a sweep's 50,000 rows said was collected before any of it was told, some KiB each, and the allocator
  kept the space. Telling it after every 256 rows mended the sweep's share of it.
- 107 MiB: the judge's table held 856 bytes a place by value, and a tree whose keys come in order is half empty. Places are
  boxed now, silence and gap apart, and connections of one owner share its names.
- 88 MiB: the allocator no longer keeps a sweep's rows (352 bytes each, 65,536 at most) for the next.
- 65 MiB: alerts share their key, signs of a forgery take half the bytes, and what lies free after a sweep goes back where
  it is more than some MiB.
- 62 MiB: what the judge says is told as it is reached, not when it has said all. One look at the time may lead to tens
  of thousands of findings.
- 75 MiB, of 95 that it had grown to since: a gap takes 296 bytes in place of 456 and a connection
  160 in place of 184, for what is seen of few gaps is kept apart, counters are kept twice only where they differ, and
  addresses have no room for what no socket has; a full table of habits no longer doubles when one in it has news; and the
  code of the start goes back.

What is left is the state itself: 296 bytes a gap, 160 a connection, 144 a silence, 65,536 of them at most, and 155 that
alerts keep of each. Counted by `heaptrack` before the last change, in MB: gaps 25.2, connections 11.5 and their tree 2.1,
alerts 7.8, habits 4.0, silences that last 3.2, what is seen of few gaps 2.2, siblings 2.0. Some 5 more lie free between them:
each silence that ended leaves a hole between two connections. Other allocators leave none and take more: the same suspects
were 74 MiB with glibc's, 114 with mimalloc 2.0, 82 to 90 with jemalloc 5.3, and a daemon just started 3, 27 and 17. A sweep's
rows, 26 MB, live only while they are judged, outside the heap: they are in the largest figure and in no other.
32 MiB would leave 15 above a daemon at rest, 310 bytes a connection; what it is, and its counters when the silence ended,
to see what moved since, take 456 before anything is told of it.
Watched per-socket this row fills all: both ends of its connections live on this host, and the servers' ends find places too.

Without suspects 3.0 MiB are memory of its own. The rest is files that are mapped, which goes where memory is short. A start
runs through 9 to 12 MiB of its code and 3 to 5 of its constants (around each page that is touched the kernel maps 15 others),
and a daemon at rest needs 6.7 and 1.1 of them: once it has started it lets go of all and takes back what it uses: 16.3 MiB
with a million healthy sockets in place of 22.4.
4.1 are the ring, 2 MiB that are mapped twice in a row. 2 were libraries; the program that packages hold has these in itself
and takes as much. Among the constants lies the object of the
kernel side: without what only a debugger reads it takes 1.0 MB in place of 5.9.
",
    run,
};

/// The daemon's resident set at most, in MiB, whatever number of healthy connections there is.
const HEALTHY_MIB: f64 = 20.0;
/// The same with 50,000 suspects.
const SUSPECTS_MIB: f64 = 60.0;

/// The path of the connections that become suspects is said to forget after this.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What a daemon takes.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    resident: u64,
    peak: u64,
    maps: u64,
    suspects: f64,
    /// What the kernel's slabs grew by, for suspects only.
    storage: Option<u64>,
}

fn run(context: &Context) -> Result<Option<Outcome>, BenchError> {
    let mut outcome = Outcome::default();
    let mut table = Table::new(
        "The daemon's resident set, and what the kernel holds for it: its maps, and the storage of its suspects.",
        &[
            "watching, among",
            "resident, MiB",
            "largest ever, MiB",
            "maps, MiB",
            "suspects",
            "storage, MiB",
        ],
    );
    let healthy = context.sockets;
    let suspects = if context.quick { 1_000 } else { 50_000 };
    let mut crowded = Vec::new();
    // The largest crowd first: it may be there already.
    for &watch in &context.ways {
        context.progress(&format!("{healthy} healthy sockets, {}", watch.name()));
        let many = context.with_crowd(healthy, |world| among(context, world, watch))?;
        line(
            &mut table,
            watch,
            &format!("{healthy} healthy sockets"),
            many,
        );
        outcome.goals.push(Goal::new(
            format!("resident among {healthy} healthy sockets, {}", watch.name()),
            mib(many.resident),
            HEALTHY_MIB,
            "MiB",
            1,
        ));
        crowded.push(many);
    }
    // Then what needs none, so that it is made once only.
    for (&watch, many) in context.ways.iter().zip(crowded) {
        let none = context.with_crowd(0, |world| among(context, world, watch))?;
        line(&mut table, watch, "none", none);
        let more = many.maps.saturating_sub(none.maps) as f64;
        outcome.goals.push(Goal::new(
            format!("kernel memory of a healthy connection, {}", watch.name()),
            more / f64::from(healthy),
            0.0,
            "bytes",
            0,
        ));
        context.progress(&format!("{suspects} suspects, {}", watch.name()));
        let taken = context.with_crowd(0, |world| suspected(context, world, watch, suspects))?;
        line(&mut table, watch, &format!("{suspects} suspects"), taken);
        outcome.goals.push(Goal::new(
            format!("resident with {suspects} suspects, {}", watch.name()),
            mib(taken.resident),
            SUSPECTS_MIB,
            "MiB",
            1,
        ));
    }
    outcome.tables.push(table);
    Ok(Some(outcome))
}

/// A daemon in the crowd's own namespace, after its first sweep.
fn among(context: &Context, world: &World, watch: Watch) -> Result<Taken, BenchError> {
    world.place().within(|| {
        let mut daemon = context.start(watch, "sweep_interval = \"5s\"")?;
        // Memory that is given back goes a moment later.
        thread::sleep(Duration::from_secs(1));
        let taken = taken(&daemon)?;
        daemon.end(wait::BOUND)?;
        Ok(taken)
    })?
}

/// A daemon that suspects so many: all were silent for longer than their path forgives, and speak.
fn suspected(
    context: &Context,
    world: &World,
    watch: Watch,
    count: u32,
) -> Result<Taken, BenchError> {
    let (mut clients, _servers) = world.clients(count)?;
    let mut daemon = context.start(watch, &world.path(TIMEOUT)?)?;
    context.await_silence((&daemon, watch), count, TIMEOUT)?;
    let before = memory_kib("SUnreclaim");
    for client in &mut clients {
        client.send(count / 5)?;
    }
    for client in &mut clients {
        client.await_word(DONE)?;
    }
    // A sweep with all of them in it, and time for what was in flight.
    context.await_sweeps(&daemon, 2.0)?;
    let storage = memory_kib("SUnreclaim").saturating_sub(before) << 10;
    let mut taken = taken(&daemon)?;
    taken.storage = Some(storage);
    daemon.end(wait::BOUND)?;
    Ok(taken)
}

fn taken(daemon: &Daemon) -> Result<Taken, BenchError> {
    Ok(Taken {
        resident: daemon.memory_kib("VmRSS")? << 10,
        peak: daemon.memory_kib("VmHWM")? << 10,
        maps: bpf::of_process(daemon.pid())?.map_bytes,
        suspects: daemon.metric("suspects", &[])?,
        storage: None,
    })
}

fn line(table: &mut Table, watch: Watch, among: &str, taken: Taken) {
    table.line([
        format!("{}, {among}", watch.name()),
        format!("{:.1}", mib(taken.resident)),
        format!("{:.1}", mib(taken.peak)),
        format!("{:.2}", mib(taken.maps)),
        format!("{:.0}", taken.suspects),
        taken
            .storage
            .map_or("0".to_owned(), |storage| format!("{:.1}", mib(storage))),
    ]);
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
