//! What is probed: a host, a port, and as what it is asked.

use super::postgres::Login;
use crate::config::ServerUrl;
use monitor_model::probe::AskedAs;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;

/// The port of Redis.
const REDIS: u16 = 6379;

/// The port of PostgreSQL.
const POSTGRESQL: u16 = 5432;

/// The port of MQTT.
const MQTT: u16 = 1883;

/// The same, over TLS.
const MQTT_OVER_TLS: u16 = 8883;

/// A host that is probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    text: String,
    asked_as: AskedAs,
    host: String,
    port: u16,
    /// Of a URL of HTTP.
    path: String,
    /// What a request says whom it is for.
    authority: String,
    /// At PostgreSQL.
    login: Option<Login>,
    tls: Spoken,
}

/// Whether TLS is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Never,
    /// Where the other side offers it.
    Offered,
    Always,
}

/// Why a text names no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is in no form that is known.
    #[error(
        "{why}; write it as HOST:PORT (where `tcplull probe --listen` answers), https://HOST/, http://HOST/, postgres://USER@HOST/DATABASE, redis://HOST, mqtt://HOST or tcp://HOST:PORT"
    )]
    Unreadable {
        /// What is wrong, without its text, which may hold a password.
        why: &'static str,
    },
    /// No one host is there.
    #[error("{address} {why}: a probe asks one host")]
    NoHost {
        /// The address.
        address: IpAddr,
        /// What it is.
        why: &'static str,
    },
}

impl Target {
    /// Reads one.
    ///
    /// # Errors
    /// [`TargetError`], also where it is an address that no one host has.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let unreadable = |why| TargetError::Unreadable { why };
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None => ("", text),
        };
        let web = matches!(scheme, "http" | "https");
        let database = matches!(scheme, "postgres" | "postgresql");
        let (rest, tls) = match (scheme, rest.strip_suffix("?sslmode=disable")) {
            ("https" | "rediss" | "mqtts", _) => (rest, Spoken::Always),
            (_, Some(rest)) if database => (rest, Spoken::Never),
            _ if database => (rest, Spoken::Offered),
            _ => (rest, Spoken::Never),
        };
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) if database => (user, rest),
            _ if database => return Err(unreadable("it says no user")),
            _ => ("", rest),
        };
        if user.contains(':') {
            return Err(unreadable(
                "a password in it would show to others: it is read from the variable PGPASSWORD",
            ));
        }
        let url = if web {
            text.to_owned()
        } else {
            format!("http://{rest}")
        };
        let url = ServerUrl::parse(&url).map_err(unreadable)?;
        if !web && !database && !url.below().is_empty() {
            return Err(unreadable("only a URL of HTTP or PostgreSQL has a path"));
        }
        let port = (web || has_port(rest)).then(|| url.port());
        let (asked_as, port) = match (scheme, port) {
            ("http", Some(port)) => (AskedAs::Http, port),
            ("https", Some(port)) => (AskedAs::Https, port),
            ("postgres" | "postgresql", port) => (AskedAs::Postgresql, port.unwrap_or(POSTGRESQL)),
            ("", Some(POSTGRESQL)) => return Err(unreadable("PostgreSQL takes a login")),
            ("redis" | "rediss", port) => (AskedAs::Redis, port.unwrap_or(REDIS)),
            ("", Some(REDIS)) => (AskedAs::Redis, REDIS),
            ("mqtt", port) => (AskedAs::Mqtt, port.unwrap_or(MQTT)),
            ("mqtts", port) => (AskedAs::Mqtt, port.unwrap_or(MQTT_OVER_TLS)),
            ("", Some(MQTT)) => (AskedAs::Mqtt, MQTT),
            ("tcp", Some(port)) => (AskedAs::Keepalive, port),
            ("", Some(port)) => (AskedAs::Tcplull, port),
            ("" | "tcp", None) => return Err(unreadable("it has no port")),
            _ => return Err(unreadable("nobody here speaks that")),
        };
        let path = match url.below() {
            "" => "/",
            below => below,
        };
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let login = database.then(|| Login {
            user: decoded(user),
            database: match url.below().trim_start_matches('/') {
                "" => decoded(user),
                name => decoded(name),
            },
        });
        let target = Self {
            login,
            tls,
            text: text.to_owned(),
            asked_as,
            host: url.host().to_owned(),
            port,
            path: path.to_owned(),
            authority: url.authority(),
        };
        if let Ok(address) = target.host.parse() {
            one_host(address)?;
        }
        Ok(target)
    }

    /// As what it is asked.
    pub fn asked_as(&self) -> AskedAs {
        self.asked_as
    }

    /// The name or address of its host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of its URL.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Who logs in at PostgreSQL, and where.
    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Whether TLS is spoken.
    pub(super) fn tls(&self) -> Spoken {
        self.tls
    }

    /// What a request says whom it is for.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether digits stand behind the last colon of what is no bare address of IPv6.
fn has_port(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    authority.rsplit_once(':').is_some_and(|(host, port)| {
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        digits && (host.ends_with(']') || !host.contains(':'))
    })
}

/// Holds an address to be that of one host.
///
/// # Errors
/// What it is in place of that.
pub(super) fn one_host(address: IpAddr) -> Result<(), TargetError> {
    let why = match address.to_canonical() {
        ip if ip.is_multicast() => "is a multicast address",
        ip if ip.is_unspecified() => "is no host's address",
        IpAddr::V4(ip) if ip.is_broadcast() => "is the broadcast address",
        _ => return Ok(()),
    };
    Err(TargetError::NoHost { address, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_asked_as_what_it_says() {
        for (text, asked_as, host, port) in [
            ("db.example:7777", AskedAs::Tcplull, "db.example", 7777),
            ("[2001:db8::1]:7777", AskedAs::Tcplull, "2001:db8::1", 7777),
            ("10.0.0.4:6379", AskedAs::Redis, "10.0.0.4", 6379),
            ("redis://10.0.0.4", AskedAs::Redis, "10.0.0.4", 6379),
            ("redis://10.0.0.4:6380", AskedAs::Redis, "10.0.0.4", 6380),
            ("rediss://10.0.0.4", AskedAs::Redis, "10.0.0.4", 6379),
            ("10.0.0.4:1883", AskedAs::Mqtt, "10.0.0.4", 1883),
            ("mqtt://10.0.0.4:1884", AskedAs::Mqtt, "10.0.0.4", 1884),
            ("mqtts://iot.example", AskedAs::Mqtt, "iot.example", 8883),
            ("https://web.example/", AskedAs::Https, "web.example", 443),
            (
                "https://web.example:8443/a/b",
                AskedAs::Https,
                "web.example",
                8443,
            ),
            ("http://web.example", AskedAs::Http, "web.example", 80),
            ("tcp://10.0.0.4:22", AskedAs::Keepalive, "10.0.0.4", 22),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.asked_as(), asked_as, "{text}");
            assert_eq!((target.host(), target.port()), (host, port), "{text}");
            assert_eq!(target.to_string(), text);
        }
        for (text, user, database, tls) in [
            (
                "postgres://app@db.example/shop",
                "app",
                "shop",
                Spoken::Offered,
            ),
            (
                "postgresql://a%40b@db.example:5433",
                "a@b",
                "a@b",
                Spoken::Offered,
            ),
            (
                "postgres://app@[::1]/x?sslmode=disable",
                "app",
                "x",
                Spoken::Never,
            ),
        ] {
            let target = Target::parse(text).unwrap();
            let login = target.login().unwrap();
            assert_eq!(target.asked_as(), AskedAs::Postgresql);
            assert_eq!(
                (login.user.as_str(), login.database.as_str()),
                (user, database)
            );
            assert_eq!(target.tls(), tls, "{text}");
        }
        let target = Target::parse("https://web.example:8443/a/b").unwrap();
        assert_eq!(target.path(), "/a/b");
        assert_eq!(target.authority(), "web.example:8443");
        for text in ["https://web.example/", "rediss://a", "mqtts://a"] {
            assert_eq!(Target::parse(text).unwrap().tls(), Spoken::Always);
        }
        for text in ["http://web.example/", "redis://a", "mqtt://a", "a:7777"] {
            assert_eq!(Target::parse(text).unwrap().tls(), Spoken::Never);
        }
    }

    #[test]
    fn what_is_no_target_is_told_with_what_would_be_one() {
        for text in [
            "",
            "db.example",
            "tcp://db.example",
            ":7777",
            "2001:db8::1:7777",
            "ftp://db.example",
            "redis://:s3cret@db.example",
            "postgres://app:s3cret@db.example/shop",
            "postgres://db.example/shop",
            "db.example:5432",
            "db.example:7777/path",
            "db.example:0",
            "db.example:99999",
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.to_string().contains("HOST:PORT"), "{text}: {error}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn what_is_no_one_host_is_refused() {
        for (text, why) in [
            ("255.255.255.255:7777", "broadcast"),
            ("224.0.0.1:7777", "multicast"),
            ("[ff02::1]:7777", "multicast"),
            ("0.0.0.0:7777", "no host's"),
            ("[::]:7777", "no host's"),
            ("[::ffff:224.0.0.1]:7777", "multicast"),
        ] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
