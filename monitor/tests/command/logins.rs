//! How a command shows a daemon elsewhere who asks: by a certificate, which the daemon's own web configuration asks for, and
//! by a bearer token, which a proxy in front of a daemon asks for.

use crate::common::place::place_in;
use crate::common::run::{finish, is_answered, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::run::Ended;
use monitor_lab::testbed::wait::BOUND;
use monitor_lab::testbed::{Daemon, Place};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;

pub const TESTS: &[Test] = &[
    Test::as_root("by_a_certificate_a_daemon_knows_who_asks", certificates),
    Test::as_root("a_bearer_token_passes_a_proxy_in_front", bearer),
];

/// Writes a certificate authority, and for each name a certificate by it with its key: `NAME.crt`, `NAME.key`.
fn authority(place: &Place, file: &str, names: &[(&str, String)]) -> Tested {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(place.path(file), params.self_signed(&key)?.pem())?;
    let issuer = Issuer::new(params, key);
    for (name, subject) in names {
        let key = KeyPair::generate()?;
        let signed = CertificateParams::new(vec![subject.clone()])?.signed_by(&key, &issuer)?;
        fs::write(place.path(&format!("{name}.crt")), signed.pem())?;
        fs::write(place.path(&format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}

fn certificates() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let address = place.listen();
    let ours = [
        ("server", address.ip().to_string()),
        ("sre", "sre".to_owned()),
    ];
    authority(&place, "ca.pem", &ours)?;
    authority(&place, "others.pem", &[("stranger", "sre".to_owned())])?;
    let file = |name: &str| place.path(name).display().to_string();
    let host = format!("https://{address}");
    let ask = |command: &str, who: Option<&str>| -> Result<Ended, Failed> {
        let mut asked = tcplull([
            command,
            "--json",
            "--host",
            &host,
            "--host-ca",
            &file("ca.pem"),
        ]);
        if let Some(who) = who {
            let (cert, key) = (file(&format!("{who}.crt")), file(&format!("{who}.key")));
            asked.args(["--host-cert", &cert, "--host-key", &key]);
        }
        Ok(finish(&mut asked)?)
    };
    for policy in ["RequireAndVerifyClientCert", "VerifyClientCertIfGiven"] {
        let web = format!(
            "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_ca_file: ca.pem\n  \
             client_auth_type: {policy}\n"
        );
        fs::write(place.path("web.yml"), web)?;
        let flags = ["--web.api", "--web.config.file", &file("web.yml")];
        let mut daemon = Daemon::spawn(&place, "json", &flags)?;
        eventually("who shows a certificate is answered", || {
            let ended = ask("ls", Some("sre"))?;
            Ok(is_answered(&ended)
                .then_some(())
                .ok_or(format!("{policy}: {ended:?} {}", daemon.wrote())))
        })?;
        let alerts = ask("alerts", Some("sre"))?;
        assert!(is_answered(&alerts), "{alerts:?}");
        // Another authority's, though its name is the same. Where the end of the connection comes before the reason for
        // it, that alone is told.
        let refused = |who, parts: &[&str]| {
            eventually("who may not ask is told why", || {
                let ended = ask("ls", who)?;
                assert_eq!(
                    (ended.code, ended.stdout.as_str()),
                    (Some(3), ""),
                    "{ended:?}"
                );
                let told = parts.iter().all(|part| ended.stderr.contains(part));
                Ok(told.then_some(()).ok_or(format!("{ended:?}")))
            })
        };
        refused(Some("stranger"), &[&host, "--host-cert"])?;
        let told = match policy {
            "RequireAndVerifyClientCert" => "takes a client certificate",
            _ => "those who show who they are",
        };
        refused(None, &[told])?;
        // A key that is another's.
        let mixed = finish(
            tcplull(["ls", "--host", &host, "--host-ca", &file("ca.pem")]).args([
                "--host-cert",
                &file("sre.crt"),
                "--host-key",
                &file("stranger.key"),
            ]),
        )?;
        mixed.refused(3, &["--host-key"]);
        daemon.end(BOUND)?;
    }
    Ok(())
}

/// Where the proxy has its daemon.
const BELOW: &str = "/node-7";

const TOKEN: &str = "Bearer dG9rZW4-_.~+/=";

/// Takes one connection after the other, and hands on to the daemon what has the token.
fn proxy(listener: &TcpListener, daemon: &Path, connections: usize) -> io::Result<()> {
    for _ in 0..connections {
        let (mut client, _) = listener.accept()?;
        client.set_read_timeout(Some(BOUND))?;
        let head = head(&mut client)?;
        let known = format!("\r\nauthorization: {TOKEN}\r\n");
        let Some(rest) = head.strip_prefix(&format!("GET {BELOW}/")) else {
            client.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?;
            continue;
        };
        if !head.contains(&known) {
            client.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")?;
            continue;
        }
        // The token is the proxy's, and not for who is behind it.
        let rest = rest.replacen(&known, "\r\nconnection: close\r\n", 1);
        let mut behind = UnixStream::connect(daemon)?;
        behind.write_all(format!("GET /{rest}").as_bytes())?;
        io::copy(&mut behind, &mut client)?;
    }
    Ok(())
}

fn head(client: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte)? > 0 {
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn bearer() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let _daemon = Daemon::start(&place, &[])?;
    let listener = TcpListener::bind(SocketAddr::from((block.loopback(), 0)))?;
    let host = format!("http://{}{BELOW}", listener.local_addr()?);
    let socket: PathBuf = place.socket();
    let secret = TOKEN.strip_prefix("Bearer ").unwrap_or_default();
    for (name, text) in [
        ("token", format!("{secret}\n")),
        ("other", "other".to_owned()),
        ("empty", String::new()),
    ] {
        fs::write(place.path(name), text)?;
    }
    let ask = |command: &str, token: Option<&str>| -> Result<Ended, Failed> {
        let mut asked = tcplull([command, "--json", "--host", &host]);
        if let Some(name) = token {
            asked.arg("--host-token-file").arg(place.path(name));
        }
        Ok(finish(&mut asked)?)
    };
    let proxied = thread::spawn(move || proxy(&listener, &socket, 4));
    for command in ["ls", "alerts"] {
        let ended = ask(command, Some("token"))?;
        assert!(is_answered(&ended), "{ended:?}");
    }
    for token in [Some("other"), None] {
        let ended = ask("ls", token)?;
        ended.refused(3, &[&host, "--host-token-file"]);
        assert!(!format!("{ended:?}").contains(secret), "{ended:?}");
    }
    // Of this nobody is asked.
    ask("ls", Some("empty"))?.refused(3, &["--host-token-file", "nothing in it"]);
    proxied.join().map_err(|_| "the proxy broke")??;
    Ok(())
}
