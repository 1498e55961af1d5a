//! More clients than one: further addresses of the client's host, in its own subnet and in a part of the server's, which
//! is another prefix. IPv4.

use super::block::{CLIENT_SIDE, SERVER_SIDE};
use super::{Network, middlebox::PORTS};
use crate::LabError;
use std::net::IpAddr;

/// The last part of the first further address in the client's own subnet.
const NEAR: u8 = 10;

/// The same in the server's: the upper half, a /25, is the clients'.
const FAR: u8 = 129;

/// Where further clients live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// The subnet of the client's host.
    Own,
    /// Another one, which is reached over the same host.
    Other,
}

impl Network {
    /// Gives the client's host so many further addresses.
    ///
    /// # Errors
    /// If the kernel refuses them, or they are there already.
    pub fn adds_clients(&self, prefix: Prefix, count: u8) -> Result<Vec<IpAddr>, LabError> {
        let (side, first) = match prefix {
            Prefix::Own => (CLIENT_SIDE, NEAR),
            Prefix::Other => (SERVER_SIDE, FAR),
        };
        let addresses = (first..).take(count.into());
        let addresses: Vec<IpAddr> = addresses
            .map(|last| self.block.address(side, last))
            .collect();
        for address in &addresses {
            self.client.ip(&format!("addr add {address}/32 dev eth0"))?;
        }
        if prefix == Prefix::Other {
            let half = self.block.address(SERVER_SIDE, FAR - 1);
            let [lan, _] = PORTS;
            let (host, gateway) = (
                self.block.host(CLIENT_SIDE),
                self.block.gateway(SERVER_SIDE),
            );
            self.middlebox
                .ip(&format!("route add {half}/25 via {host} dev {lan}"))?;
            self.server
                .ip(&format!("route add {half}/25 via {gateway}"))?;
        }
        Ok(addresses)
    }

    /// From now on the middle loses whatever comes from, or goes to, these addresses: their hosts have gone, and
    /// nobody is told.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn vanish(&self, addresses: &[IpAddr]) -> Result<(), LabError> {
        let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        let addresses = addresses.join(", ");
        self.fault(&format!(
            "add rule inet faults some ip saddr {{ {addresses} }} drop
                add rule inet faults some ip daddr {{ {addresses} }} drop"
        ))
    }
}
