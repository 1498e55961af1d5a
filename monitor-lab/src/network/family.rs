//! The two families of addresses.

use serde::Serialize;

/// A family of addresses that a network is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The option that tells `ip` which.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::V4 => "-4",
            Self::V6 => "-6",
        }
    }

    /// The kernel setting, below `/proc/sys/net`, that makes a host a router.
    pub(super) fn forwarding(self) -> &'static str {
        match self {
            Self::V4 => "ipv4/ip_forward",
            Self::V6 => "ipv6/conf/all/forwarding",
        }
    }

    /// The kernel setting, below `/proc/sys/net`, that bounds how often ICMP errors are sent.
    pub(super) fn icmp_ratelimit(self) -> &'static str {
        match self {
            Self::V4 => "ipv4/icmp_ratelimit",
            Self::V6 => "ipv6/icmp/ratelimit",
        }
    }
}
