//! The neighbourhood of an address: its /24, of IPv6 its /64.

use std::net::IpAddr;

/// The /24 or /64 of `ip`, the rest zero.
pub(crate) fn prefix(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => IpAddr::V4((ip.to_bits() & !0xff).into()),
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
    }
}

/// The same as people write it.
pub(crate) fn written(ip: IpAddr) -> String {
    let bits = if ip.is_ipv4() { 24 } else { 64 };
    format!("{}/{bits}", prefix(ip))
}
