//! Certificates, keys, passwords and tokens: those that do, and those that do not.

use super::fake::{Fake, Reply, Stream, TAKEN};
use super::*;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::net::TcpStream;
use std::sync::Arc;

/// Who signs certificates.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for this name or address, and its key.
    fn signs(&self, name: &str) -> (String, String) {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
        roots.add(certificate).unwrap();
        Arc::new(roots)
    }

    /// A server of this name, which asks clients for a certificate where it is told whose.
    fn serves(&self, name: &str, clients: Option<&Self>) -> Fake {
        let (certificate, key) = self.signs(name);
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(clients.roots(), provider)
                    .build()
                    .unwrap(),
            ),
        };
        let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
        let accepts = move |mut stream: TcpStream| {
            stream.set_read_timeout(Some(BOUND)).unwrap();
            let mut server = ServerConnection::new(Arc::clone(&config)).unwrap();
            while server.is_handshaking() {
                server.complete_io(&mut stream).ok()?;
            }
            stream
                .set_read_timeout(Some(Duration::from_millis(20)))
                .unwrap();
            Some(Box::new(StreamOwned::new(server, stream)) as Box<dyn Stream>)
        };
        Fake::start_with("https", Arc::new(accepts), Arc::new(|_: &_| TAKEN))
    }
}

fn refused_at_start(bench: &Bench) -> String {
    let error = bench.start().map(|_| ()).expect_err("a file that is wrong");
    let error = error.to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!error.contains("secret"), "{error}");
    error
}

#[test]
fn by_tls_whom_it_trusts_is_told() {
    let authority = Authority::new();
    let fake = authority.serves("127.0.0.1", None);
    let bench = Bench::new();
    let ca = bench.file("ca_file", "ca.pem", &authority.pem);
    let bench = bench.tells(&fake.url(), &ca);
    let mut notifier = bench.start().unwrap();
    notifier.give([fires("api.service")]);
    eventually("it is taken", || notifier.numbers()[0].sent > 0);
}

#[test]
fn whom_it_does_not_trust_is_told_nothing() {
    let (authority, other) = (Authority::new(), Authority::new());
    let fake = authority.serves("127.0.0.1", None);
    let elsewhere = authority.serves("alertmanager.example", None);
    let bench = Bench::new();
    let wrong = bench.file("ca_file", "other.pem", &other.pem);
    let right = bench.file("ca_file", "ca.pem", &authority.pem);
    // Signed by another; by nobody whom this host trusts; for another name.
    for (fake, lines) in [
        (&fake, wrong.as_str()),
        (&fake, "server_name = \"127.0.0.1\"\n"),
        (&elsewhere, right.as_str()),
    ] {
        let bench = Bench::new().tells(&fake.url(), lines);
        // Where the host trusts nobody, that is said at the start.
        let Ok(mut notifier) = bench.start() else {
            assert!(!lines.contains("ca_file"), "{lines}");
            continue;
        };
        notifier.give([fires("api.service")]);
        eventually(lines, || errors(&notifier, "tls") > 0);
        assert_eq!(notifier.numbers()[0].sent, 0, "{lines}");
        assert!(fake.asked().is_empty());
    }
}

#[test]
fn a_certificate_may_have_another_name_or_be_anybodys_where_that_is_said() {
    let authority = Authority::new();
    let fake = authority.serves("alertmanager.example", None);
    let bench = Bench::new();
    let named = bench.file("ca_file", "ca.pem", &authority.pem)
        + "server_name = \"alertmanager.example\"\n";
    for lines in [named.as_str(), "insecure_skip_verify = true\n"] {
        let mut notifier = Bench::new().tells(&fake.url(), lines).start().unwrap();
        notifier.give([fires("api.service")]);
        eventually(lines, || notifier.numbers()[0].sent > 0);
    }
}

#[test]
fn who_wants_a_certificate_is_shown_it() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let fake = authority.serves("127.0.0.1", Some(&clients));
    let bench = Bench::new();
    let ca = bench.file("ca_file", "ca.pem", &authority.pem);
    let (certificate, key) = clients.signs("node-7");
    let own =
        bench.file("cert_file", "cert.pem", certificate) + &bench.file("key_file", "key.pem", key);
    let mut without = Bench::new().tells(&fake.url(), &ca).start().unwrap();
    without.give([fires("api.service")]);
    eventually("without one nothing is taken", || {
        let errors = &without.numbers()[0].errors;
        errors["tls"] + errors["answer"] > 0
    });
    assert_eq!(without.numbers()[0].sent, 0);
    let bench = bench.tells(&fake.url(), &(ca + &own));
    let mut with = bench.start().unwrap();
    with.give([fires("api.service")]);
    eventually("with it all is", || with.numbers()[0].sent > 0);
}

#[test]
fn a_login_is_sent_and_what_its_file_holds_now() {
    let fake = Fake::start(|_| TAKEN);
    let bench = Bench::new();
    let token = bench.file("credentials_file", "token", "  first\n");
    let mut notifier = Bench::new().tells(&fake.url(), &token).start().unwrap();
    notifier.give([fires("api.service")]);
    let login = |asked: &fake::Asked| asked.headers["authorization"].clone();
    eventually("it is sent", || !fake.asked().is_empty());
    assert_eq!(login(&fake.asked()[0]), "Bearer first");
    fs::write(bench.path("token"), "second\n").unwrap();
    eventually("the new one is sent", || {
        fake.asked()
            .iter()
            .any(|asked| login(asked) == "Bearer second")
    });
    // One that goes is no reason to send without.
    fs::remove_file(bench.path("token")).unwrap();
    eventually("that it is gone is counted", || {
        errors(&notifier, "files") > 0
    });
    fs::write(bench.path("token"), "third").unwrap();
    eventually("it goes on", || {
        fake.asked()
            .iter()
            .any(|asked| login(asked) == "Bearer third")
    });

    let basic = Fake::start(|_| TAKEN);
    let lines = "username = \"node\"\n".to_owned()
        + &bench.file("password_file", "password", "pass:word\n");
    let mut notifier = Bench::new().tells(&basic.url(), &lines).start().unwrap();
    notifier.give([fires("api.service")]);
    eventually("it is sent", || !basic.asked().is_empty());
    // "node:pass:word"
    assert_eq!(login(&basic.asked()[0]), "Basic bm9kZTpwYXNzOndvcmQ=");
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_line() {
    let authority = Authority::new();
    let (certificate, key) = authority.signs("node-7");
    let (_, other_key) = authority.signs("node-8");
    let bench = Bench::new();
    let cert = bench.file("cert_file", "cert.pem", &certificate);
    let cases = [
        (
            "credentials_file = \"/nonexistent/secret-less\"\n".replace("secret-less", "token"),
            "No such file",
        ),
        (
            format!("credentials_file = {:?}\n", bench.directory.path()),
            "no regular file",
        ),
        (
            bench.file("credentials_file", "empty", " \n"),
            "nothing in it",
        ),
        (
            bench.file("credentials_file", "long", "x".repeat(10_000)),
            "longer than",
        ),
        (
            bench.file("credentials_file", "lines", "secret\nsecret"),
            "one line",
        ),
        (
            bench.file("credentials_file", "binary", [0xff, 0xfe]),
            "no text",
        ),
        (
            bench.file("ca_file", "ca.pem", "secret"),
            "no certificate in PEM",
        ),
        (
            bench.file(
                "ca_file",
                "broken.pem",
                "-----BEGIN CERTIFICATE-----\nsecret!\n-----END CERTIFICATE-----\n",
            ),
            "certificate",
        ),
        (
            cert.clone() + &bench.file("key_file", "key.pem", &certificate),
            "no private key in PEM",
        ),
        (
            cert.clone() + &bench.file("key_file", "other.pem", &other_key),
            "does not go with cert_file",
        ),
        (
            bench.file("cert_file", "not.pem", &key) + &bench.file("key_file", "own.pem", &key),
            "no certificate in PEM",
        ),
    ];
    for (lines, wrong) in cases {
        let bench = Bench::new().tells("https://127.0.0.1:1", &lines);
        let error = refused_at_start(&bench);
        assert!(error.contains(wrong), "{lines}: {error}");
        let line = if lines.lines().count() == 2 && !wrong.contains("no certificate") {
            9
        } else {
            8
        };
        assert!(
            error.contains(&format!("config.toml:{line}: ")),
            "{lines}: {error}"
        );
    }
}

#[test]
fn a_secret_is_in_no_text() {
    let bench = Bench::new();
    let lines =
        "username = \"node\"\n".to_owned() + &bench.file("password_file", "password", "secret");
    let fake = Fake::start(|_| Reply::Status(401, "secret\u{1b}[2J\nforged"));
    let bench = bench.tells(&fake.url(), &lines);
    let notifier = bench.start().unwrap();
    let file = bench.path("config.toml");
    let config = Config::load(
        Some(&file),
        Path::new("/nonexistent"),
        &Overrides::default(),
    )
    .unwrap();
    for text in [format!("{notifier:?}"), format!("{config:?}")] {
        assert!(!text.contains("secret"), "{text}");
    }
    let failure = super::super::error::Failure::Status {
        status: 401,
        text: "\u{1b}[2J\nforged".to_owned(),
    };
    let failure = failure.to_string();
    assert!(!failure.contains(char::is_control), "{failure:?}");
}
