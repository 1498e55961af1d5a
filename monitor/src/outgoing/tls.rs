//! TLS as a client: whom to trust, and what to show.

use super::credentials::{error, pem};
use super::error::{FileError, TlsError};
use crate::config::{NamedFile, TlsFiles};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// What is in the files for one server, and what was made of it.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    made_of: Option<Bytes>,
    config: Option<Arc<ClientConfig>>,
}

/// The bytes of the files.
#[derive(PartialEq, Eq)]
struct Bytes {
    ca: Option<Vec<u8>>,
    own: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for Bytes {
    // There is a key in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bytes")
    }
}

impl Tls {
    /// What the files come to now; where they have not changed, what they came to before.
    pub(crate) fn current(&mut self, files: &TlsFiles) -> Result<Arc<ClientConfig>, TlsError> {
        let bytes = Bytes {
            ca: files.ca.as_ref().map(pem).transpose()?,
            own: match &files.own {
                Some((cert, key)) => Some((pem(cert)?, pem(key)?)),
                None => None,
            },
        };
        if let Some(config) = &self.config
            && self.made_of.as_ref() == Some(&bytes)
        {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(config(files, &bytes)?);
        self.config = Some(Arc::clone(&config));
        self.made_of = Some(bytes);
        Ok(config)
    }
}

fn config(files: &TlsFiles, bytes: &Bytes) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Tls(error.to_string()))?;
    let builder = if files.insecure_skip_verify {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_root_certificates(roots(files, bytes)?)
    };
    let mut config = match (&files.own, &bytes.own) {
        (Some((cert_file, key_file)), Some((cert, key))) => {
            let chain = certificates(cert_file, cert)?;
            let key = PrivateKeyDer::from_pem_slice(key)
                .map_err(|found| error(key_file, &format!("no private key in PEM: {found}")))?;
            builder.with_client_auth_cert(chain, key).map_err(|found| {
                error(key_file, &format!("it does not go with cert_file: {found}"))
            })?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(files: &TlsFiles, bytes: &Bytes) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if let (Some(file), Some(bytes)) = (&files.ca, &bytes.ca) {
        for certificate in certificates(file, bytes)? {
            roots
                .add(certificate)
                .map_err(|found| error(file, &format!("no certificate to trust: {found}")))?;
        }
        return Ok(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let reasons = found.errors.iter().map(ToString::to_string);
        let reasons: Vec<String> = reasons.collect();
        return Err(TlsError::Roots(match reasons.as_slice() {
            [] => "there are none".to_owned(),
            reasons => reasons.join("; "),
        }));
    }
    Ok(roots)
}

fn certificates(file: &NamedFile, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let all = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|found| error(file, &format!("no certificates in PEM: {found}")))?;
    if all.is_empty() {
        return Err(error(file, "there is no certificate in PEM in it"));
    }
    Ok(all)
}

/// Takes any certificate, as `insecure_skip_verify` says; that its holder has the key is still seen to.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
