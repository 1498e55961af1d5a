//! Address ranges, one pair of subnets to each running network, so that what
//! `tcplull` says about one is never taken for another's.

use crate::LabError;
use std::net::{IpAddr, Ipv4Addr};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;

/// Second octet of the client's subnet.
pub const CLIENT_SIDE: u8 = 18;
/// Second octet of the server's subnet.
pub const SERVER_SIDE: u8 = 19;

/// Blocks that exist: one for each third octet.
const BLOCKS: u16 = 256;

/// One pair of subnets, 198.18.B.0/24 and 198.19.B.0/24, held until dropped.
#[derive(Debug)]
pub struct Block {
    number: u8,
    /// A bound abstract socket is a claim that every lab on this machine sees
    /// and that the kernel gives back however its holder ends.
    _claim: UnixDatagram,
}

impl Block {
    /// Takes a block that no running bench holds.
    ///
    /// # Errors
    /// [`LabError::NoBlockFree`], or the kernel's reason not to make a socket.
    pub fn claim() -> Result<Self, LabError> {
        // Different labs start looking at different places, so that addresses
        // that were just given back rest for a while.
        let first = process::id();
        for step in 0..u32::from(BLOCKS) {
            let [number, ..] = first.wrapping_add(step).to_le_bytes();
            let name = format!("tcplull-lab-block-{number}");
            let address = SocketAddr::from_abstract_name(name)
                .map_err(LabError::io("naming an address block"))?;
            match UnixDatagram::bind_addr(&address) {
                Ok(claim) => {
                    return Ok(Self {
                        number,
                        _claim: claim,
                    });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(LabError::io("claiming an address block")(error)),
            }
        }
        Err(LabError::NoBlockFree(BLOCKS))
    }

    /// The host's address on `side`.
    #[must_use]
    pub fn host(&self, side: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, side, self.number, 2)
    }

    /// The middlebox's address on `side`.
    #[must_use]
    pub fn gateway(&self, side: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, side, self.number, 1)
    }

    /// A loopback address of this block's own: services of several runs can
    /// listen at once and never meet on a port.
    #[must_use]
    pub fn loopback(&self) -> Ipv4Addr {
        Ipv4Addr::new(127, CLIENT_SIDE, self.number, 1)
    }

    /// Both subnets, as a configuration writes them.
    #[must_use]
    pub fn prefixes(&self) -> [String; 2] {
        [CLIENT_SIDE, SERVER_SIDE].map(|side| format!("198.{side}.{}.0/24", self.number))
    }

    /// Whether `address` lies in either subnet.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else {
            return false;
        };
        let [first, side, number, _] = address.octets();
        first == 198 && (side == CLIENT_SIDE || side == SERVER_SIDE) && number == self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_running_networks_never_share_an_address() {
        let one = Block::claim().unwrap();
        let other = Block::claim().unwrap();
        assert!(one.contains(one.host(SERVER_SIDE).into()));
        assert!(one.contains(one.gateway(CLIENT_SIDE).into()));
        assert!(!one.contains(other.host(SERVER_SIDE).into()));
        assert!(!one.contains(other.gateway(CLIENT_SIDE).into()));
    }
}
