//! A folder with certificates and web configurations, and servers that serve by them.

use super::authority::{Authority, Identity, dns, ip};
use super::client::Client;
use crate::surfaces::http::tests::{Daemon, Running, plain, start_with};
use crate::surfaces::http::{HttpOptions, WebConfig, WebError};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// What most configurations begin with.
pub(super) const TLS: &str =
    "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

/// In its folder: `server.crt` with its `server.key`, `another.key`, which belongs to no certificate there, and
/// `clients.pem`, who signs for clients.
pub(super) struct Bench {
    folder: TempDir,
    pub(super) servers: Authority,
    pub(super) clients: Authority,
    pub(super) server: Identity,
}

impl Bench {
    pub(super) fn new() -> Self {
        let servers = Authority::new("servers");
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            clients: Authority::new("clients"),
            server: servers.sign(&[dns("localhost"), ip("127.0.0.1")]),
            servers,
        };
        bench.put_server(&bench.server);
        bench.put("another.key", &bench.servers.sign(&[]).key);
        bench.put("clients.pem", &bench.clients.pem);
        bench
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(super) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// What the server shows, and its key.
    pub(super) fn put_server(&self, identity: &Identity) {
        self.put("server.crt", &identity.cert);
        self.put("server.key", &identity.key);
    }

    /// A pipe that nobody writes to.
    pub(super) fn put_pipe(&self, name: &str) {
        nix::unistd::mkfifo(&self.path(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }

    /// The web configuration with this text, as it is at the start.
    pub(super) fn load(&self, text: impl AsRef<[u8]>) -> Result<WebConfig, WebError> {
        self.load_with(text, false)
    }

    fn load_with(&self, text: impl AsRef<[u8]>, open_health: bool) -> Result<WebConfig, WebError> {
        self.put("web.yml", text);
        WebConfig::load(&self.path("web.yml"), open_health)
    }

    /// A server by this configuration, where health is not open.
    pub(super) async fn serve(&self, text: &str) -> Running {
        self.serve_with(text, false).await
    }

    pub(super) async fn serve_open(&self, text: &str) -> Running {
        self.serve_with(text, true).await
    }

    async fn serve_with(&self, text: &str, open_health: bool) -> Running {
        let web = self.load_with(text, open_health);
        let options = HttpOptions {
            web: Some(web.unwrap_or_else(|error| panic!("{error}"))),
            open_health,
            ..plain()
        };
        start_with(Arc::<Daemon>::default(), options).await
    }

    /// A client that knows who signs for servers.
    pub(super) fn client(&self) -> Client {
        Client::new(self.servers.roots())
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A password's hash, at the least cost.
pub(super) fn hash(password: &str) -> String {
    let hash = bcrypt::hash_with_salt(password, 4, [7; 16]).unwrap();
    hash.format_for_version(bcrypt::Version::TwoY)
}
