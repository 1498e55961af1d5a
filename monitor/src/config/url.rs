//! The URL of an Alertmanager.

use super::error::Problem;
use super::server_url::ServerUrl;

/// Where the API lies below the URL.
const API: &str = "/api/v2/alerts";

/// Where an Alertmanager is. It holds no secret: a password in it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertmanagerUrl {
    server: ServerUrl,
    authority: String,
    path: String,
    name: String,
}

impl AlertmanagerUrl {
    /// Reads one. What is wrong is told without its text, which may hold a password.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = |why| Problem::AlertmanagerUrl { why };
        if text.contains('@') {
            return Err(wrong(
                "a name and a password in it would show in logs; use username and password_file",
            ));
        }
        let server = ServerUrl::parse(text).map_err(wrong)?;
        let below = server.below();
        if below.ends_with(API) || below.ends_with("/api/v2") || below.ends_with("/api/v1") {
            return Err(wrong("leave out /api/…, which is added"));
        }
        Ok(Self {
            path: format!("{below}{API}"),
            name: format!("{}{below}", server.authority()),
            authority: server.authority(),
            server,
        })
    }

    /// Whether it is spoken to by TLS.
    pub fn https(&self) -> bool {
        self.server.https()
    }

    /// The name or the address of its host, without brackets.
    pub fn host(&self) -> &str {
        self.server.host()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.server.port()
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
        &self.authority
    }

    /// Whether what is sent there stays on this host.
    pub(super) fn is_loopback(&self) -> bool {
        self.server.is_loopback()
    }
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
