//! What Go's names for versions, cipher suites and curves, which the format has, are here; and which of them rustls cannot
//! do.

use super::error::{Absent, Fault, WebProblem};
use super::form::Text;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{cipher_suite, kx_group};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion, version};

/// A version of TLS that is served; in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Tls12,
    Tls13,
}

impl Version {
    pub(super) const ALL: [Self; 2] = [Self::Tls12, Self::Tls13];

    pub(super) fn of_rustls(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12 => &version::TLS12,
            Self::Tls13 => &version::TLS13,
        }
    }
}

type Named<T> = (&'static str, Result<T, Absent>);

static VERSIONS: [Named<Version>; 4] = [
    ("TLS13", Ok(Version::Tls13)),
    ("TLS12", Ok(Version::Tls12)),
    ("TLS11", Err(Absent::Version)),
    ("TLS10", Err(Absent::Version)),
];

/// Go's `tls.CipherSuites()`, those included that it counted as secure up to 1.21.
static SUITES: [Named<SupportedCipherSuite>; 17] = [
    (
        "TLS_AES_128_GCM_SHA256",
        Ok(cipher_suite::TLS13_AES_128_GCM_SHA256),
    ),
    (
        "TLS_AES_256_GCM_SHA384",
        Ok(cipher_suite::TLS13_AES_256_GCM_SHA384),
    ),
    (
        "TLS_CHACHA20_POLY1305_SHA256",
        Ok(cipher_suite::TLS13_CHACHA20_POLY1305_SHA256),
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        Ok(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        Ok(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        Ok(cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        Ok(cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        Ok(cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        Ok(cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    ),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", Err(Absent::Suite)),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", Err(Absent::Suite)),
    ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Err(Absent::Suite)),
    ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", Err(Absent::Suite)),
    ("TLS_RSA_WITH_AES_128_CBC_SHA", Err(Absent::Suite)),
    ("TLS_RSA_WITH_AES_256_CBC_SHA", Err(Absent::Suite)),
    ("TLS_RSA_WITH_AES_128_GCM_SHA256", Err(Absent::Suite)),
    ("TLS_RSA_WITH_AES_256_GCM_SHA384", Err(Absent::Suite)),
];

static CURVES: [Named<&'static dyn SupportedKxGroup>; 4] = [
    ("X25519", Ok(kx_group::X25519)),
    ("CurveP256", Ok(kx_group::SECP256R1)),
    ("CurveP384", Ok(kx_group::SECP384R1)),
    ("CurveP521", Err(Absent::Curve)),
];

pub(super) fn version(text: &Text) -> Result<Version, Fault> {
    find("TLS version", &VERSIONS, text)
}

pub(super) fn suite(text: &Text) -> Result<SupportedCipherSuite, Fault> {
    find("cipher suite", &SUITES, text)
}

pub(super) fn curve(text: &Text) -> Result<&'static dyn SupportedKxGroup, Fault> {
    find("curve", &CURVES, text)
}

/// The suites of TLS 1.3, which the format's `cipher_suites` does not choose from.
pub(super) fn suites_of_tls13() -> impl Iterator<Item = SupportedCipherSuite> {
    let all = SUITES.iter().filter_map(|(_, suite)| suite.as_ref().ok());
    all.copied().filter(|suite| suite.tls13().is_some())
}

fn find<T: Copy>(what: &'static str, names: &[Named<T>], text: &Text) -> Result<T, Fault> {
    let name = &text.value;
    let found = names.iter().find(|(known, _)| known == name);
    let Some((_, found)) = found else {
        let known = names.iter().filter(|(_, found)| found.is_ok());
        let known: Vec<&str> = known.map(|(known, _)| *known).collect();
        return Err(text.fault(WebProblem::UnknownName {
            what,
            name: name.clone(),
            known: known.join(", "),
        }));
    };
    found.map_err(|why| {
        let name = name.clone();
        text.fault(WebProblem::Absent { name, why })
    })
}
