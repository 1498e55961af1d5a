//! Address ranges, one pair of subnets to each running network, so that what
//! `tcplull` says about one is never taken for another's.

use super::family::Family;
use crate::LabError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;

/// Second octet of the client's subnet; its digits stand in the fourth group under IPv6.
pub const CLIENT_SIDE: u8 = 18;
/// Second octet of the server's subnet; its digits stand in the fourth group under IPv6.
pub const SERVER_SIDE: u8 = 19;

/// The last part of a middlebox's address.
const GATEWAY: u8 = 1;
/// The last part of the address that a host gets next.
const NEXT_HOST: u8 = 3;
/// The last part of a host's address.
const HOST: u8 = 2;

/// Blocks that exist: one for each third octet.
const BLOCKS: u16 = 256;

/// One pair of subnets, held until dropped: 198.18.B.0/24 and 198.19.B.0/24, or
/// 2001:2:0:18BB::/64 and 2001:2:0:19BB::/64 with B in hexadecimal.
#[derive(Debug)]
pub struct Block {
    family: Family,
    number: u8,
    /// A bound abstract socket is a claim that every lab on this machine sees
    /// and that the kernel gives back however its holder ends.
    _claim: UnixDatagram,
}

impl Block {
    /// Takes a block of IPv4 addresses that no running testbed holds.
    ///
    /// # Errors
    /// [`LabError::NoBlockFree`], or the kernel's reason not to make a socket.
    pub fn claim() -> Result<Self, LabError> {
        Self::claim_of(Family::V4)
    }

    /// As [`Self::claim`], with addresses of `family`.
    ///
    /// # Errors
    /// As there.
    pub fn claim_of(family: Family) -> Result<Self, LabError> {
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
                        family,
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

    /// The family of its addresses.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The host's address on `side`.
    pub fn host(&self, side: u8) -> IpAddr {
        self.address(side, HOST)
    }

    /// Another address that the host on `side` can have.
    pub fn next_host(&self, side: u8) -> IpAddr {
        self.address(side, NEXT_HOST)
    }

    /// The middlebox's address on `side`.
    pub fn gateway(&self, side: u8) -> IpAddr {
        self.address(side, GATEWAY)
    }

    /// The address on `side` that ends in `last`.
    pub(super) fn address(&self, side: u8, last: u8) -> IpAddr {
        match self.family {
            Family::V4 => Ipv4Addr::new(198, side, self.number, last).into(),
            Family::V6 => {
                let group = u16::from_be_bytes([read_as_hex(side), self.number]);
                Ipv6Addr::new(0x2001, 2, 0, group, 0, 0, 0, last.into()).into()
            }
        }
    }

    /// Length of its subnets' prefixes, in bits.
    pub fn prefix_length(&self) -> u8 {
        match self.family {
            Family::V4 => 24,
            Family::V6 => 64,
        }
    }

    /// A loopback address of this block's own: services of several runs can
    /// listen at once and never meet on a port. Always IPv4: the only loopback
    /// address of IPv6 belongs to everybody.
    pub fn loopback(&self) -> Ipv4Addr {
        Ipv4Addr::new(127, CLIENT_SIDE, self.number, 1)
    }

    /// Both subnets, as a configuration writes them.
    pub fn prefixes(&self) -> [String; 2] {
        [CLIENT_SIDE, SERVER_SIDE]
            .map(|side| format!("{}/{}", self.address(side, 0), self.prefix_length()))
    }

    /// Whether `address` lies in either subnet, or among the loopback addresses
    /// of this block.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => {
                let [first, side, number, _] = address.octets();
                let ours = match first {
                    127 => side == CLIENT_SIDE,
                    198 => self.family == Family::V4 && [CLIENT_SIDE, SERVER_SIDE].contains(&side),
                    _ => false,
                };
                ours && number == self.number
            }
            IpAddr::V6(address) => [CLIENT_SIDE, SERVER_SIDE].into_iter().any(|side| {
                let subnet = self.address(side, 0);
                matches!(subnet, IpAddr::V6(subnet) if subnet.segments()[..4] == address.segments()[..4])
            }),
        }
    }
}

/// The number whose hexadecimal digits are the decimal digits of `number`, which is below 100.
fn read_as_hex(number: u8) -> u8 {
    number / 10 * 16 + number % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_running_networks_never_share_an_address() {
        for family in [Family::V4, Family::V6] {
            let one = Block::claim_of(family).unwrap();
            let other = Block::claim_of(family).unwrap();
            assert!(one.contains(one.host(SERVER_SIDE)));
            assert!(one.contains(one.gateway(CLIENT_SIDE)));
            assert!(one.contains(one.loopback().into()));
            assert!(!one.contains(other.host(SERVER_SIDE)));
            assert!(!one.contains(other.gateway(CLIENT_SIDE)));
            assert!(!one.contains(other.loopback().into()));
        }
    }

    #[test]
    fn ipv6_subnets_read_like_those_of_ipv4() {
        let block = Block::claim_of(Family::V6).unwrap();
        let [client, server] = block.prefixes();
        let number = format!("{:02x}", block.number);
        assert_eq!(client, format!("2001:2:0:18{number}::/64"));
        assert_eq!(server, format!("2001:2:0:19{number}::/64"));
        assert_eq!(
            block.host(SERVER_SIDE).to_string(),
            format!("2001:2:0:19{number}::2")
        );
    }
}
