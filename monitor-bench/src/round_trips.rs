//! What eBPF programs cost a round trip: one byte there, one byte back, over loopback, so that both ends count.
//!
//! Meant for a virtual machine whose clock counts instructions (QEMU's `-icount shift=0,sleep=off -smp 1`): there a
//! nanosecond is an instruction, and repeats within 0.1 %. Anywhere else it is time, and noise.

use crate::bpf::{Counting, Runs};
use crate::error::BenchError;
use crate::world::World;
use monitor_lab::children::Guarded;
use serde::Serialize;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Round trips before any is counted: caches, and the connection's own ramp-up.
const WARM_UP: u32 = 1_000;

/// How long what runs beside is given to load its programs, in time of the machine.
const SETTLE: Duration = Duration::from_secs(30);

/// How long it may take to end.
const END_WITHIN: Duration = Duration::from_secs(10);

/// What was measured, as one JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// How many round trips in each of the two runs.
    round_trips: u32,
    /// ns a round trip, the kernel's statistics off.
    ns: f64,
    /// Runs of programs in a round trip.
    runs: f64,
    /// ns inside of programs in a round trip, by the kernel's statistics.
    inside_ns: f64,
}

/// Measures `count` round trips, with the program `beside` running, if there is any; and where `silence` is asked for,
/// with a silent connection through a gateway on the host, for which tcplull watches what it else would not. `myself`
/// is this program.
///
/// # Errors
/// If sockets, statistics or the program beside fail.
pub fn measure(
    myself: &Path,
    count: u32,
    silence: bool,
    beside: &[String],
) -> Result<Measured, BenchError> {
    let world = silence.then(|| World::build(myself)).transpose()?;
    let _silent = world.as_ref().map(|world| world.clients(1)).transpose()?;
    let mut other = match beside.split_first() {
        None => None,
        Some((program, arguments)) => Some(start(program, arguments)?),
    };
    let failed = || BenchError::io("making round trips");
    let mut client = connect().map_err(failed())?;
    exchange(&mut client, WARM_UP).map_err(failed())?;

    let begun = Instant::now();
    exchange(&mut client, count).map_err(failed())?;
    let took = begun.elapsed();

    let counting = Counting::begin()?;
    let before = Runs::of_all();
    exchange(&mut client, count).map_err(failed())?;
    let inside = Runs::of_all().since(before);
    drop(counting);

    if let Some(other) = &mut other {
        if let Some(status) = other.ended().map_err(failed())? {
            let ended = io::Error::other(format!("{beside:?} ended ({status})"));
            return Err(failed()(ended));
        }
        other.end(END_WITHIN);
    }
    let each = |ns: u64| ns as f64 / f64::from(count);
    Ok(Measured {
        round_trips: count,
        ns: took.as_secs_f64() * 1e9 / f64::from(count),
        runs: each(inside.count),
        inside_ns: each(inside.time_ns),
    })
}

fn start(program: &str, arguments: &[String]) -> Result<Guarded, BenchError> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    let started = Guarded::start(&mut command)?;
    thread::sleep(SETTLE);
    Ok(started)
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
