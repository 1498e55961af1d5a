//! Where the large benchmarks live: a network of the laboratory, and a crowd of healthy connections in its client's
//! namespace. It grows and shrinks with what is asked for, so that benchmarks in a row share it.

use crate::crowd::{self, Hold, Holder, LISTENING, Orders, READY};
use crate::error::BenchError;
use crate::machine::memory_kib;
use ipnet::IpNet;
use monitor_lab::network::Network;
use monitor_lab::network::middlebox::Middlebox;
use monitor_lab::network::namespace::Namespace;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Memory of a pair over loopback in KiB: 9.0 were seen on 6.18 for both sockets with their files.
const PAIR_KIB: u64 = 10;

/// What is left alone, in KiB: other programs live here, too.
const SPARE_KIB: u64 = 2 << 20;

/// The port of the first server.
const PORT: u16 = 5432;

/// A network with a crowd. Dropping it removes both.
#[derive(Debug)]
pub struct World {
    // Dropped in this order: the processes before their namespaces.
    crowd: Vec<(u32, Holder)>,
    network: Network,
    myself: PathBuf,
    started: u32,
}

impl World {
    /// An empty one; `myself` is this program.
    ///
    /// # Errors
    /// [`BenchError::Lab`].
    pub fn build(myself: &Path) -> Result<Self, BenchError> {
        Ok(Self {
            crowd: Vec::new(),
            network: Network::build(&Middlebox::Router)?,
            myself: myself.to_owned(),
            started: 0,
        })
    }

    /// The namespace that the crowd lives in.
    pub fn place(&self) -> &Namespace {
        &self.network.client
    }

    /// The network, for what is done to it.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The prefix of the servers that [`Self::clients`] connect to.
    ///
    /// # Errors
    /// [`BenchError::Lab`] where the laboratory names none.
    pub fn servers(&self) -> Result<IpNet, BenchError> {
        let [_, servers] = self.network.block.prefixes();
        servers.parse().map_err(|error| {
            BenchError::io("reading the laboratory's prefix")(std::io::Error::other(error))
        })
    }

    /// Makes it a crowd of so many sockets, both ends of half as many connections over loopback.
    ///
    /// # Errors
    /// [`BenchError::NoRoom`], and whatever keeps connections from being made.
    pub fn resize(&mut self, sockets: u32) -> Result<(), BenchError> {
        let wanted = sockets / 2;
        while self.pairs() > wanted {
            // Killed and reaped: its sockets are gone.
            self.crowd.pop();
        }
        let missing = wanted - self.pairs();
        let needed = u64::from(missing) * PAIR_KIB;
        let available = memory_kib("MemAvailable").saturating_sub(SPARE_KIB);
        if needed > available {
            return Err(BenchError::NoRoom {
                what: format!("a crowd of {sockets} sockets"),
                needed_mib: needed >> 10,
                available_mib: available >> 10,
            });
        }
        let new = self.crowd.len();
        for pairs in crowd::portions(missing, crowd::PAIRS) {
            self.started += 1;
            let hold = Hold::Pairs {
                address: crowd::loopback(self.started),
                pairs,
            };
            let place = self.network.client.path();
            let holder = self.start(Some(place), hold)?;
            self.crowd.push((pairs, holder));
        }
        for (_, holder) in &mut self.crowd[new..] {
            holder.await_word(READY)?;
        }
        Ok(())
    }

    fn pairs(&self) -> u32 {
        self.crowd.iter().map(|(pairs, _)| pairs).sum()
    }

    /// So many connections from the client's host to the server's, through the middlebox: the processes that hold the
    /// clients' ends, and those that hold the servers'.
    ///
    /// # Errors
    /// Whatever keeps connections from being made.
    pub fn clients(&self, count: u32) -> Result<(Vec<Holder>, Vec<Holder>), BenchError> {
        let (mut clients, mut servers) = (Vec::new(), Vec::new());
        let [client, server] = [&self.network.client, &self.network.server];
        for (port, portion) in (PORT..).zip(crowd::portions(count, crowd::ENDS)) {
            let at = SocketAddr::new(self.network.server_address(), port);
            let hold = Hold::Servers {
                at,
                servers: portion,
            };
            let mut holder = self.start(Some(server.path()), hold)?;
            holder.await_word(LISTENING)?;
            servers.push(holder);
            let hold = Hold::Clients {
                to: at,
                clients: portion,
            };
            clients.push(self.start(Some(client.path()), hold)?);
        }
        for holder in clients.iter_mut().chain(&mut servers) {
            holder.await_word(READY)?;
        }
        Ok((clients, servers))
    }

    /// A configuration that states one path, that to the servers, and sweeps as often as it may.
    ///
    /// # Errors
    /// As [`Self::servers`].
    pub fn path(&self, timeout: Duration) -> Result<String, BenchError> {
        let servers = self.servers()?;
        let ms = timeout.as_millis();
        Ok(format!(
            "sweep_interval = \"1s\"\n[[path]]\nname = \"bench\"\nremote = [\"{servers}\"]\ntimeout = \"{ms}ms\""
        ))
    }

    /// A process that holds `hold`, not waited for.
    ///
    /// # Errors
    /// As [`Holder::start`].
    pub fn start(&self, namespace: Option<PathBuf>, hold: Hold) -> Result<Holder, BenchError> {
        Holder::start(&self.myself, &Orders { namespace, hold })
    }
}
