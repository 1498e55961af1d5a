//! What eBPF programs cost a round trip: one byte there, one byte back, over loopback, so that both ends count.
//!
//! Meant for a virtual machine whose clock counts instructions (QEMU's `-icount shift=0,sleep=off -smp 1`): there a
//! nanosecond is an instruction, and repeats within 0.1 %. Anywhere else it is time, and noise.

use monitor_lab::children::Guarded;
use monitor_lab::network::Network;
use monitor_lab::network::middlebox::Middlebox;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The kernel's switch for counting runs of programs and the time in them.
const STATISTICS: &str = "/proc/sys/kernel/bpf_stats_enabled";

/// Round trips before any is counted: caches, and the connection's own ramp-up.
const WARM_UP: u32 = 1_000;

/// How long what runs beside is given to load its programs, in time of the machine.
const SETTLE: Duration = Duration::from_secs(30);

/// The port of the silent connection: PostgreSQL's, whose pools are silent for long.
const SILENT_PORT: u16 = 5432;

/// How long it may take to end.
const END_WITHIN: Duration = Duration::from_secs(10);

/// What was measured, as one JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// How many round trips in each of the two runs.
    pub round_trips: u32,
    /// ns a round trip, the kernel's statistics off.
    pub ns: f64,
    /// Runs of programs in a round trip.
    pub runs: f64,
    /// ns inside of programs in a round trip, by the kernel's statistics.
    pub inside_ns: f64,
    /// Each program that ran, by its id.
    pub programs: BTreeMap<u32, Share>,
}

/// What one program did in a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// Runs.
    pub runs: f64,
    /// ns inside.
    pub ns: f64,
}

/// Measures `count` round trips, with the program `beside` running, if there is any;
/// and where `silence` is asked for, with a silent connection through a gateway on the
/// host, for which tcplull watches what it else would not.
///
/// # Errors
/// If sockets, statistics or the program beside fail.
pub fn measure(count: u32, silence: bool, beside: &[String]) -> io::Result<Measured> {
    let _silent = silence.then(Silent::open).transpose()?;
    let mut other = match beside.split_first() {
        None => None,
        Some((program, arguments)) => Some(start(program, arguments)?),
    };
    let mut client = connect()?;
    exchange(&mut client, WARM_UP)?;

    set_statistics(false)?;
    let begun = Instant::now();
    exchange(&mut client, count)?;
    let took = begun.elapsed();

    set_statistics(true)?;
    let before = totals()?;
    exchange(&mut client, count)?;
    let after = totals()?;
    set_statistics(false)?;

    if let Some(other) = &mut other {
        if let Some(status) = other.ended()? {
            return Err(io::Error::other(format!("{beside:?} ended ({status})")));
        }
        other.end(END_WITHIN);
    }
    let programs = shares(&before, &after, count);
    Ok(Measured {
        round_trips: count,
        ns: took.as_secs_f64() * 1e9 / f64::from(count),
        runs: programs.values().map(|share| share.runs).sum(),
        inside_ns: programs.values().map(|share| share.ns).sum(),
        programs,
    })
}

fn start(program: &str, arguments: &[String]) -> io::Result<Guarded> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    let started = Guarded::start(&mut command).map_err(io::Error::other)?;
    thread::sleep(SETTLE);
    Ok(started)
}

/// A connection through a gateway on which nothing is said.
struct Silent {
    // Dropped in this order: the ends before their hosts.
    _ends: [TcpStream; 2],
    _network: Network,
}

impl Silent {
    fn open() -> io::Result<Self> {
        let network = Network::build(&Middlebox::Router).map_err(io::Error::other)?;
        let at = SocketAddr::new(network.server_address(), SILENT_PORT);
        let listener = network
            .server
            .within(|| TcpListener::bind(at))
            .map_err(io::Error::other)??;
        let client = network
            .client
            .within(|| TcpStream::connect(at))
            .map_err(io::Error::other)??;
        let (server, _) = listener.accept()?;
        Ok(Self {
            _ends: [client, server],
            _network: network,
        })
    }
}

/// A connection whose other end answers each byte with a byte.
fn connect() -> io::Result<TcpStream> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> io::Result<()> {
        let (mut server, _) = listener.accept()?;
        server.set_nodelay(true)?;
        let mut byte = [0];
        while server.read(&mut byte)? > 0 {
            server.write_all(&byte)?;
        }
        Ok(())
    });
    let client = TcpStream::connect(address)?;
    client.set_nodelay(true)?;
    Ok(client)
}

fn exchange(client: &mut TcpStream, count: u32) -> io::Result<()> {
    let mut byte = [0];
    for _ in 0..count {
        client.write_all(b"x")?;
        client.read_exact(&mut byte)?;
    }
    Ok(())
}

fn set_statistics(on: bool) -> io::Result<()> {
    fs::write(STATISTICS, if on { "1" } else { "0" })
        .map_err(|error| io::Error::other(format!("cannot write {STATISTICS}: {error}")))
}

/// What the kernel has counted of each program so far: runs and ns.
type Totals = BTreeMap<u32, (u64, u64)>;

/// Of all programs that any process holds open.
fn totals() -> io::Result<Totals> {
    let mut totals = Totals::new();
    for process in fs::read_dir("/proc")?.flatten() {
        // Only processes have it, and one may end while it is looked at.
        let Ok(files) = fs::read_dir(process.path().join("fdinfo")) else {
            continue;
        };
        for file in files.flatten() {
            let text = fs::read_to_string(file.path()).unwrap_or_default();
            if let Some((id, total)) = program_in(&text) {
                totals.insert(id, total);
            }
        }
    }
    Ok(totals)
}

/// Id, runs and ns in the text of a program's descriptor (`bpf_prog_show_fdinfo` in kernel/bpf/syscall.c).
fn program_in(text: &str) -> Option<(u32, (u64, u64))> {
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(name, _)| *name == key)?;
        value.trim().parse::<u64>().ok()
    };
    let id = u32::try_from(value("prog_id")?).ok()?;
    Some((id, (value("run_cnt")?, value("run_time_ns")?)))
}

/// What each program did between two readings, by round trip. One that did nothing is left out.
fn shares(before: &Totals, after: &Totals, count: u32) -> BTreeMap<u32, Share> {
    let each = |total: u64| total as f64 / f64::from(count);
    after
        .iter()
        .filter_map(|(id, (runs, ns))| {
            let (runs_before, ns_before) = before.get(id).copied().unwrap_or_default();
            let runs = runs.saturating_sub(runs_before);
            let ns = ns.saturating_sub(ns_before);
            (runs > 0).then(|| {
                let share = Share {
                    runs: each(runs),
                    ns: each(ns),
                };
                (*id, share)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_descriptor_and_other_files_are_none() {
        let text = "pos:\t0\nflags:\t02000002\nprog_type:\t26\nprog_id:\t7\nrun_time_ns:\t4200\nrun_cnt:\t42\n";
        assert_eq!(program_in(text), Some((7, (42, 4200))));
        assert_eq!(program_in("pos:\t0\nflags:\t0100002\n"), None);
    }

    #[test]
    fn only_what_was_done_between_the_readings_counts() {
        let before = Totals::from([(1, (10, 1_000)), (2, (5, 500))]);
        let after = Totals::from([(1, (30, 5_000)), (2, (5, 500)), (3, (20, 100))]);
        let shares = shares(&before, &after, 10);
        assert_eq!(
            shares[&1],
            Share {
                runs: 2.0,
                ns: 400.0
            }
        );
        assert_eq!(
            shares[&3],
            Share {
                runs: 2.0,
                ns: 10.0
            }
        );
        assert!(!shares.contains_key(&2));
    }
}
