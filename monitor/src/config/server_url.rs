//! The URL of a server that speaks HTTP.

use super::hosts::is_name;
use hyper::Uri;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest URL, in bytes: what a label and a line of the log can take.
const LONGEST: usize = 512;

/// Where a server is. It holds no secret: a password in it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    https: bool,
    host: String,
    port: u16,
    below: String,
}

impl ServerUrl {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong, without its text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("this is longer than any URL of a server");
        }
        if text.contains(['?', '#']) {
            return Err("it ends before the question mark or the hash");
        }
        let uri: Uri = text.parse().map_err(|_| "this is no URL")?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("it must begin with http:// or https://"),
        };
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("a name and a password in it would show to others");
        }
        let written = authority.host();
        let bare = written.trim_start_matches('[').trim_end_matches(']');
        let is_known = match written.starts_with('[') {
            true => bare.parse::<Ipv6Addr>().is_ok(),
            false => is_host(written) || written.parse::<Ipv4Addr>().is_ok(),
        };
        if !is_known {
            return Err("its host is neither a name nor an address");
        }
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => 80 + 363 * u16::from(https),
            _ => authority
                .port_u16()
                .filter(|port| *port != 0)
                .ok_or("its port must lie between 1 and 65535")?,
        };
        Ok(Self {
            https,
            host: bare.to_ascii_lowercase(),
            port,
            below: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Whether it is spoken to by TLS.
    pub fn https(&self) -> bool {
        self.https
    }

    /// The name or the address of its host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path below which it lies; empty for none.
    pub fn below(&self) -> &str {
        &self.below
    }

    /// What a request says whom it is for.
    pub fn authority(&self) -> String {
        let (host, port) = (&self.host, self.port);
        match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        }
    }

    /// Whether what is sent there stays on this host.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.below)
    }
}

/// Whether it is a host's name.
pub(super) fn is_host(text: &str) -> bool {
    is_name(text.strip_suffix('.').unwrap_or(text))
}
