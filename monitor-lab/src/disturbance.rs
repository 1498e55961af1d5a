//! What else goes on on a machine: one core kept busy, and connections of others that live, idle and die, some of them
//! badly. Tests and scenarios must hold beside it.

use crate::LabError;
use crate::interrupt::Interrupt;
use crate::network::Network;
use crate::network::middlebox::Middlebox;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::TcpUserTimeout;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Where the foreign server listens.
const PORT: u16 = 8080;

/// How often each connection has its turn.
const TURN: Duration = Duration::from_millis(200);

/// How long a path stays dead, and how long it works before: failing connections meet timeouts meanwhile.
const DEAD: Duration = Duration::from_secs(12);
const WORKS: Duration = Duration::from_secs(8);

/// Of so many connections one is on the path that dies.
const FAILING: usize = 10;

/// After so many ms without an ACK the kernel gives a connection up.
const GIVES_UP_MS: u32 = 6_000;

/// How long opening one may take.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// What the disturbance has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Connections that are open now.
    pub open: usize,
    /// Connections that were opened so far.
    pub opened: u64,
    /// Connections that failed so far.
    pub failed: u64,
}

/// Keeps one core busy, and `connections` alive beside it, until the user wants to stop or `until` has come. `say` is
/// told every few seconds what was done.
///
/// # Errors
/// If the networks cannot be built.
pub fn disturb(
    connections: usize,
    until: Option<Instant>,
    interrupt: &Interrupt,
    mut say: impl FnMut(&Done),
) -> Result<(), LabError> {
    let works = Host::start()?;
    let dies = Host::start()?;
    let over = || interrupt.is_set() || until.is_some_and(|until| Instant::now() >= until);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        for host in [&works, &dies] {
            scope.spawn(|| host.serve(&stop));
        }
        let done = live(connections, [&works, &dies], &over, &mut say);
        stop.store(true, Ordering::Relaxed);
        done
    })
}

/// A network of its own, and the server in it.
struct Host {
    network: Network,
    listener: TcpListener,
    address: SocketAddr,
}

impl Host {
    fn start() -> Result<Self, LabError> {
        let network = Network::build(&Middlebox::Router)?;
        let address = SocketAddr::new(network.server_address(), PORT);
        let listening = LabError::io("listening as a foreign server");
        let listener = network
            .server
            .within(|| TcpListener::bind(address))?
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(listening)?;
        Ok(Self {
            network,
            listener,
            address,
        })
    }

    /// Answers everybody, a turn at a time.
    fn serve(&self, stop: &AtomicBool) {
        let mut held: Vec<TcpStream> = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            while let Ok((stream, _)) = self.listener.accept() {
                if stream.set_nonblocking(true).is_ok() {
                    held.push(stream);
                }
            }
            held.retain_mut(echo);
            thread::sleep(TURN / 4);
        }
    }

    /// A connection to it, if one comes about.
    fn open(&self) -> Result<Option<TcpStream>, LabError> {
        let connect = || TcpStream::connect_timeout(&self.address, OPEN_WITHIN);
        let opened = self.network.client.within(connect)?;
        let ready = |stream: TcpStream| {
            stream.set_nonblocking(true)?;
            setsockopt(&stream, TcpUserTimeout, &GIVES_UP_MS)?;
            Ok(stream)
        };
        // While the path is dead nobody connects.
        Ok(opened.and_then(ready).ok())
    }
}

/// Says back what came; answers whether the connection goes on.
fn echo(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 512];
    match stream.read(&mut bytes) {
        Ok(0) => false,
        Ok(length) => bytes
            .get(..length)
            .is_some_and(|bytes| stream.write_all(bytes).is_ok()),
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// A foreign connection, and what it does.
struct Foreign {
    stream: TcpStream,
    number: usize,
    turns: usize,
}

impl Foreign {
    /// One turn; answers whether it goes on, or an error where it failed.
    fn turn(&mut self) -> std::io::Result<bool> {
        self.turns += 1;
        let mut bytes = [0; 512];
        match self.stream.read(&mut bytes) {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        // A third talks, a third idles for a while, and a third says a word and is gone.
        let (speaks, lives) = match self.number % 3 {
            0 => (true, 500),
            1 => (self.turns.is_multiple_of(60), 300),
            _ => (self.turns == 1, 10),
        };
        if speaks {
            match self.stream.write(b"word") {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        Ok(self.turns < lives)
    }
}

fn live(
    connections: usize,
    [works, dies]: [&Host; 2],
    over: &dyn Fn() -> bool,
    say: &mut impl FnMut(&Done),
) -> Result<(), LabError> {
    let mut done = Done::default();
    let mut open: Vec<Foreign> = Vec::new();
    // Who is gone is followed by one of its kind.
    let mut free: Vec<usize> = (0..connections).collect();
    let (mut dead, mut changes) = (false, Instant::now() + WORKS);
    while !over() {
        if Instant::now() >= changes {
            dead = !dead;
            if dead {
                dies.network.path_dies()?;
            } else {
                dies.network.path_comes_back()?;
            }
            changes = Instant::now() + if dead { DEAD } else { WORKS };
            say(&done);
        }
        let mut later = Vec::new();
        while let Some(number) = free.pop()
            && !over()
        {
            let fails = number.is_multiple_of(FAILING);
            if fails && dead {
                later.push(number);
                continue;
            }
            done.opened += 1;
            match (if fails { dies } else { works }).open()? {
                Some(stream) => open.push(Foreign {
                    stream,
                    number,
                    turns: 0,
                }),
                None => later.push(number),
            }
        }
        free = later;
        let turn = Instant::now();
        open.retain_mut(|foreign| {
            let goes_on = foreign.turn().unwrap_or_else(|_| {
                done.failed += 1;
                false
            });
            if !goes_on {
                free.push(foreign.number);
            }
            goes_on
        });
        done.open = open.len();
        thread::sleep(TURN.saturating_sub(turn.elapsed()));
    }
    Ok(())
}
