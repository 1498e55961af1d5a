//! Where this thread's network namespace would send what goes to an address, and whether somebody there answers.

use super::netlink::ask;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::route::{RouteAttribute, RouteMessage, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use nix::sys::socket::SockProtocol;
use std::io;
use std::net::IpAddr;
use std::time::Instant;

/// Whether this host knows of a way to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// It cannot tell: it is behind a router, or was not asked about.
    Unknown,
    /// No route leads there.
    NoRoute,
    /// It would be a neighbour, and answers no question for its link address.
    NoNeighbour,
    /// It is a neighbour, and answers.
    Answers,
}

/// The way to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// There is none.
    None,
    /// The address is this namespace's own.
    Here,
    /// Out of this interface.
    Out {
        interface: u32,
        /// By a router, whose neighbours are not known here.
        routed: bool,
    },
}

/// The way to `address`.
///
/// # Errors
/// The kernel's, but those that say that there is none.
pub(super) fn to(address: IpAddr, until: Instant) -> io::Result<Way> {
    let (family, bits) = match address {
        IpAddr::V4(_) => (AddressFamily::Inet, 32),
        IpAddr::V6(_) => (AddressFamily::Inet6, 128),
    };
    let mut question = RouteMessage::default();
    question.header.address_family = family;
    question.header.destination_prefix_length = bits;
    let destination = RouteAttribute::Destination(address.into());
    question.attributes.push(destination);
    let question = RouteNetlinkMessage::GetRoute(question);
    let answer = match ask(SockProtocol::NetlinkRoute, question, until) {
        Ok(Some(RouteNetlinkMessage::NewRoute(answer))) => answer,
        Ok(_) => return Err(io::ErrorKind::InvalidData.into()),
        Err(error) => {
            return match error.raw_os_error() {
                // As routes of the types unreachable, blackhole and prohibit are refused, and where there is none
                // (fib_props in net/ipv4/fib_semantics.c).
                Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EINVAL | libc::EACCES) => {
                    Ok(Way::None)
                }
                _ => Err(error),
            };
        }
    };
    let mut way = Way::None;
    let routed = answer.attributes.iter().any(|attribute| {
        matches!(
            attribute,
            RouteAttribute::Gateway(_) | RouteAttribute::Via(_)
        )
    });
    for attribute in &answer.attributes {
        if let RouteAttribute::Oif(interface) = attribute {
            let interface = *interface;
            way = Way::Out { interface, routed };
        }
    }
    Ok(match answer.header.kind {
        RouteType::Local => Way::Here,
        RouteType::Unicast => way,
        // IPv6 tells of such a route, where IPv4 refuses.
        _ => Way::None,
    })
}

/// Whether what is sent to `address` comes to anybody, as far as this host knows without asking anyone.
///
/// # Errors
/// The kernel's.
pub(super) fn backend(address: IpAddr, until: Instant) -> io::Result<Backend> {
    let interface = match to(address, until)? {
        Way::None => return Ok(Backend::NoRoute),
        Way::Here | Way::Out { routed: true, .. } => return Ok(Backend::Unknown),
        Way::Out { interface, .. } => interface,
    };
    let mut question = NeighbourMessage::default();
    question.header.ifindex = interface;
    let (family, destination) = match address {
        IpAddr::V4(v4) => (AddressFamily::Inet, NeighbourAddress::Inet(v4)),
        IpAddr::V6(v6) => (AddressFamily::Inet6, NeighbourAddress::Inet6(v6)),
    };
    question.header.family = family;
    let destination = NeighbourAttribute::Destination(destination);
    question.attributes.push(destination);
    let question = RouteNetlinkMessage::GetNeighbour(question);
    match ask(SockProtocol::NetlinkRoute, question, until) {
        Ok(Some(RouteNetlinkMessage::NewNeighbour(answer))) => Ok(match answer.header.state {
            // Whoever asks has sent and waited for an answer for longer than a neighbour takes to be found.
            NeighbourState::Failed | NeighbourState::Incomplete => Backend::NoNeighbour,
            NeighbourState::Reachable => Backend::Answers,
            _ => Backend::Unknown,
        }),
        Ok(_) => Ok(Backend::Unknown),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(Backend::Unknown),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::time::Duration;

    #[test]
    fn what_is_here_is_here_and_nothing_is_asked_past_the_time() {
        let until = Instant::now() + Duration::from_secs(60);
        let here = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        for address in here {
            assert_eq!(to(address, until).unwrap(), Way::Here, "{address}");
            assert_eq!(backend(address, until).unwrap(), Backend::Unknown);
        }
        let late = to(here[0], Instant::now()).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }
}
