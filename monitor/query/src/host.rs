//! Addresses and ports as people and `ss` write them.

use crate::tokens::Compare;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Ports from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    low: u16,
    high: u16,
}

/// Names of services, as `ss` takes them out of /etc/services; the ports are IANA's.
const SERVICES: [(&str, u16); 22] = [
    ("ssh", 22),
    ("smtp", 25),
    ("domain", 53),
    ("http", 80),
    ("imap", 143),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("submission", 587),
    ("ldaps", 636),
    ("imaps", 993),
    ("ms-sql-s", 1433),
    ("mqtt", 1883),
    ("nfs", 2049),
    ("mysql", 3306),
    ("amqps", 5671),
    ("amqp", 5672),
    ("postgresql", 5432),
    ("redis", 6379),
    ("http-alt", 8080),
    ("secure-mqtt", 8883),
    ("mongodb", 27_017),
];

impl Ports {
    /// Reads "443", ":443", "*:443", "https" or "8000-8100".
    pub fn parse(text: &str) -> Option<Self> {
        let text = text
            .strip_prefix('*')
            .filter(|rest| rest.starts_with(':'))
            .unwrap_or(text);
        let text = text.strip_prefix(':').unwrap_or(text);
        let service = SERVICES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        if let Some((_, port)) = service {
            return Some(Self {
                low: *port,
                high: *port,
            });
        }
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let (low, high) = (number(low)?, number(high)?);
        (low <= high).then_some(Self { low, high })
    }

    /// Those that compare so; `None` if there are none, or for what names a range.
    pub fn compared(self, compare: Compare) -> Option<Self> {
        let one = self.low == self.high;
        let range = |low, high| Some(Self { low, high }).filter(|_| one);
        match compare {
            Compare::Equal | Compare::Unequal => Some(self),
            Compare::Less => range(0, self.low.checked_sub(1)?),
            Compare::AtMost => range(0, self.low),
            Compare::More => range(self.low.checked_add(1)?, u16::MAX),
            Compare::AtLeast => range(self.low, u16::MAX),
        }
    }

    pub fn contains(self, port: u16) -> bool {
        (self.low..=self.high).contains(&port)
    }

    /// Names of services, for the nearest to what is none.
    pub fn services() -> impl Iterator<Item = String> {
        SERVICES.iter().map(|(name, _)| (*name).to_owned())
    }
}

/// A port's number: digits and nothing else.
fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

impl fmt::Display for Ports {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            write!(out, "{}", self.low)
        } else {
            write!(out, "{}-{}", self.low, self.high)
        }
    }
}

/// An address, a prefix, ports, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    net: Option<IpNet>,
    ports: Option<Ports>,
}

impl Host {
    /// Reads "10.0.0.0/8", "10/8", "2001:db8::/32", "10.0.0.1:443", "[2001:db8::1]:443", "*:443" or "*".
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self {
                net: None,
                ports: None,
            });
        }
        if let Some(net) = net(text) {
            return Some(Self {
                net: Some(net),
                ports: None,
            });
        }
        let (address, port) = text.rsplit_once(':')?;
        let ports = match port {
            "*" => None,
            port => Some(Ports::parse(port).filter(|_| !port.starts_with(['*', ':']))?),
        };
        let net = match address {
            "" | "*" => None,
            address => {
                // Whose colons are not in brackets has no port.
                let plain = address.starts_with('[') || !address.contains(':');
                Some(net(address).filter(|_| plain)?)
            }
        };
        Some(Self { net, ports })
    }

    pub fn contains(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.net.is_none_or(|net| net.contains(&ip))
            && self
                .ports
                .is_none_or(|ports| ports.contains(address.port()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
        match (self.net, self.ports) {
            (None, None) => write!(out, "*"),
            (None, Some(ports)) => write!(out, "*:{ports}"),
            (Some(net), None) if whole(&net) => write!(out, "{}", net.addr()),
            (Some(net), None) => write!(out, "{net}"),
            (Some(net), Some(ports)) => {
                let length = if whole(&net) {
                    String::new()
                } else {
                    format!("/{}", net.prefix_len())
                };
                match net.addr() {
                    IpAddr::V4(address) => write!(out, "{address}{length}:{ports}"),
                    IpAddr::V6(address) => write!(out, "[{address}]{length}:{ports}"),
                }
            }
        }
    }
}

/// A prefix, or one address as the longest there is, in brackets or not. Bits beyond the prefix are cut off; IPv4 written as
/// IPv6 is IPv4.
fn net(text: &str) -> Option<IpNet> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (
            address,
            Some(number(length).and_then(|length| u8::try_from(length).ok())?),
        ),
        None => (text, None),
    };
    let bare = match address.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|bare| bare.contains(':'))?,
        None => address,
    };
    let address: IpAddr = match (bare.parse(), length) {
        (Ok(address), _) => address,
        // "10/8" and "193.233.7/24".
        (Err(_), Some(_)) if (0..3).contains(&bare.matches('.').count()) => {
            let missing = ".0".repeat(3 - bare.matches('.').count());
            format!("{bare}{missing}").parse().ok()?
        }
        (Err(_), _) => return None,
    };
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let net = IpNet::new(address, length.unwrap_or(whole)).ok()?.trunc();
    match net.addr().to_canonical() {
        IpAddr::V4(address) if !net.addr().is_ipv4() && net.prefix_len() >= 96 => {
            IpNet::new(address.into(), net.prefix_len() - 96).ok()
        }
        _ => Some(net),
    }
}
