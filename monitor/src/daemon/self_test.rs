//! The connection of `tcplull check --self-test`, which is made to die: a daemon that happens to run is not to wake anybody
//! for it.

use monitor_common::{Fact, Family, NO_PATH};
use std::net::Ipv4Addr;

/// The self-test's client. The addresses are for documentation (RFC 5737, TEST-NET-1), so nobody's host has them.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Its server.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// The network that both are in.
pub const NETWORK: &str = "192.0.2.0/24";

/// Whether a fact is of such a connection, and no path of this daemon's names it: both hosts are on one link, so one of /0 does
/// not. The daemon under test has such a path.
pub(super) fn is_of_another(fact: &Fact) -> bool {
    let socket = &fact.socket;
    let is = |address: &[u8; 16], of: Ipv4Addr| address.starts_with(&of.octets());
    fact.path_id == NO_PATH
        && socket.family == u16::from(Family::Ipv4)
        && (is(&socket.local, CLIENT) && is(&socket.remote, SERVER)
            || is(&socket.local, SERVER) && is(&socket.remote, CLIENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(local: Ipv4Addr, remote: Ipv4Addr, path_id: u32) -> Fact {
        // SAFETY: a `Fact` is a `Record`: every bit pattern is valid.
        let mut fact: Fact = unsafe { std::mem::zeroed() };
        fact.path_id = path_id;
        fact.socket.family = Family::Ipv4.into();
        for (address, of) in [
            (&mut fact.socket.local, local),
            (&mut fact.socket.remote, remote),
        ] {
            address[..4].copy_from_slice(&of.octets());
        }
        fact
    }

    #[test]
    fn only_what_lies_between_its_two_hosts_and_has_no_path_is_left_out() {
        let other = Ipv4Addr::new(192, 0, 2, 3);
        assert!(is_of_another(&fact(CLIENT, SERVER, NO_PATH)));
        assert!(is_of_another(&fact(SERVER, CLIENT, NO_PATH)));
        assert!(!is_of_another(&fact(CLIENT, SERVER, 0)));
        assert!(!is_of_another(&fact(CLIENT, other, NO_PATH)));
        assert!(!is_of_another(&fact(other, SERVER, NO_PATH)));
        assert!(!is_of_another(&fact(SERVER, SERVER, NO_PATH)));
        let mut v6 = fact(CLIENT, SERVER, NO_PATH);
        v6.socket.family = Family::Ipv6.into();
        assert!(!is_of_another(&v6));
    }
}
