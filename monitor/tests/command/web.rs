//! What is served where, and to whom: web configurations, addresses, paths, and alerts as Prometheus has its own.

use crate::common::net::routed;
use crate::common::place::{hanging, pages, place_in};
use crate::common::run::{finish, tcplull};
use crate::common::{Test, Tested, eventually};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::http::get;
use monitor_lab::testbed::wait::BOUND;
use monitor_lab::testbed::{Daemon, Place, Port};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

pub const TESTS: &[Test] = &[
    Test::anywhere(
        "a_wrong_web_configuration_is_named_with_its_line",
        wrong_files,
    ),
    Test::anywhere("wrong_web_flags_are_named", wrong_flags),
    Test::as_root(
        "by_a_web_configuration_those_are_served_who_may_be",
        guarded,
    ),
    Test::as_root(
        "metrics_are_served_on_every_address_under_their_path",
        addresses,
    ),
    Test::as_root("alerts_are_shown_as_prometheus_shows_its_own", alerts),
];

fn wrong_files() -> Tested {
    let place = tempfile::TempDir::new()?;
    let file = place.path().join("web.yml");
    for (text, parts) in [
        (
            "tls_server_config:\n  cert_fil: x\n",
            ["web.yml:2: ", "cert_fil"],
        ),
        ("basic_auth_users:\n  a: b\n", ["web.yml:2: ", "htpasswd"]),
        (
            "tls_server_config:\n  cert_file: gone\n  key_file: gone\n",
            ["web.yml:2: ", "No such file"],
        ),
    ] {
        fs::write(&file, text)?;
        let nothing = ["run", "--config", "/dev/null", "--web.config.file"];
        let ended = finish(tcplull(nothing).arg(&file))?;
        ended.refused(2, &parts);
    }
    let config = place.path().join("config.toml");
    fs::write(&config, "[web]\nconfig_file = \"web.yml\"\n")?;
    let ended = finish(tcplull(["run", "--config"]).arg(&config))?;
    ended.refused(2, &["config.toml:2: ", "absolute path"]);
    fs::write(&config, "\n[web]\nopen_helth = false\n")?;
    let ended = finish(tcplull(["run", "--config"]).arg(&config))?;
    ended.refused(2, &["config.toml:3: ", "did you mean \"open_health\"?"]);
    Ok(())
}

fn wrong_flags() -> Tested {
    for (flag, value, part) in [
        (
            "--web.listen-address",
            "vsock://:9469",
            "no address to listen on",
        ),
        ("--web.listen-address", "node.example:9469", "\":9469\""),
        ("--web.telemetry-path", "/healthz", "none that is taken"),
        ("--web.open-health", "yes", "true, false"),
    ] {
        let ended = finish(&mut tcplull(["run", flag, value]))?;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{ended:?} lacks {part}");
    }
    Ok(())
}

/// Who asks over TLS.
struct Client {
    address: SocketAddr,
    config: Arc<ClientConfig>,
}

impl Client {
    /// Status and whole text of an answer.
    fn get(&self, path: &str, headers: &str) -> Result<(u16, String), Failed> {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").as_bytes())
    }

    fn send(&self, request: &[u8]) -> Result<(u16, String), Failed> {
        let mut stream = TcpStream::connect_timeout(&self.address, BOUND)?;
        stream.set_read_timeout(Some(BOUND))?;
        stream.set_write_timeout(Some(BOUND))?;
        let config = Arc::clone(&self.config);
        let mut session = ClientConnection::new(config, "localhost".try_into()?)?;
        let mut stream = Stream::new(&mut session, &mut stream);
        stream.write_all(request)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let code = answer.split_whitespace().nth(1);
        let code = code.ok_or_else(|| format!("no status: {answer}"))?;
        Ok((code.parse()?, answer))
    }
}

/// A web configuration that takes a certificate and a password, in the place's directory, with who has both and who has
/// no certificate.
fn guard(place: &Place) -> Result<(Client, Client), Failed> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key)?;
    let issuer = Issuer::new(params, key);
    let signed = |name: &str| -> Result<_, Failed> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![name.to_owned()])?;
        Ok((params.signed_by(&key, &issuer)?, key))
    };
    let (server, server_key) = signed("localhost")?;
    let (client, client_key) = signed("prometheus")?;
    fs::write(place.path("server.crt"), server.pem())?;
    fs::write(place.path("server.key"), server_key.serialize_pem())?;
    fs::write(place.path("clients.pem"), authority.pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = || -> Result<_, Failed> {
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions()?;
        Ok(config.with_root_certificates(roots.clone()))
    };
    let chain = vec![client.der().clone()];
    let key = PrivateKeyDer::try_from(client_key.serialize_der())?;
    let known = config()?.with_client_auth_cert(chain, key)?;
    let unknown = config()?.with_no_client_auth();
    let [known, unknown] = [known, unknown].map(|config| Client {
        address: place.listen(),
        config: Arc::new(config),
    });
    Ok((known, unknown))
}

fn guarded() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let (known, unknown) = guard(&place)?;
    let hash = bcrypt::hash_with_salt("s3cret", 4, [7; 16])?;
    let text = format!(
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  \
         client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n\
         basic_auth_users:\n  prometheus: {hash}\n"
    );
    let web = place.path("web.yml");
    fs::write(&web, &text)?;
    place.configure(&format!("[web]\nconfig_file = {web:?}\n"))?;
    let mut daemon = Daemon::spawn(&place, "json", &[])?;
    // As a kubelet asks: with neither certificate nor password.
    eventually("the daemon is ready", || {
        let asked = unknown.get("/readyz", "");
        Ok(match asked {
            Ok((200, _)) => Ok(()),
            other => Err(format!("{other:?}\n{}", daemon.wrote())),
        })
    })?;
    daemon.await_log("metrics on https://")?;
    let encoded = STANDARD.encode("prometheus:s3cret");
    let password = format!("Authorization: Basic {encoded}\r\n");
    let scrape = || -> Result<String, Failed> {
        let (code, text) = known.get("/metrics", &password)?;
        assert_eq!(code, 200, "{text}");
        Ok(text)
    };
    scrape()?;
    assert_eq!(unknown.get("/metrics", &password)?.0, 403);
    assert_eq!(known.get("/metrics", "")?.0, 401);
    assert_eq!(known.get("/metrics", "Host: evil.example\r\n")?.0, 400);

    // Clients that never shake hands, one with a body that has no end, and rubbish: the next scrape is answered.
    let mut idle = Vec::new();
    for _ in 0..1_000 {
        let mut stream = TcpStream::connect_timeout(&place.listen(), BOUND)?;
        stream.write_all(b"\x16\x03\x01\x02\x00\x01")?;
        idle.push(stream);
    }
    scrape()?;
    let mut body =
        b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n".to_vec();
    body.resize(100 << 20, b'x');
    let memory = daemon.memory_kib("VmRSS")?;
    // It is told so before it is done, and then not listened to.
    let _ = known.send(&body);
    let _ = known.send(b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\nX: \xff\r\n\r\n");
    let after = scrape()?;
    let grown = daemon.memory_kib("VmRSS")?.saturating_sub(memory);
    assert!(grown < 50 << 10, "{grown} KiB for a body of 100 MiB");
    drop(idle);

    // One that has gone bad stops nobody but those who ask, and is right again without a restart.
    fs::write(&web, "tls_server_config: {cert_fil: x}\n")?;
    assert_eq!(known.get("/metrics", &password)?.0, 500);
    assert_eq!(unknown.get("/healthz", "")?.0, 200);
    let log = daemon.await_log("web.yml:1: ")?;
    assert!(log.contains("cert_fil"), "{log}");
    fs::write(&web, &text)?;
    let counted = scrape()?;
    for (reason, least) in [
        ("config", 1),
        ("certificate", 1),
        ("auth", 1),
        ("malformed", 1),
    ] {
        let series = format!("tcplull_http_refused_total{{reason=\"{reason}\"}} ");
        let line = counted.lines().find_map(|line| line.strip_prefix(&series));
        let count: u64 = line.ok_or(after.clone())?.parse()?;
        assert!(count >= least, "{reason}: {count}");
    }
    Ok(daemon.end(BOUND)?)
}

fn addresses() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let other = Port::reserve(place.listen().ip())?;
    let other = other.address();
    let (first, second) = (place.listen().to_string(), other.to_string());
    let flags = [
        "--web.listen-address",
        &first,
        "--web.listen-address",
        &second,
        "--web.telemetry-path",
        "/tcplull/metrics",
    ];
    let daemon = Daemon::start(&place, &flags)?;
    for address in [place.listen(), other] {
        let (code, text) = get(address, "/tcplull/metrics")?;
        assert_eq!(code, 200, "{text}");
        assert!(text.contains("tcplull_sweeps_total"), "{text}");
        let (code, _) = get(address, "/metrics")?;
        assert_eq!(code, 404);
        let (_, landing) = get(address, "/")?;
        assert!(landing.contains("href=\"/tcplull/metrics\""), "{landing}");
    }
    for address in [&first, &second] {
        daemon.await_log(&format!("http://{address}/tcplull/metrics"))?;
    }
    Ok(())
}

fn alerts() -> Tested {
    let network = routed()?;
    let (_place, daemon, _pair) = hanging(&network, "1s")?;
    let page = eventually("the page fires", || {
        let (code, text) = daemon.get("/api/v1/alerts")?;
        assert_eq!(code, 200, "{text}");
        let answer: Value = serde_json::from_str(&text)?;
        assert_eq!(answer["status"], "success", "{answer}");
        let alerts = answer["data"]["alerts"].as_array().cloned();
        let mut alerts = alerts.ok_or_else(|| answer.to_string())?;
        alerts.retain(|alert| alert["labels"]["path"] == "far" && alert["state"] == "firing");
        alerts.retain(|alert| alert["labels"]["severity"] == "critical");
        Ok(alerts.pop().ok_or(text))
    })?;
    assert_eq!(page["labels"]["alertname"], "TcplullBlackholed", "{page}");
    assert_eq!(page["value"], "1e+00", "{page}");
    assert_eq!(page["annotations"]["count"], "1", "{page}");
    let shown = pages(&daemon)?;
    let shown = shown.first().ok_or("no page in tcplull alerts")?;
    assert_eq!(page["labels"]["owner"], shown["owner"], "{page}");
    assert_eq!(page["activeAt"], shown["since"], "{page}");
    Ok(())
}
