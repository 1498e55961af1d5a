//! Applications that talk over loopback as fast as they can, both ends on one core, in this process.

mod kinds;
mod shared;

use crate::error::BenchError;
pub use kinds::Kind;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::socket::sockopt::IpBindAddressNoPort;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket,
};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use shared::{STUCK, Shared, ready};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::thread::JoinHandleExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A load that stands still until it is told to run. Dropping it ends it.
#[derive(Debug)]
pub struct Load {
    kind: Kind,
    shared: Arc<Shared>,
    client: Option<JoinHandle<io::Result<()>>>,
    server: Option<JoinHandle<io::Result<()>>>,
    clocks: [ClockId; 2],
    address: SocketAddr,
}

/// What a load has done so far.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Exchanges, or bytes for [`Kind::Bulk`].
    pub done: u64,
    /// CPU time of both ends, the kernel's work on their behalf included.
    pub cpu: Duration,
}

impl Reading {
    /// What was done in a second of CPU time since `before`. Both ends share one core, so this is what the application
    /// gets out of it; other programs that want the same core do not change it.
    pub fn per_cpu_second(self, before: Self) -> f64 {
        let done = self.done.saturating_sub(before.done) as f64;
        done / self.cpu.saturating_sub(before.cpu).as_secs_f64()
    }

    /// What was done since `before`.
    pub fn done_since(self, before: Self) -> u64 {
        self.done.saturating_sub(before.done)
    }
}

impl Load {
    /// Both ends of one connection on the last core.
    ///
    /// # Errors
    /// [`BenchError::Lab`] where the two cannot connect.
    pub fn start(kind: Kind) -> Result<Self, BenchError> {
        let failed = || BenchError::io(format!("starting the {} load", kind.name()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let shared = Arc::new(Shared::default());
        let core = last_core();
        let server = spawn("bench-server", {
            let shared = Arc::clone(&shared);
            move || {
                pin(core)?;
                kind.serve(&listener, &shared)
            }
        })
        .map_err(failed())?;
        let client = spawn("bench-client", {
            let shared = Arc::clone(&shared);
            move || {
                pin(core)?;
                let mut stream = None;
                let mut sources = (1..=u8::MAX)
                    .cycle()
                    .map(|last| Ipv4Addr::new(127, 0, 1, last));
                while wait(&shared) {
                    let source = sources.next().unwrap_or(Ipv4Addr::LOCALHOST);
                    kind.exchange(&mut stream, || open(source, address), &shared.done)?;
                }
                Ok(())
            }
        })
        .map_err(failed())?;
        let clocks = [clock_of(&client), clock_of(&server)];
        let [client_clock, server_clock] = clocks;
        Ok(Self {
            kind,
            shared,
            clocks: [
                client_clock.map_err(failed())?,
                server_clock.map_err(failed())?,
            ],
            client: Some(client),
            server: Some(server),
            address,
        })
    }

    /// Lets it run.
    pub fn run(&self) {
        self.shared.running.store(true, Ordering::Release);
        if let Some(client) = &self.client {
            client.thread().unpark();
        }
    }

    /// What it has done so far.
    ///
    /// # Errors
    /// [`BenchError::LoadBroke`] where an end has ended.
    pub fn read(&self) -> Result<Reading, BenchError> {
        let ended = |end: &Option<JoinHandle<_>>| end.as_ref().is_none_or(JoinHandle::is_finished);
        if ended(&self.client) || ended(&self.server) {
            return Err(self.broke("an end of the connection ended"));
        }
        let mut cpu = Duration::ZERO;
        for clock in self.clocks {
            cpu += clock_gettime(clock)
                .map(Duration::from)
                .map_err(|error| BenchError::io("reading the CPU time of a load")(error.into()))?;
        }
        Ok(Reading {
            done: self.shared.done.load(Ordering::Relaxed),
            cpu,
        })
    }

    /// Both readings around `time` of running.
    ///
    /// # Errors
    /// As [`Self::read`], and where nothing moved.
    pub fn stretch(&self, time: Duration) -> Result<(Reading, Reading), BenchError> {
        let before = self.read()?;
        thread::sleep(time);
        let after = self.read()?;
        if after.done == before.done {
            return Err(self.broke("nothing moved"));
        }
        Ok((before, after))
    }

    fn broke(&self, reason: &str) -> BenchError {
        BenchError::LoadBroke {
            what: self.kind.name(),
            reason: reason.to_owned(),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.run();
        for end in [self.client.take(), self.server.take()]
            .into_iter()
            .flatten()
        {
            if !end.is_finished() {
                // For a server that waits for a client: it looks whether it is over. An
                // error says that it does not wait.
                let _ = TcpStream::connect_timeout(&self.address, STUCK);
            }
            // What cuts off the last exchange is no error, and one before it `read` has told.
            let _ = end.join();
        }
    }
}

/// Waits until it may run; `false` when it is to end.
fn wait(shared: &Shared) -> bool {
    while !shared.stopped.load(Ordering::Acquire) {
        if shared.running.load(Ordering::Acquire) {
            return true;
        }
        thread::park();
    }
    false
}

/// A connection from `source`: those that end in TIME_WAIT keep their port for a minute, and each address has as many.
fn open(source: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    // The port is chosen where both ends are known, so that it is taken for these alone.
    setsockopt(&socket, IpBindAddressNoPort, &true)?;
    bind(
        socket.as_raw_fd(),
        &SockaddrStorage::from(SocketAddr::from((source, 0))),
    )?;
    let stream = TcpStream::from(socket);
    // Bounds the wait for the connection, too.
    ready(&stream)?;
    connect(stream.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(stream)
}

fn spawn(
    name: &str,
    work: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> io::Result<JoinHandle<io::Result<()>>> {
    thread::Builder::new().name(name.to_owned()).spawn(work)
}

fn clock_of(thread: &JoinHandle<io::Result<()>>) -> io::Result<ClockId> {
    let mut clock = 0;
    // SAFETY: the thread is not joined yet, and the clock's number is written to a local.
    let answer = unsafe { libc::pthread_getcpuclockid(thread.as_pthread_t(), &raw mut clock) };
    match answer {
        0 => Ok(ClockId::from_raw(clock)),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// The core that loads run on: interrupts prefer the first.
pub fn last_core() -> usize {
    thread::available_parallelism().map_or(0, |cores| cores.get() - 1)
}

/// Keeps the calling thread on one core.
///
/// # Errors
/// The kernel's reason.
pub fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &cores)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_load_moves_and_ends() {
        for kind in Kind::ALL {
            let load = Load::start(kind).unwrap();
            load.run();
            let (before, after) = load.stretch(Duration::from_millis(50)).unwrap();
            assert!(after.done_since(before) > 0, "{kind:?}");
            assert!(after.per_cpu_second(before) > 0.0, "{kind:?}");
        }
    }
}
