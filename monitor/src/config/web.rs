//! What the HTTP server serves, where, and by which web configuration.

use super::error::{Fault, Place, Problem};
use super::table::{Section, Text, string};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

const KEYS: &[&str] = &[
    "listen_addresses",
    "telemetry_path",
    "config_file",
    "open_health",
    "api",
];

/// The most addresses to listen on.
const MOST_ADDRESSES: usize = 16;

const DEFAULT_PORT: u16 = 9469;

const DEFAULT_TELEMETRY_PATH: &str = "/metrics";

/// Paths that are taken, or begin as others do that are.
const TAKEN: [&str; 4] = ["/healthz", "/readyz", "/api", "/page"];

/// What the HTTP server serves, and by which web configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where the metrics are: `/`, or words of letters, digits, `.`, `-`, `_` and `~`, each after a `/`, where no other
    /// page is.
    pub telemetry_path: String,
    /// The file that says what TLS is spoken and who may ask; `None` for plain HTTP and anybody.
    pub config_file: Option<PathBuf>,
    /// Whether anybody may ask for health.
    pub open_health: bool,
    /// Whether the whole API is served, or metrics, health and alerts alone.
    pub api: bool,
}

/// What the file, or the flags, say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebChoice {
    /// Addresses to listen on; none: as they would be without.
    pub listen: Vec<SocketAddr>,
    /// Where the metrics are.
    pub telemetry_path: Option<String>,
    /// The web configuration.
    pub config_file: Option<PathBuf>,
    /// Whether anybody may ask for health.
    pub open_health: Option<bool>,
    /// Whether the whole API is served.
    pub api: Option<bool>,
}

/// Reads the table `[web]`.
pub(super) fn parse<'a>(table: DeTable<'a>, text: Text<'a>) -> Result<WebChoice, Fault> {
    const LIST: &str = "a list of addresses in quotes such as [\"127.0.0.1:9469\"]";
    let mut section = Section::new(table, text, "in [web]", KEYS)?;
    let mut listen = Vec::new();
    if let Some(items) = section.items("listen_addresses", LIST)? {
        for item in items.value {
            let item = item.try_map(|value| {
                let text = string(value, "listen_addresses", LIST)?;
                address(&text).ok_or(Problem::WebListen { text })
            })?;
            listen.push(item.value);
        }
    }
    let telemetry_path = section
        .string("telemetry_path", "a path in quotes such as \"/metrics\"")?
        .map(|found| {
            found.try_map(|text| match is_telemetry_path(&text) {
                true => Ok(text),
                false => Err(Problem::TelemetryPath { text }),
            })
        })
        .transpose()?;
    let config_file = section
        .string(
            "config_file",
            "a file name in quotes such as \"/etc/tcplull/web.yml\"",
        )?
        .map(|found| {
            found.try_map(|text| match Path::new(&text).is_absolute() {
                true => Ok(PathBuf::from(text)),
                // Relative to what, is anybody's guess for a daemon.
                false => Err(Problem::WebConfigFile { text }),
            })
        })
        .transpose()?;
    Ok(WebChoice {
        listen,
        telemetry_path: telemetry_path.map(|found| found.value),
        config_file: config_file.map(|found| found.value),
        open_health: section.boolean("open_health")?,
        api: section.boolean("api")?,
    })
}

/// The addresses to listen on: those of the flags, else those of the file, each once.
pub(super) fn listen(
    flags: &[SocketAddr],
    file: impl IntoIterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Fault> {
    let mut all = Vec::new();
    let chosen: Vec<SocketAddr> = match flags {
        [] => file.into_iter().collect(),
        flags => flags.to_vec(),
    };
    for address in chosen {
        if !all.contains(&address) || address.port() == 0 {
            all.push(address);
        }
    }
    if all.len() > MOST_ADDRESSES {
        let most = MOST_ADDRESSES;
        return Err(Place::Flag("--web.listen-address").fault(Problem::TooManyAddresses { most }));
    }
    if all.is_empty() {
        all.push((Ipv4Addr::LOCALHOST, DEFAULT_PORT).into());
    }
    Ok(all)
}

/// Flags before the file, and the defaults after both.
pub(super) fn merge(flags: &WebChoice, file: WebChoice) -> Web {
    let flags = flags.clone();
    Web {
        telemetry_path: flags
            .telemetry_path
            .or(file.telemetry_path)
            .unwrap_or_else(|| DEFAULT_TELEMETRY_PATH.to_owned()),
        config_file: flags.config_file.or(file.config_file),
        // A kubelet's probes bring neither a password nor a certificate.
        open_health: flags.open_health.or(file.open_health).unwrap_or(true),
        api: flags.api.or(file.api).unwrap_or(false),
    }
}

/// An address as exporters take it: `:9469` is every address of the host.
fn address(text: &str) -> Option<SocketAddr> {
    if let Some(port) = text.strip_prefix(':') {
        let port = port.parse().ok()?;
        return Some((Ipv6Addr::UNSPECIFIED, port).into());
    }
    if let Some(port) = text.strip_prefix("localhost:") {
        return Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into());
    }
    text.parse().ok()
}

/// Reads `--web.listen-address`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_web_listen(text: &str) -> Result<SocketAddr, Problem> {
    address(text).ok_or_else(|| Problem::WebListen {
        text: text.to_owned(),
    })
}

/// Reads `--web.telemetry-path`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_telemetry_path(text: &str) -> Result<String, Problem> {
    let text = text.to_owned();
    match is_telemetry_path(&text) {
        true => Ok(text),
        false => Err(Problem::TelemetryPath { text }),
    }
}

fn is_telemetry_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    let is_word =
        |word: &str| !word.is_empty() && !matches!(word, "." | "..") && word.bytes().all(plain);
    let taken = TAKEN.iter().any(|taken| {
        let rest = path.strip_prefix(taken);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let words = path.strip_prefix('/');
    path == "/" || (!taken && words.is_some_and(|words| words.split('/').all(is_word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_may_be_where_nothing_else_is() {
        for path in [
            "/",
            "/metrics",
            "/tcplull/metrics",
            "/a_b-c.d~e",
            "/apis",
            "/healthz2",
        ] {
            assert!(is_telemetry_path(path), "{path}");
        }
        for path in [
            "",
            "metrics",
            "/healthz",
            "/readyz",
            "/page/main.js",
            "/api",
            "/api/v1/alerts",
            "/metrics/",
            "//",
            "/{a}",
            "/a b",
            "/a?b",
            "/ä",
            "/healthz/x",
            "/..",
            "/a/../b",
        ] {
            assert!(!is_telemetry_path(path), "{path}");
        }
    }

    #[test]
    fn addresses_are_written_as_for_exporters() {
        for (text, found) in [
            (":9469", "[::]:9469"),
            ("0.0.0.0:9469", "0.0.0.0:9469"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:80", "127.0.0.1:80"),
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), found);
        }
        for text in [
            "",
            ":",
            "9469",
            "node.example:80",
            "vsock://:9469",
            ":99999",
            "::1:80:",
            "1.2.3.4",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn flags_go_before_the_file_and_nothing_is_listened_on_twice() {
        let of = |text: &str| -> SocketAddr { text.parse().unwrap() };
        let (one, two) = (of("127.0.0.1:1"), of("127.0.0.1:2"));
        assert_eq!(listen(&[], [one, two, one]).unwrap(), [one, two]);
        assert_eq!(listen(&[two, two], [one]).unwrap(), [two]);
        assert_eq!(listen(&[], []).unwrap(), [of("127.0.0.1:9469")]);
        let any = of("127.0.0.1:0");
        assert_eq!(listen(&[any, any], []).unwrap().len(), 2);
        let many: Vec<SocketAddr> = (1..40)
            .map(|port| (Ipv4Addr::LOCALHOST, port).into())
            .collect();
        assert!(listen(&many, []).is_err());
    }
}
