//! How TLS is served by a web configuration.

use super::client_certs::ClientCerts;
use super::error::{Fault, WebProblem};
use super::form::{Text, TlsForm, given};
use super::names::{self, Version};
use super::read::Reader;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{CipherSuite, ServerConfig, SupportedCipherSuite};
use std::sync::Arc;

/// The protocol that is spoken over TLS; HTTP/2 is not.
const ALPN: &[u8] = b"http/1.1";

/// How TLS is served.
#[derive(Clone, Debug)]
pub(in super::super) struct Tls {
    /// For rustls.
    pub(in super::super) config: Arc<ServerConfig>,
    /// Whether nobody without a certificate gets a page. Where health is open, the handshake lets them in.
    pub(in super::super) certificate_required: bool,
    /// Whether a certificate says that its owner is known.
    pub(in super::super) certificate_proves: bool,
}

/// Whether any key that turns TLS on is there.
fn is_on(form: &TlsForm) -> bool {
    [
        &form.cert,
        &form.cert_file,
        &form.key,
        &form.key_file,
        &form.client_ca,
        &form.client_ca_file,
        &form.client_auth_type,
    ]
    .into_iter()
    .any(|text| given(text).is_some())
}

/// What `tls_server_config` comes to; `None` where TLS is not served.
pub(super) fn build(
    form: &TlsForm,
    http2: bool,
    open_health: bool,
    reader: &mut Reader<'_>,
) -> Result<Option<Tls>, Fault> {
    if !is_on(form) {
        return Ok(None);
    }
    let missing = |missing| WebProblem::Missing { missing };
    let cert = Pem::find("cert_file", &form.cert_file, "cert", &form.cert)
        .ok_or_else(|| missing("cert or cert_file"))?;
    let key = Pem::find("key_file", &form.key_file, "key", &form.key)
        .ok_or_else(|| missing("key or key_file"))?;
    let ca = Pem::find(
        "client_ca_file",
        &form.client_ca_file,
        "client_ca",
        &form.client_ca,
    );
    let chain = cert.certificates(reader)?;
    let private = key.private_key(reader)?;
    let ca = match ca {
        Some(ca) => Some((ca.text, ca.certificates_or_none(reader)?)),
        None => None,
    };
    let versions = versions(form)?;
    let provider = Arc::new(provider(form, &versions, http2)?);
    let clients = ClientCerts::new(form, ca, open_health, &provider)?;
    let certificate_required = clients.as_ref().is_some_and(|clients| clients.required);
    let certificate_proves = clients.as_ref().is_some_and(|clients| clients.proves);
    let verifier: Arc<dyn ClientCertVerifier> = match clients {
        Some(clients) => Arc::new(clients),
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let versions: Vec<_> = versions.into_iter().map(Version::of_rustls).collect();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(WebProblem::Certificate)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, private)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => key.text.fault(WebProblem::KeyMismatch {
                cert: cert.name,
                key: key.name,
            }),
            other => cert.text.fault(WebProblem::Certificate(other)),
        })?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.ignore_client_order = form.prefer_server_cipher_suites.unwrap_or(true);
    // Each connection brings one request. And who is let in is looked at each time, by the certificates of now.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Some(Tls {
        config: Arc::new(config),
        certificate_required,
        certificate_proves,
    }))
}

/// The versions from `min_version` to `max_version`.
fn versions(form: &TlsForm) -> Result<Vec<Version>, Fault> {
    let version = |text: &Option<Text>, default| match given(text) {
        Some(text) => names::version(text),
        None => Ok(default),
    };
    let least = version(&form.min_version, Version::Tls12)?;
    let most = version(&form.max_version, Version::Tls13)?;
    let mut versions = Version::ALL.to_vec();
    versions.retain(|version| (least..=most).contains(version));
    match (versions.is_empty(), given(&form.min_version)) {
        (false, _) => Ok(versions),
        (true, Some(text)) => Err(text.fault(WebProblem::Versions)),
        (true, None) => Err(WebProblem::Versions.into()),
    }
}

/// ring, with the suites and curves that are chosen.
fn provider(form: &TlsForm, versions: &[Version], http2: bool) -> Result<CryptoProvider, Fault> {
    let mut provider = ring::default_provider();
    if let Some(texts) = form.cipher_suites.as_ref()
        && let Some(first) = texts.first()
    {
        let chosen = texts.iter().map(names::suite);
        let chosen: Vec<SupportedCipherSuite> = chosen.collect::<Result<_, _>>()?;
        let of_tls12 = || chosen.iter().filter(|suite| suite.tls13().is_none());
        if of_tls12().next().is_none() && versions == [Version::Tls12] {
            return Err(first.fault(WebProblem::NoSuite));
        }
        // RFC 9113, 9.2.2, asks for one of them of each who speaks HTTP/2 over TLS 1.2. Others who serve this format
        // hold a file to it, and so does this one: the file is good everywhere or nowhere.
        let for_http2 = [
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ];
        if http2
            && versions.contains(&Version::Tls12)
            && !chosen
                .iter()
                .any(|suite| for_http2.contains(&suite.suite()))
        {
            return Err(first.fault(WebProblem::NoHttp2Suite));
        }
        provider.cipher_suites = names::suites_of_tls13()
            .chain(of_tls12().copied())
            .collect();
    }
    if let Some(texts) = form.curve_preferences.as_ref()
        && !texts.is_empty()
    {
        let chosen = texts.iter().map(names::curve);
        provider.kx_groups = chosen.collect::<Result<_, _>>()?;
    }
    Ok(provider)
}

/// Where PEM stands: under which key, and whether that names a file.
struct Pem<'a> {
    name: &'static str,
    text: &'a Text,
    is_file: bool,
}

impl<'a> Pem<'a> {
    /// A file is preferred, as others do who serve this format.
    fn find(
        file_key: &'static str,
        file: &'a Option<Text>,
        inline_key: &'static str,
        inline: &'a Option<Text>,
    ) -> Option<Self> {
        let found = |name, text: &'a Option<Text>, is_file| {
            given(text).map(|text| Self {
                name,
                text,
                is_file,
            })
        };
        found(file_key, file, true).or_else(|| found(inline_key, inline, false))
    }

    fn bytes(&self, reader: &mut Reader<'_>) -> Result<Vec<u8>, Fault> {
        if self.is_file {
            let read = reader.read(self.name, &self.text.value);
            read.map_err(|problem| self.text.fault(problem))
        } else {
            Ok(self.text.value.clone().into_bytes())
        }
    }

    fn failed(&self, source: PemError) -> Fault {
        let key = self.name;
        self.text.fault(WebProblem::Pem { key, source })
    }

    fn lacks(&self, what: &'static str) -> Fault {
        let key = self.name;
        self.text.fault(WebProblem::NoPem { key, what })
    }

    fn certificates(&self, reader: &mut Reader<'_>) -> Result<Vec<CertificateDer<'static>>, Fault> {
        let found = self.certificates_or_none(reader)?;
        match found.is_empty() {
            true => Err(self.lacks("certificate")),
            false => Ok(found),
        }
    }

    fn certificates_or_none(
        &self,
        reader: &mut Reader<'_>,
    ) -> Result<Vec<CertificateDer<'static>>, Fault> {
        let bytes = self.bytes(reader)?;
        let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>();
        found.map_err(|error| self.failed(error))
    }

    fn private_key(&self, reader: &mut Reader<'_>) -> Result<PrivateKeyDer<'static>, Fault> {
        PrivateKeyDer::from_pem_slice(&self.bytes(reader)?).map_err(|error| match error {
            PemError::NoItemsFound => self.lacks("private key"),
            error => self.failed(error),
        })
    }
}
