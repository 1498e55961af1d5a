//! Connections within and between network namespaces, held by this process.

use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::network::middlebox::Middlebox;
use monitor_lab::network::namespace::Namespace;
use monitor_lab::testbed::wait::BOUND;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;

/// A client and a server with a router between them that forgets nothing.
pub fn routed() -> Result<Network, Failed> {
    Ok(Network::build(&Middlebox::Router)?)
}

/// Runs `ip` with these space-separated arguments within `host`.
pub fn ip(host: &Namespace, arguments: &str) -> Result<(), Failed> {
    let output = Command::new("ip")
        .args(["-n", host.name()])
        .args(arguments.split(' '))
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!(
            "ip {arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
        .into())
    }
}

/// Listens in `host`.
pub fn listen(host: &Namespace, address: SocketAddr) -> Result<TcpListener, Failed> {
    Ok(host.within(|| TcpListener::bind(address))??)
}

/// Listens on `network`'s server, at the port that [`Pair::across`] has, too.
pub fn serve(network: &Network) -> Result<TcpListener, Failed> {
    listen(&network.server, at(network.server_address(), 5432))
}

/// Both ends of one connection.
pub struct Pair {
    pub client: TcpStream,
    pub server: TcpStream,
}

impl Pair {
    /// Connects the client of `network` to its server; a byte has passed each way.
    pub fn across(network: &Network) -> Result<Self, Failed> {
        let pair = Self::open(&network.client, &serve(network)?)?;
        pair.exchange()?;
        Ok(pair)
    }

    /// Connects from `host` to `listener`, at its own address.
    pub fn open(host: &Namespace, listener: &TcpListener) -> Result<Self, Failed> {
        Self::open_to(host, listener, listener.local_addr()?)
    }

    /// Connects from `host` to `listener`, which `address` leads to.
    pub fn open_to(
        host: &Namespace,
        listener: &TcpListener,
        address: SocketAddr,
    ) -> Result<Self, Failed> {
        let client = host.within(|| TcpStream::connect_timeout(&address, BOUND))??;
        Self::accepted(client, listener)
    }

    /// Connects in this process's own network namespace.
    pub fn open_here(listener: &TcpListener) -> Result<Self, Failed> {
        let client = TcpStream::connect_timeout(&listener.local_addr()?, BOUND)?;
        Self::accepted(client, listener)
    }

    fn accepted(client: TcpStream, listener: &TcpListener) -> Result<Self, Failed> {
        let (server, _) = listener.accept()?;
        for end in [&client, &server] {
            end.set_nodelay(true)?;
            end.set_read_timeout(Some(BOUND))?;
        }
        Ok(Self { client, server })
    }

    /// One byte there and one back.
    pub fn exchange(&self) -> io::Result<()> {
        send(&self.client, &self.server)?;
        send(&self.server, &self.client)
    }

    /// The client's own address.
    pub fn client_address(&self) -> io::Result<SocketAddr> {
        self.client.local_addr()
    }

    /// The server's own address.
    pub fn server_address(&self) -> io::Result<SocketAddr> {
        self.server.local_addr()
    }
}

fn send(mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    from.write_all(b"x")?;
    to.read_exact(&mut [0])
}

/// A socket address of these parts.
pub fn at(address: impl Into<IpAddr>, port: u16) -> SocketAddr {
    SocketAddr::new(address.into(), port)
}
