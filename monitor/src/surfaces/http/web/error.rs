//! What is wrong with a web configuration, and what would be right.

use std::path::{Path, PathBuf};
use std::{fmt, io};
use thiserror::Error;

/// Why a web configuration cannot be used: in one line for people, with the file and, where it is one of its own lines,
/// that.
#[derive(Debug, Error)]
pub struct WebError {
    /// The web configuration as it was named.
    pub file: PathBuf,
    /// Its line at fault, counted from 1.
    pub line: Option<u64>,
    /// What is wrong, and what would be right.
    #[source]
    pub problem: WebProblem,
}

impl fmt::Display for WebError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(out, "{line}:")?;
        }
        write!(out, " {}", self.problem)
    }
}

/// Why a name that the format knows is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Absent {
    /// An old version.
    #[error("TLS before 1.2 is not secure (RFC 8996); write TLS12 or TLS13")]
    Version,
    /// A mode or a key exchange that is not secure.
    #[error(
        "CBC suites, and those without ECDHE, are not secure, and rustls has none; leave it out, or take one with GCM or CHACHA20_POLY1305"
    )]
    Suite,
    /// A curve that the provider lacks.
    #[error(
        "ring, the provider of cryptography, has no P-521; write CurveP384, CurveP256 or X25519"
    )]
    Curve,
}

/// What is wrong, and what would be right. Never a secret: neither key nor hash is shown.
#[derive(Debug, Error)]
#[expect(
    missing_docs,
    reason = "the messages say what the variants and their fields are"
)]
pub enum WebProblem {
    #[error("cannot read the web configuration: {0}; name a readable file with --web.config.file")]
    Read(io::Error),
    #[error("{key}: cannot read {}: {source}", file.display())]
    ReadNamed {
        key: &'static str,
        file: PathBuf,
        source: io::Error,
    },
    #[error("{}: no regular file", .0.display())]
    NotAFile(PathBuf),
    #[error("{}: longer than {limit} bytes", file.display())]
    TooLong { file: PathBuf, limit: u64 },
    #[error("reading it takes longer than {} s: its file system hangs", .0)]
    Hangs(u64),
    #[error("not UTF-8 text; save the file as UTF-8")]
    NotText,
    #[error("not a web configuration: {0}")]
    Yaml(String),
    #[error("tls_server_config has no {missing}: TLS needs both a certificate and its key")]
    Missing { missing: &'static str },
    #[error("{key}: no {what} in PEM form is in it")]
    NoPem {
        key: &'static str,
        what: &'static str,
    },
    #[error("{key}: {source}")]
    Pem {
        key: &'static str,
        source: rustls::pki_types::pem::Error,
    },
    #[error("the certificate and the key do not belong together: {cert} and {key}")]
    KeyMismatch {
        cert: &'static str,
        key: &'static str,
    },
    #[error(
        "the certificate and the key cannot be used: {0}; keys may be RSA (2048 bits and more), ECDSA on P-256 or P-384, or Ed25519"
    )]
    Certificate(rustls::Error),
    #[error("client_ca: {0}")]
    ClientCa(String),
    #[error(
        "client_ca without a client_auth_type asks nobody for a certificate; write client_auth_type: RequireAndVerifyClientCert"
    )]
    CaWithoutPolicy,
    #[error("client_auth_type {0} lets nobody in without a client_ca or client_ca_file; name one")]
    PolicyWithoutCa(String),
    #[error(
        "client_allowed_sans without a client_auth_type asks nobody for a certificate; write client_auth_type: RequireAndVerifyClientCert"
    )]
    SansWithoutPolicy,
    #[error(
        "unknown client_auth_type {0:?}; write NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert"
    )]
    Policy(String),
    #[error("unknown {what} {name:?}; known are {known}")]
    UnknownName {
        what: &'static str,
        name: String,
        known: String,
    },
    #[error("{name} cannot be served here: {why}")]
    Absent { name: String, why: Absent },
    #[error("min_version is above max_version, so that no client could connect")]
    Versions,
    #[error(
        "max_version is TLS12, and cipher_suites has none of TLS 1.2, so that no client could connect; add one such as TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    )]
    NoSuite,
    #[error(
        "cipher_suites has neither TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 nor TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, which http2 asks for; add one, or write http2: false"
    )]
    NoHttp2Suite,
    #[error(
        "the header {name:?} cannot be set; those that can are Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection"
    )]
    Header { name: String },
    #[error("the header {name} cannot be {value:?}; write {right}")]
    HeaderValue {
        name: String,
        value: String,
        right: String,
    },
    #[error(
        "the password of user {user:?} is no bcrypt hash ({why}); make one with `htpasswd -nBC 10 \"\"`"
    )]
    Hash { user: String, why: String },
    #[error("rate_limit: interval {0:?} is no duration; write it as \"1s\" or \"100ms\"")]
    Interval(String),
    #[error("rate_limit: burst is {0}; it must lie between 0 and 4294967295")]
    Burst(i64),
    #[error(
        "TLS was on at the start and is not in it any more; put tls_server_config back, or restart"
    )]
    TlsGone,
}

/// A problem with the line of the web configuration where it is.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: Option<u64>,
    pub(super) problem: WebProblem,
}

impl Fault {
    pub(super) fn in_file(self, file: &Path) -> WebError {
        WebError {
            file: file.to_owned(),
            line: self.line,
            problem: self.problem,
        }
    }
}

impl From<WebProblem> for Fault {
    fn from(problem: WebProblem) -> Self {
        Self {
            line: None,
            problem,
        }
    }
}
