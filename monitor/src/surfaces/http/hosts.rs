//! To whom requests may be addressed. A page of another site can have its name lead to this host (DNS rebinding), and
//! the reader's browser then asks here and shows that page the answers; but the name that it asks for is that site's.
//! So names have to be known. An address is never foreign: no other site is at it.

use axum::http::uri::Authority;
use axum::http::{Request, Version, header};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, PoisonError, RwLock};
use thiserror::Error;

/// Names of the loopback address: `localhost` (RFC 6761), and what Debian's /etc/hosts has for `::1`.
const LOOPBACK: [&str; 3] = ["localhost", "ip6-localhost", "ip6-loopback"];

/// The host's own name. It may come, and change, while the daemon runs.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// The further names that are configured. All clones are the same.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(Arc<RwLock<Vec<String>>>);

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Refused {
    /// It names no host where it must, or more than one.
    #[error("a request names one host")]
    Malformed,
    /// It names another host.
    #[error(
        "this host is not known by the name in the request: ask by its address, or add the name to allowed_hosts in \
         tcplull's configuration"
    )]
    Foreign(String),
}

impl AllowedHosts {
    /// With these names, in lower case: `node.example`, or `*.example` for all below it, or `*` for any.
    pub fn new(names: Vec<String>) -> Self {
        Self(Arc::new(RwLock::new(names)))
    }

    /// Replaces the names.
    pub fn set(&self, names: Vec<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Whether a request is addressed to this host.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Refused> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let host = named.next();
        if named.next().is_some() {
            return Err(Refused::Malformed);
        }
        // A request may name its host in the target as well.
        if let Some(authority) = request.uri().authority() {
            self.check_name(authority)?;
        }
        match host {
            Some(host) => {
                let foreign = || {
                    let name = String::from_utf8_lossy(host.as_bytes());
                    Refused::Foreign(name.into_owned())
                };
                let authority = Authority::try_from(host.as_bytes()).map_err(|_| foreign())?;
                self.check_name(&authority)
            }
            // Before HTTP/1.1 it was not asked for (RFC 9112, 3.2), and no browser leaves it out.
            None if request.version() < Version::HTTP_11 => Ok(()),
            None => Err(Refused::Malformed),
        }
    }

    fn check_name(&self, authority: &Authority) -> Result<(), Refused> {
        let foreign = || Refused::Foreign(authority.to_string());
        if authority.as_str().contains('@') {
            return Err(foreign());
        }
        let host = authority.host();
        if is_address(host) {
            return Ok(());
        }
        let name = plain(host);
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = LOOPBACK.contains(&name.as_str())
            || names.iter().any(|known| covers(known, &name))
            || std::fs::read_to_string(HOSTNAME).is_ok_and(|own| is_own(&own, &name));
        known.then_some(()).ok_or_else(foreign)
    }
}

fn is_address(host: &str) -> bool {
    if host.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let inner = host
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'));
    inner.is_some_and(|inner| {
        let address = inner.split_once('%').map_or(inner, |(address, _)| address);
        address.parse::<Ipv6Addr>().is_ok()
    })
}

/// In lower case, without the root's dot.
fn plain(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.to_ascii_lowercase()
}

/// Whether a configured name stands for this one.
fn covers(known: &str, name: &str) -> bool {
    match known.strip_prefix('*') {
        Some(below) => {
            let host = name.strip_suffix(below);
            host.is_some_and(|host| !host.is_empty())
        }
        None => known == name,
    }
}

/// Whether `name` is the host's own, whole or without its domain.
fn is_own(own: &str, name: &str) -> bool {
    let own = plain(own.trim_end());
    let short = own.split('.').next().unwrap_or_default();
    !name.is_empty() && (own == name || short == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allowed(hosts: &AllowedHosts, host: &str) -> bool {
        let request = Request::builder().uri("/").header(header::HOST, host);
        hosts.check(&request.body(()).unwrap()).is_ok()
    }

    #[test]
    fn addresses_and_loopback_are_never_foreign() {
        let hosts = AllowedHosts::default();
        for host in [
            "10.0.0.4",
            "10.0.0.4:9469",
            "[::1]:9469",
            "[2001:db8::1]",
            "[fe80::1%25eth0]:9469",
            "localhost:9469",
            "LocalHost.",
        ] {
            assert!(allowed(&hosts, host), "{host}");
        }
        for host in [
            "",
            ":9469",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.4.evil.example",
            "me@10.0.0.4",
            "evil.example@localhost",
            "localhost evil",
            "[::1",
            "[evil.example]",
            "*",
        ] {
            assert!(!allowed(&hosts, host), "{host}");
        }
    }

    #[test]
    fn configured_names_are_allowed_and_so_is_what_is_below_a_star() {
        let hosts = AllowedHosts::new(vec!["node.example".into(), "*.svc.example".into()]);
        for host in [
            "node.example",
            "NODE.example.:80",
            "a.svc.example",
            "a.b.svc.example",
        ] {
            assert!(allowed(&hosts, host), "{host}");
        }
        for host in [
            "a.node.example",
            "svc.example",
            ".svc.example",
            "xsvc.example",
        ] {
            assert!(!allowed(&hosts, host), "{host}");
        }
        hosts.set(vec!["*".into()]);
        assert!(
            allowed(&hosts, "anything.example"),
            "a star alone is any name"
        );
        hosts.set(Vec::new());
        assert!(!allowed(&hosts, "node.example"));
    }

    #[test]
    fn the_hosts_own_name_is_known_whole_and_short() {
        assert!(is_own("node-7.dc.example\n", "node-7.dc.example"));
        assert!(is_own("Node-7.dc.example\n", "node-7"));
        assert!(!is_own("node-7\n", "node-7.evil.example"));
        assert!(!is_own("\n", "") && !is_own("", "node"));
        let own = std::fs::read_to_string(HOSTNAME).unwrap();
        assert!(allowed(&AllowedHosts::default(), own.trim_end()));
    }

    #[test]
    fn a_request_names_its_host_once_and_nowhere_another() {
        let hosts = AllowedHosts::default();
        let check = |request: axum::http::request::Builder| hosts.check(&request.body(()).unwrap());
        let twice = Request::builder()
            .header(header::HOST, "localhost")
            .header(header::HOST, "localhost");
        assert_eq!(check(twice), Err(Refused::Malformed));
        assert_eq!(check(Request::builder()), Err(Refused::Malformed));
        let old = Request::builder().version(Version::HTTP_10);
        assert_eq!(check(old), Ok(()));
        let target = Request::builder()
            .uri("http://evil.example/metrics")
            .header(header::HOST, "localhost");
        assert!(matches!(check(target), Err(Refused::Foreign(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_are_taken_for_another_hosts_name(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = axum::http::HeaderValue::from_bytes(&bytes) {
                let request = Request::builder().header(header::HOST, value).body(()).unwrap();
                let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
                if AllowedHosts::default().check(&request).is_ok() {
                    let own = std::fs::read_to_string(HOSTNAME).unwrap();
                    let own = plain(own.trim_end());
                    let begins = |known: &str| text.starts_with(known);
                    prop_assert!(
                        begins(&own) || begins(own.split('.').next().unwrap()) || LOOPBACK.iter().any(|known| begins(known))
                            || begins("[") || text.starts_with(|c: char| c.is_ascii_digit()),
                        "{text:?}"
                    );
                }
            }
        }
    }
}
