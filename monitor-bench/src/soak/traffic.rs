//! Connections that come and go, and the network namespaces that some of them live in.

use super::Work;
use crate::error::BenchError;
use crate::world::World;
use monitor_lab::network::namespace::Namespace;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::Linger;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Connections that fall silent in a round, and those that are short.
const SILENT: usize = 8;
const SHORT: usize = 100;
const ROUND: Duration = Duration::from_secs(1);

/// For how long they are silent: past their path's timeout.
const SILENCE: Duration = Duration::from_secs(4);

/// Of namespaces there are so many at a time, each for as many rounds.
const NAMESPACES: usize = 5;

/// Where the servers listen: not where those of other benchmarks do.
const PORT: u16 = 7_000;

/// How long anything about a connection may take.
const WITHIN: Duration = Duration::from_secs(30);

/// Opens, leaves and ends connections between the world's hosts; answers how many.
pub fn churn(world: &World, work: &Work) -> Result<u64, BenchError> {
    let network = world.network();
    let address = SocketAddr::new(network.server_address(), PORT);
    let listener = network.server.within(|| TcpListener::bind(address))?;
    let listener = listener.map_err(failed("listening"))?;
    let lives = || {
        let (mut silent, mut half_closed) = (VecDeque::new(), Vec::new());
        let mut opened = 0;
        while !work.ends() {
            let round = Instant::now();
            for _ in 0..SHORT {
                Pair::open(&listener)?;
            }
            for number in 0..SILENT {
                silent.push_back((Instant::now(), number, Pair::open(&listener)?));
            }
            opened += (SHORT + SILENT) as u64;
            let due = silent
                .partition_point(|(since, ..): &(Instant, usize, Pair)| since.elapsed() >= SILENCE);
            // Those of the round before have been half closed for long enough.
            half_closed.clear();
            for (_, number, pair) in silent.drain(..due) {
                half_closed.extend(pair.ends(number)?);
            }
            work.rest(ROUND.saturating_sub(round.elapsed()));
        }
        Ok(opened)
    };
    network
        .client
        .within(|| lives().map_err(failed("churning")))?
}

/// Makes a namespace each second, with a connection in it that falls silent, and takes it away again; answers how many.
pub fn namespaces(work: &Work) -> Result<u64, BenchError> {
    let mut there = VecDeque::new();
    let mut made: u32 = 0;
    while !work.ends() {
        let namespace = Namespace::create(made, "soak")?;
        made += 1;
        let pair = namespace.within(|| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            Pair::open(&listener)
        })?;
        there.push_back((
            pair.map_err(failed("connecting in a namespace"))?,
            namespace,
        ));
        if there.len() > NAMESPACES {
            there.pop_front();
        }
        work.rest(ROUND);
    }
    Ok(u64::from(made))
}

/// Both ends of a connection, on which a byte has passed each way.
struct Pair {
    client: TcpStream,
    server: TcpStream,
}

impl Pair {
    /// In the calling thread's namespace.
    fn open(listener: &TcpListener) -> io::Result<Self> {
        let client = TcpStream::connect_timeout(&listener.local_addr()?, WITHIN)?;
        let (server, _) = listener.accept()?;
        for end in [&client, &server] {
            end.set_nodelay(true)?;
            end.set_read_timeout(Some(WITHIN))?;
        }
        let pair = Self { client, server };
        pair.exchange()?;
        Ok(pair)
    }

    fn exchange(&self) -> io::Result<()> {
        for (mut from, mut to) in [(&self.client, &self.server), (&self.server, &self.client)] {
            from.write_all(b"x")?;
            to.read_exact(&mut [0])?;
        }
        Ok(())
    }

    /// In one of four ways; answers what is left of it.
    fn ends(self, number: usize) -> io::Result<Option<Self>> {
        match number % 4 {
            // It is answered.
            0 => self.exchange()?,
            // It is reset.
            1 => {
                let at_once = libc::linger {
                    l_onoff: 1,
                    l_linger: 0,
                };
                setsockopt(&self.server, Linger, &at_once)?;
            }
            // It is closed from one end.
            2 => {
                self.client.shutdown(Shutdown::Write)?;
                return Ok(Some(self));
            }
            // It goes without a word.
            _ => {}
        }
        Ok(None)
    }
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> BenchError {
    move |error| BenchError::io(what)(error)
}
