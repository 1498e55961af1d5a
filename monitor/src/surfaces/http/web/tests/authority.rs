//! Who signs certificates for the tests.

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// One who signs.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub(super) pem: String,
}

/// A certificate with its key, in PEM form.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) cert: String,
    pub(super) key: String,
}

impl Identity {
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        let all = CertificateDer::pem_slice_iter(self.cert.as_bytes());
        all.map(Result::unwrap).collect()
    }

    pub(super) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    pub(super) fn roots(&self) -> rustls::RootCertStore {
        let mut roots = rustls::RootCertStore::empty();
        let all = CertificateDer::pem_slice_iter(self.pem.as_bytes());
        all.for_each(|one| roots.add(one.unwrap()).unwrap());
        roots
    }

    /// A certificate for these names.
    pub(super) fn sign(&self, names: &[SanType]) -> Identity {
        self.sign_as(names, |_| {})
    }

    /// One whose time is over.
    pub(super) fn sign_expired(&self, names: &[SanType]) -> Identity {
        self.sign_as(names, |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        })
    }

    fn sign_as(&self, names: &[SanType], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.to_vec();
        change(&mut params);
        Identity {
            cert: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A certificate that its owner signed.
pub(super) fn self_signed(name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    Identity {
        cert: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

fn text(text: &str) -> Ia5String {
    text.try_into().unwrap()
}

pub(super) fn dns(name: &str) -> SanType {
    SanType::DnsName(text(name))
}

pub(super) fn email(name: &str) -> SanType {
    SanType::Rfc822Name(text(name))
}

pub(super) fn uri(name: &str) -> SanType {
    SanType::URI(text(name))
}

pub(super) fn ip(address: &str) -> SanType {
    SanType::IpAddress(address.parse().unwrap())
}
