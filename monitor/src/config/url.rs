//! The URL of an Alertmanager.

use super::error::Problem;
use super::hosts::is_name;
use hyper::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where the API lies below the URL.
const API: &str = "/api/v2/alerts";

/// The longest URL, in bytes: what a label and a line of the log can take.
const LONGEST: usize = 512;

/// Where an Alertmanager is. It holds no secret: a password in it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertmanagerUrl {
    https: bool,
    host: String,
    port: u16,
    path: String,
    name: String,
}

impl AlertmanagerUrl {
    /// Reads one. What is wrong is told without its text, which may hold a password.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = |why| Problem::AlertmanagerUrl { why };
        if text.len() > LONGEST {
            return Err(wrong("this is longer than any URL of a server"));
        }
        if text.contains('@') {
            return Err(wrong(
                "a name and a password in it would show in logs; use username and password_file",
            ));
        }
        if text.contains(['?', '#']) {
            return Err(wrong("it ends before the question mark or the hash"));
        }
        let uri: Uri = text.parse().map_err(|_| wrong("this is no URL"))?;
        let https = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong("it must begin with http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        let written = authority.host();
        let bare = written.trim_start_matches('[').trim_end_matches(']');
        let is_known = match written.starts_with('[') {
            true => bare.parse::<Ipv6Addr>().is_ok(),
            false => is_host(written) || written.parse::<Ipv4Addr>().is_ok(),
        };
        if !is_known {
            return Err(wrong("its host is neither a name nor an address"));
        }
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => 80 + 363 * u16::from(https),
            _ => authority
                .port_u16()
                .filter(|port| *port != 0)
                .ok_or_else(|| wrong("its port must lie between 1 and 65535"))?,
        };
        let below = uri.path().trim_end_matches('/');
        if below.ends_with(API) || below.ends_with("/api/v2") || below.ends_with("/api/v1") {
            return Err(wrong("leave out /api/…, which is added"));
        }
        let host = bare.to_ascii_lowercase();
        let shown = match host.contains(':') {
            true => format!("[{host}]:{port}{below}"),
            false => format!("{host}:{port}{below}"),
        };
        Ok(Self {
            https,
            host,
            port,
            path: format!("{below}{API}"),
            name: shown,
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

    /// The path that alerts are posted to.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it is called in logs and metrics: host, port, and the path below which it lies.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a request says whom it is for.
    pub fn authority(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Whether what is sent there stays on this host.
    pub(super) fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

/// Whether it is a host's name.
pub(super) fn is_host(text: &str) -> bool {
    is_name(text.strip_suffix('.').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (text, https, host, port, path, name) in [
            (
                "http://am:9093",
                false,
                "am",
                9093,
                "/api/v2/alerts",
                "am:9093",
            ),
            (
                "https://AM.example/",
                true,
                "am.example",
                443,
                "/api/v2/alerts",
                "am.example:443",
            ),
            (
                "http://10.0.0.7",
                false,
                "10.0.0.7",
                80,
                "/api/v2/alerts",
                "10.0.0.7:80",
            ),
            (
                "http://[2001:DB8::7]:9093/am/",
                false,
                "2001:db8::7",
                9093,
                "/am/api/v2/alerts",
                "[2001:db8::7]:9093/am",
            ),
            (
                "https://am.:1/a/b",
                true,
                "am.",
                1,
                "/a/b/api/v2/alerts",
                "am.:1/a/b",
            ),
        ] {
            let url = AlertmanagerUrl::parse(text).expect(text);
            assert_eq!(
                (url.https(), url.host(), url.port(), url.path(), url.name()),
                (https, host, port, path, name)
            );
            assert!(name.starts_with(url.authority()), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_and_its_text_is_told_to_nobody() {
        for text in [
            "",
            "am:9093",
            "alertmanager",
            "/api/v2/alerts",
            "ftp://am",
            "http://",
            "http://:9093",
            "http://am:",
            "http://am:0",
            "http://am:99999",
            "http://am:9093?secret=1",
            "http://am/#secret",
            "http://user:secret@am:9093",
            "http://am:9093/api/v2/alerts",
            "http://a b",
            "http://ä",
            "http://[::1",
            "http://[am]",
            "http://a_b..c",
            &format!("http://am/{}", "secret".repeat(100)),
        ] {
            let problem = AlertmanagerUrl::parse(text).expect_err(text).to_string();
            assert!(!problem.contains("secret"), "{problem}");
            assert!(problem.contains("http://alertmanager:9093"), "{problem}");
        }
    }

    #[test]
    fn what_stays_on_the_host_is_known() {
        for (text, loopback) in [
            ("http://localhost:1", true),
            ("http://127.3.2.1", true),
            ("http://[::1]", true),
            ("http://10.0.0.1", false),
            ("http://am", false),
        ] {
            let url = AlertmanagerUrl::parse(text).unwrap();
            assert_eq!(url.is_loopback(), loopback, "{text}");
        }
    }
}
