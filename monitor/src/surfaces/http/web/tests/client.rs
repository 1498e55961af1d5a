//! A client that speaks TLS.

use super::authority::Identity;
use rustls::crypto::{SupportedKxGroup, ring};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    CipherSuite, ClientConfig, ProtocolVersion, RootCertStore, SupportedCipherSuite,
    SupportedProtocolVersion,
};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What a client is and can do.
pub(super) struct Client {
    roots: RootCertStore,
    pub(super) identity: Option<Identity>,
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    pub(super) suites: Vec<SupportedCipherSuite>,
    pub(super) curves: Vec<&'static dyn SupportedKxGroup>,
    pub(super) alpn: Vec<&'static str>,
    pub(super) headers: String,
}

/// What came of a request.
#[derive(Debug)]
pub(super) struct Answer {
    /// Head and body.
    pub(super) text: String,
    pub(super) version: Option<ProtocolVersion>,
    pub(super) suite: Option<CipherSuite>,
    pub(super) alpn: Option<String>,
    /// The server's certificate.
    pub(super) server: CertificateDer<'static>,
}

impl Answer {
    pub(super) fn code(&self) -> u16 {
        code(&self.text)
    }
}

/// The status of an answer; 0 where there is none.
pub(super) fn code(text: &str) -> u16 {
    let mut words = text.split_whitespace();
    words.nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

impl Client {
    pub(super) fn new(roots: RootCertStore) -> Self {
        let provider = ring::default_provider();
        Self {
            roots,
            identity: None,
            versions: rustls::ALL_VERSIONS.to_vec(),
            suites: provider.cipher_suites,
            curves: provider.kx_groups,
            alpn: Vec::new(),
            headers: String::new(),
        }
    }

    pub(super) fn with(mut self, identity: &Identity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    pub(super) async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let provider = rustls::crypto::CryptoProvider {
            cipher_suites: self.suites.clone(),
            kx_groups: self.curves.clone(),
            ..ring::default_provider()
        };
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(self.roots.clone());
        let mut config = match &self.identity {
            Some(identity) => config
                .with_client_auth_cert(identity.chain(), identity.private_key())
                .unwrap(),
            None => config.with_no_client_auth(),
        };
        let alpn = self.alpn.iter();
        config.alpn_protocols = alpn.map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await
    }

    pub(super) async fn get(&self, address: SocketAddr, path: &str) -> io::Result<Answer> {
        let mut stream = self.connect(address).await?;
        let headers = &self.headers;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let (_, session) = stream.get_ref();
        let certificates = session.peer_certificates().unwrap_or_default();
        Ok(Answer {
            text,
            version: session.protocol_version(),
            suite: session.negotiated_cipher_suite().map(|suite| suite.suite()),
            alpn: session
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            server: certificates[0].clone().into_owned(),
        })
    }
}
