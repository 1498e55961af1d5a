//! Two hosts and the middlebox between them, each in a network namespace:
//!
//! ```text
//! client  eth0 ─── lan  middlebox  wan ─── eth0  server
//! 198.18.B.2   198.18.B.1    198.19.B.1   198.19.B.2
//! ```
//!
//! The addresses are those set aside for benchmarks (RFC 2544, 198.18.0.0/15), so they
//! meet nobody's real network; `B` is this network's own [`block`].

pub mod block;
pub mod middlebox;
pub mod namespace;
pub mod stale;
mod tool;

use crate::LabError;
use block::Block;
use middlebox::Middlebox;
use namespace::Namespace;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Networks built by this process so far, for their names.
static BUILT: AtomicU32 = AtomicU32::new(0);

/// A running network. Dropping it removes it.
#[derive(Debug)]
pub struct Network {
    /// The host that opens connections.
    pub client: Namespace,
    /// The gateway of both hosts.
    pub middlebox: Namespace,
    /// The host that accepts connections.
    pub server: Namespace,
    /// Its addresses. Last, so that they are given back after the namespaces are gone.
    pub block: Block,
}

impl Network {
    /// Builds the three namespaces, joins them, and starts `kind` in the middle.
    ///
    /// # Errors
    /// Whatever the kernel or the tools refuse; what was built is removed again.
    pub fn build(kind: &Middlebox) -> Result<Self, LabError> {
        let block = Block::claim()?;
        let number = BUILT.fetch_add(1, Ordering::Relaxed);
        let network = Self {
            client: Namespace::create(number, "client")?,
            middlebox: Namespace::create(number, "middlebox")?,
            server: Namespace::create(number, "server")?,
            block,
        };
        network.join()?;
        kind.install(&network.middlebox)?;
        Ok(network)
    }

    fn join(&self) -> Result<(), LabError> {
        let sides = [
            (&self.client, "lan", block::CLIENT_SIDE),
            (&self.server, "wan", block::SERVER_SIDE),
        ];
        for (host, port, side) in sides {
            let middlebox = self.middlebox.name();
            // Both ends are created where they belong: nothing ever appears in
            // the namespace that the bench was started in.
            tool::ip(&format!(
                "link add eth0 netns {} type veth peer name {port} netns {middlebox}",
                host.name()
            ))?;
            let gateway = self.block.gateway(side);
            host.ip(&format!("addr add {}/24 dev eth0", self.block.host(side)))?;
            host.ip("link set eth0 up")?;
            self.middlebox
                .ip(&format!("addr add {gateway}/24 dev {port}"))?;
            self.middlebox.ip(&format!("link set {port} up"))?;
            host.ip(&format!("route add default via {gateway}"))?;
        }
        Ok(())
    }

    /// The server's own address.
    #[must_use]
    pub fn server_address(&self) -> Ipv4Addr {
        self.block.host(block::SERVER_SIDE)
    }
}
