//! Prefixes of addresses, as people write them.

use super::error::Problem;
use ipnet::{IpNet, Ipv4Net};
use std::net::{IpAddr, Ipv6Addr};

/// Addresses of IPv4 written as IPv6 (RFC 4291, section 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// Reads a prefix; a bare address stands for itself alone.
pub(super) fn parse(text: &str) -> Result<IpNet, Problem> {
    let net = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| Problem::Prefix {
            text: text.to_owned(),
        })?;
    if net.trunc() != net {
        return Err(Problem::HostBits {
            text: text.to_owned(),
            right: net.trunc(),
        });
    }
    if let IpNet::V6(v6) = net
        && let Some(v4) = v6.network().to_ipv4_mapped()
        && let Some(bits) = v6.prefix_len().checked_sub(MAPPED_BITS)
        && let Ok(right) = Ipv4Net::new(v4, bits)
    {
        return Err(Problem::MappedPrefix {
            text: text.to_owned(),
            right: right.to_string(),
        });
    }
    Ok(net)
}

/// Every address, of both families.
pub(super) fn everywhere() -> Vec<IpNet> {
    vec![
        IpNet::V4(Ipv4Net::default()),
        IpNet::V6(ipnet::Ipv6Net::default()),
    ]
}

/// Blocks of IPv4 that are not globally reachable, from IANA's special-purpose
/// address registry (RFC 6890), and multicast (RFC 5771). A test holds them
/// valid and apart.
const NOT_GLOBAL: [([u8; 4], u8); 14] = [
    ([0, 0, 0, 0], 8),       // "this network", RFC 791
    ([10, 0, 0, 0], 8),      // private, RFC 1918
    ([100, 64, 0, 0], 10),   // carrier-grade NAT, RFC 6598
    ([127, 0, 0, 0], 8),     // loopback, RFC 1122
    ([169, 254, 0, 0], 16),  // link-local, RFC 3927
    ([172, 16, 0, 0], 12),   // private, RFC 1918
    ([192, 0, 0, 0], 24),    // protocol assignments, RFC 6890
    ([192, 0, 2, 0], 24),    // documentation, RFC 5737
    ([192, 168, 0, 0], 16),  // private, RFC 1918
    ([198, 18, 0, 0], 15),   // benchmarking, RFC 2544
    ([198, 51, 100, 0], 24), // documentation, RFC 5737
    ([203, 0, 113, 0], 24),  // documentation, RFC 5737
    ([224, 0, 0, 0], 4),     // multicast, RFC 5771
    ([240, 0, 0, 0], 4),     // reserved, RFC 1112
];

/// The globally reachable addresses: IPv4 without [`NOT_GLOBAL`], and IPv6's
/// global unicast block 2000::/3 (RFC 4291).
pub(super) fn globally_routable() -> Vec<IpNet> {
    let excluded: Vec<Ipv4Net> = NOT_GLOBAL
        .iter()
        .filter_map(|(address, bits)| Ipv4Net::new((*address).into(), *bits).ok())
        .collect();
    let mut nets = Vec::new();
    without(Ipv4Net::default(), &excluded, &mut nets);
    let global_unicast = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);
    nets.extend(ipnet::Ipv6Net::new(global_unicast, 3).map(IpNet::V6));
    nets
}

/// Adds `net` without the excluded blocks, in as few prefixes as that takes.
/// At most 32 calls deep: each halves the prefix.
fn without(net: Ipv4Net, excluded: &[Ipv4Net], into: &mut Vec<IpNet>) {
    if excluded.iter().any(|block| block.contains(&net)) {
        return;
    }
    if !excluded.iter().any(|block| net.contains(block)) {
        into.push(IpNet::V4(net));
        return;
    }
    // A prefix that holds a different, smaller block is shorter than /32, so it has halves.
    if let Ok(halves) = net.subnets(net.prefix_len() + 1) {
        for half in halves {
            without(half, excluded, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(address: &str) -> bool {
        let address: IpAddr = address.parse().unwrap();
        globally_routable().iter().any(|net| net.contains(&address))
    }

    #[test]
    fn global_prefixes_take_the_internet_and_nothing_private() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "20.1.2.3",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "223.255.255.255",
            "2600::1",
            "3fff::1",
        ] {
            assert!(covered(public), "{public} is public");
        }
        for private in [
            "0.0.0.1",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "fd00::1",
            "fe80::1",
            "::1",
            "ff02::1",
        ] {
            assert!(!covered(private), "{private} is not public");
        }
    }

    #[test]
    fn global_prefixes_are_few_disjoint_and_account_for_every_ipv4_address() {
        let nets: Vec<Ipv4Net> = globally_routable()
            .into_iter()
            .filter_map(|net| match net {
                IpNet::V4(v4) => Some(v4),
                IpNet::V6(_) => None,
            })
            .collect();
        let size = |bits: u8| 1u64 << (32 - bits);
        let global: u64 = nets.iter().map(|net| size(net.prefix_len())).sum();
        let excluded: u64 = NOT_GLOBAL.iter().map(|(_, bits)| size(*bits)).sum();
        assert_eq!(global + excluded, 1 << 32);
        assert!(nets.len() < 128, "{} prefixes", nets.len());
    }

    #[test]
    fn a_prefix_with_host_bits_is_refused_with_the_right_one() {
        let message = parse("10.0.0.1/8").unwrap_err().to_string();
        assert!(message.contains("write \"10.0.0.0/8\""), "{message}");
        let message = parse("2001:db8::1/32").unwrap_err().to_string();
        assert!(message.contains("write \"2001:db8::/32\""), "{message}");
    }

    #[test]
    fn ipv4_written_as_ipv6_is_refused_because_it_would_never_match() {
        let message = parse("::ffff:10.0.0.0/104").unwrap_err().to_string();
        assert!(message.contains("write \"10.0.0.0/8\""), "{message}");
        assert_eq!(parse("::/0").unwrap().to_string(), "::/0");
    }

    #[test]
    fn a_bare_address_stands_for_itself() {
        assert_eq!(parse("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
        assert_eq!(parse("2001:db8::7").unwrap().to_string(), "2001:db8::7/128");
    }

    #[test]
    fn what_is_no_prefix_is_refused() {
        for text in [
            "10.0.0.0/33",
            "10.0.0/8",
            "",
            "host.example",
            "::/129",
            "10.0.0.0/-1",
        ] {
            assert!(matches!(parse(text), Err(Problem::Prefix { .. })), "{text}");
        }
    }
}
