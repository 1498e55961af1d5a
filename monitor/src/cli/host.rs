//! Which daemon a command asks.

use super::exit::CliError;
use super::remark::remark;
use crate::client::{Host, Server};
use crate::config::{Login, NamedFile, ServerUrl, TlsFiles};
use crate::opened::Opened;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A daemon that a flag names in place of the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Socket(PathBuf),
    Server(ServerUrl),
}

/// Flags that name a daemon elsewhere.
#[derive(Args, Clone, Debug)]
pub(super) struct HostArguments {
    /// Ask the daemon there, which serves its API (--web.api): "https://node-7:9469", "http://127.0.0.1:9469", or
    /// "unix:/run/tcplull/tcplull.sock"
    #[arg(long, value_name = "URL", help_heading = "Host", conflicts_with = "socket", value_parser = named)]
    host: Option<Named>,
    /// Certificates of whom to trust to have signed its own [default: those that this host trusts]
    #[arg(long, value_name = "FILE", help_heading = "Host", requires = "host")]
    host_ca: Option<PathBuf>,
    /// The certificate that it is shown
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Host",
        requires = "host_key"
    )]
    host_cert: Option<PathBuf>,
    /// The private key of that certificate
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Host",
        requires = "host_cert"
    )]
    host_key: Option<PathBuf>,
    /// Who asks, by the name that its web configuration has
    #[arg(
        long,
        value_name = "NAME",
        help_heading = "Host",
        requires = "host_password_file"
    )]
    host_user: Option<String>,
    /// File with that one's password
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Host",
        requires = "host_user"
    )]
    host_password_file: Option<PathBuf>,
    /// File with a bearer token, for a proxy in front of it
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Host",
        requires = "host",
        conflicts_with = "host_user"
    )]
    host_token_file: Option<PathBuf>,
    /// Show what is in this file, which `tcplull snapshot` wrote: no daemon is asked, and nobody need be root
    #[arg(long, value_name = "FILE", help_heading = "Host", conflicts_with_all = ["host", "socket"])]
    from: Option<PathBuf>,
    /// What is in it, once it was read.
    #[arg(skip)]
    opened: OnceLock<Opened>,
}

/// Reads `--host`. What is wrong is told without its text, which may hold a password.
fn named(text: &str) -> Result<Named, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return match Path::new(path).is_absolute() {
            true => Ok(Named::Socket(path.into())),
            false => Err("write the whole path of the socket behind unix:".to_owned()),
        };
    }
    let read = ServerUrl::parse(text).map(Named::Server);
    read.map_err(|why| format!("{why}; write it as \"https://node-7:9469\""))
}

fn file(key: &'static str, path: &Path) -> NamedFile {
    NamedFile {
        key,
        path: path.to_owned(),
        place: "the command line".to_owned(),
    }
}

impl HostArguments {
    /// Whether a snapshot is shown.
    pub(super) const fn is_from_file(&self) -> bool {
        self.from.is_some()
    }

    /// The snapshot that is named, if one is. What it is, and what it lacks, is said when it is read.
    pub(super) fn opened(&self) -> Result<Option<&Opened>, CliError> {
        let Some(file) = &self.from else {
            return Ok(None);
        };
        if let Some(opened) = self.opened.get() {
            return Ok(Some(opened));
        }
        let opened = Opened::open(file)?;
        remark(&format!("tcplull: {}\n", opened.describe()));
        Ok(Some(self.opened.get_or_init(|| opened)))
    }

    /// The daemon, or the snapshot, that is named, if one is.
    pub(super) fn named(&self) -> Result<Option<Host>, CliError> {
        Ok(match self.opened()? {
            Some(opened) => Some(opened.host()),
            None => self.elsewhere(),
        })
    }

    fn elsewhere(&self) -> Option<Host> {
        let url = match self.host.clone()? {
            Named::Socket(path) => return Some(Host::Socket(path)),
            Named::Server(url) => url,
        };
        let own = match (&self.host_cert, &self.host_key) {
            (Some(cert), Some(key)) => Some((file("--host-cert", cert), file("--host-key", key))),
            _ => None,
        };
        let password = self.host_password_file.as_deref();
        let basic = self.host_user.clone().zip(password);
        let login = match (basic, &self.host_token_file) {
            (Some((username, password)), _) => Some(Login::Basic {
                username,
                password: file("--host-password-file", password),
            }),
            (None, Some(token)) => Some(Login::Bearer(file("--host-token-file", token))),
            (None, None) => None,
        };
        if login.is_some() && !url.https() && !url.is_loopback() {
            remark(
                "tcplull: what says who asks goes over plain HTTP, where others may read it: ask by https://\n",
            );
        }
        let ca = self.host_ca.as_deref();
        Some(Host::Server(Box::new(Server {
            url,
            tls: TlsFiles {
                ca: ca.map(|path| file("--host-ca", path)),
                own,
                ..TlsFiles::default()
            },
            login,
        })))
    }

    /// The daemon that is named, or else the one on this socket.
    pub(super) fn or(&self, socket: &Path) -> Result<Host, CliError> {
        let named = self.named()?;
        Ok(named.unwrap_or_else(|| Host::Socket(socket.to_owned())))
    }
}
