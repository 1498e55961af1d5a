//! Whose certificates are asked for and let in: the five policies of the format, and the names that may be in them.

use super::error::{Fault, WebProblem};
use super::form::{Text, TlsForm, given};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What `client_auth_type` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    None,
    Request,
    RequireAny,
    VerifyIfGiven,
    RequireAndVerify,
}

impl Policy {
    fn verifies(self) -> bool {
        matches!(self, Self::VerifyIfGiven | Self::RequireAndVerify)
    }

    fn requires(self) -> bool {
        matches!(self, Self::RequireAny | Self::RequireAndVerify)
    }
}

fn policy(form: &TlsForm) -> Result<Policy, Fault> {
    let Some(text) = given(&form.client_auth_type) else {
        return Ok(Policy::None);
    };
    Ok(match text.value.as_str() {
        "NoClientCert" => Policy::None,
        "RequestClientCert" => Policy::Request,
        // The second name is an older one of the first.
        "RequireAnyClientCert" | "RequireClientCert" => Policy::RequireAny,
        "VerifyClientCertIfGiven" => Policy::VerifyIfGiven,
        "RequireAndVerifyClientCert" => Policy::RequireAndVerify,
        other => return Err(text.fault(WebProblem::Policy(other.to_owned()))),
    })
}

/// Whom the handshake lets in.
#[derive(Debug)]
pub(super) struct ClientCerts {
    issuers: Issuers,
    allowed_sans: Option<Vec<String>>,
    /// Whether nobody gets a page without one.
    pub(super) required: bool,
    /// Whether one that is let in is that of somebody who is known.
    pub(super) proves: bool,
    /// Whether the handshake ends where there is none. Otherwise who asks for a page is told.
    mandatory: bool,
    provider: Arc<CryptoProvider>,
}

/// Whose signature a certificate must have.
#[derive(Debug)]
enum Issuers {
    Anybody,
    /// No issuer is known.
    Nobody,
    Known(Arc<dyn ClientCertVerifier>),
}

impl ClientCerts {
    /// By these settings; `None` where nobody is asked for a certificate. `ca` is what `client_ca` has, with its text.
    /// Where health is open, the handshake lets those in who have none.
    pub(super) fn new(
        form: &TlsForm,
        ca: Option<(&Text, Vec<CertificateDer<'static>>)>,
        open_health: bool,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Self>, Fault> {
        let policy = policy(form)?;
        let sans = form.client_allowed_sans.as_ref();
        if policy == Policy::None {
            return match (ca, sans.and_then(|sans| sans.first())) {
                (Some((text, _)), _) => Err(text.fault(WebProblem::CaWithoutPolicy)),
                (None, Some(text)) => Err(text.fault(WebProblem::SansWithoutPolicy)),
                (None, None) => Ok(None),
            };
        }
        let issuers = match ca {
            _ if !policy.verifies() => Issuers::Anybody,
            Some((text, certificates)) => {
                let failed = |error: String| text.fault(WebProblem::ClientCa(error));
                let mut roots = RootCertStore::empty();
                for certificate in certificates {
                    roots
                        .add(certificate)
                        .map_err(|error| failed(error.to_string()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(
                    Arc::new(roots),
                    Arc::clone(provider),
                );
                let built = verifier.build();
                Issuers::Known(built.map_err(|error| failed(error.to_string()))?)
            }
            None => match given(&form.client_auth_type) {
                Some(text) if policy.requires() => {
                    return Err(text.fault(WebProblem::PolicyWithoutCa(text.value.clone())));
                }
                _ => Issuers::Nobody,
            },
        };
        let allowed_sans = sans.map(|sans| sans.iter().map(|text| text.value.clone()).collect());
        // Who has none of the names is not let in, and so is not who has none at all.
        let required = policy.requires() || allowed_sans.is_some();
        Ok(Some(Self {
            issuers,
            allowed_sans,
            required,
            proves: policy.verifies(),
            mandatory: required && !open_health,
            provider: Arc::clone(provider),
        }))
    }
}

impl ClientCertVerifier for ClientCerts {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match &self.issuers {
            Issuers::Known(verifier) => verifier.root_hint_subjects(),
            Issuers::Anybody | Issuers::Nobody => &[],
        }
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match &self.issuers {
            Issuers::Known(verifier) => {
                verifier.verify_client_cert(certificate, intermediates, now)?;
            }
            Issuers::Nobody => return Err(CertificateError::UnknownIssuer.into()),
            Issuers::Anybody => {}
        }
        if let Some(allowed) = &self.allowed_sans {
            let names = names_in(certificate).ok_or(CertificateError::BadEncoding)?;
            if !names.iter().any(|name| allowed.contains(name)) {
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// The alternative names of a certificate's subject as the format has them: of DNS, e-mail, addresses and URIs. `None` for
/// what is no certificate.
fn names_in(certificate: &CertificateDer<'_>) -> Option<Vec<String>> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let Some(names) = certificate.subject_alternative_name().ok()? else {
        return Some(Vec::new());
    };
    let names = names.value.general_names.iter();
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            Some((*name).to_owned())
        }
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    });
    Some(names.collect())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    // As Go writes them: IPv4 written as IPv6 is IPv4.
    Some(IpAddr::from(Ipv6Addr::from(bytes)).to_canonical())
}
