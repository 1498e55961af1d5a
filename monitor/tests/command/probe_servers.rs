//! `tcplull probe` of servers that are not tcplull: asked as their own clients do, over TLS too, and what they say to that.

use super::probe::{BOUND, found, probe, server, side_by_side};
use crate::common::net::at;
use crate::common::run::{INITDB, MOSQUITTO, POSTGRES, finish_within, program, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::block::Block;
use nix::sys::signal::Signal;
use nix::unistd::{Group, User, chown};
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::anywhere("servers_are_asked_as_their_clients_do", || {
        side_by_side(&[web_that_closes, others, web_over_tls])
    }),
    Test::with_servers("postgresql_and_mosquitto_are_asked_over_tls_too", || {
        side_by_side(&[postgresql, mosquitto])
    }),
];

/// Every silence up to 2 s is survived there.
fn survives(target: &str, more: &[&str], password: &str) -> Tested {
    let mut command = tcplull(["probe", target, "--up-to", "2s"]);
    command.args(more).env("PGPASSWORD", password);
    let ended = finish_within(BOUND, &mut command, "")?;
    assert_eq!(ended.code, Some(0), "{target}: {ended:?}");
    Ok(())
}

fn web_that_closes() -> Tested {
    let block = Block::claim()?;
    let closes = Some(Duration::from_secs(2));
    let answer: &[&[u8]] = &[b"HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n"];
    let web = format!("http://{}/", server(&block, answer, closes)?);
    let report = found(tcplull(["probe", &web, "--up-to", "4s", "--json"]))?;
    let side = &report["inside"];
    let most = side["at_most_seconds"].as_f64().ok_or("no upper end")?;
    assert!((1.9..2.6).contains(&most), "{report:#}");
    assert_eq!(side["expiry"], "fin_at_once", "{report:#}");
    assert_eq!(side["seen_from_both_ends"], false);
    let advice = report["advice"].to_string();
    assert!(advice.contains("idle timeout of its own"), "{advice}");
    Ok(())
}

fn others() -> Tested {
    let block = Block::claim()?;
    let redis = server(&block, &[b"-NOAUTH Authentication required.\r\n"], None)?;
    let postgres = server(&block, &[b"Z\0\0\0\x05I"], None)?;
    let broker = server(&block, &[b"\x20\x02\0\0", b"\xd0\0"], None)?;
    for target in [
        format!("redis://{redis}"),
        format!("postgres://app@{postgres}/shop?sslmode=disable"),
        format!("mqtt://{broker}"),
    ] {
        survives(&target, &[], "")?;
    }
    let wants_login = server(&block, &[b"\x20\x02\0\x05"], None)?;
    probe(&[&format!("mqtt://{wants_login}")])?.refused(3, &["wants a login", "CONNACK 5"]);
    Ok(())
}

/// A certificate for that name, and its key.
struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    fn of(name: &str) -> Result<Self, Failed> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()])?;
        Ok(Self {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        })
    }
}

fn web_over_tls() -> Tested {
    let block = Block::claim()?;
    let name = block.loopback().to_string();
    let made = rcgen::generate_simple_self_signed([name.clone()])?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()?
    .with_no_client_auth()
    .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    let config = std::sync::Arc::new(config);
    let listener = TcpListener::bind(at(block.loopback(), 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = std::sync::Arc::clone(&config);
            thread::spawn(move || -> io::Result<()> {
                let session = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
                let mut stream = rustls::StreamOwned::new(session, stream);
                while stream.read(&mut [0; 4096])? > 0 {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")?;
                }
                Ok(())
            });
        }
    });
    let place = tempfile::tempdir()?;
    let ca = place.path().join("ca.pem");
    fs::write(&ca, made.cert.pem())?;
    let ca = ca.to_str().ok_or("a path of plain text")?;
    let target = format!("https://{name}:{port}/");
    let ended = probe(&[&target, "--ca", ca, "--up-to", "2s"])?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = probe(&[&target, "--up-to", "2s"])?;
    ended.refused(3, &[]);
    // Where this host trusts nobody at all, that is said.
    let said = ["TLS", "trust"]
        .iter()
        .any(|word| ended.stderr.contains(word));
    assert!(said, "{ended:?}");
    Ok(())
}

/// A folder that others may enter too, for servers that refuse root.
fn folder() -> Result<tempfile::TempDir, Failed> {
    let place = tempfile::tempdir()?;
    fs::set_permissions(place.path(), Permissions::from_mode(0o755))?;
    Ok(place)
}

/// Writes what only whoever runs a server may read.
fn secret(file: &Path, text: &str) -> Tested {
    fs::write(file, text)?;
    fs::set_permissions(file, Permissions::from_mode(0o600))?;
    give_away(file)
}

const NOBODY: &str = "nobody";

fn give_away(what: &Path) -> Tested {
    let user = User::from_name(NOBODY)?.ok_or("there is nobody")?;
    let group = Group::from_name("nogroup")?.map_or(user.gid, |group| group.gid);
    Ok(chown(what, Some(user.uid), Some(group))?)
}

/// A program as somebody who is not root, and may yet read what root alone may reach: the target folder can lie anywhere.
fn as_nobody(name: &str, place: &Path) -> Result<Command, Failed> {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    command.args([
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
    ]);
    // The kernel forgets whose death is to end it when the user changes.
    command.args(["--pdeathsig=KILL", "--"]);
    command.arg(program(name)?).current_dir(place);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}

fn listens(address: SocketAddr) -> Tested {
    eventually("it listens", || Ok(TcpStream::connect(address).map(|_| ())))
}

/// PostgreSQL that takes nobody without TLS and a password.
fn postgresql() -> Tested {
    let block = Block::claim()?;
    let there = at(block.loopback(), 5432);
    let place = folder()?;
    let file = |name: &str| place.path().join(name);
    let (data, password, rules) = (file("data"), file("password"), file("hba"));
    fs::create_dir(&data)?;
    give_away(&data)?;
    secret(&password, "s3cret\n")?;
    fs::write(&rules, "hostssl all all 0.0.0.0/0 scram-sha-256\n")?;
    let identity = Identity::of(&block.loopback().to_string())?;
    let (certificate, key) = (file("server.pem"), file("server.key"));
    fs::write(&certificate, &identity.certificate)?;
    secret(&key, &identity.key)?;
    let mut makes = as_nobody(INITDB, place.path())?;
    makes.arg("-D").arg(&data).arg("--pwfile").arg(&password);
    makes.args([
        "-U",
        "sre",
        "-A",
        "scram-sha-256",
        "--no-sync",
        "--no-locale",
        "-E",
        "UTF8",
    ]);
    assert!(makes.status()?.success(), "initdb failed");
    let mut serves = as_nobody(POSTGRES, place.path())?;
    serves.arg("-D").arg(&data);
    for (name, value) in [
        ("listen_addresses", block.loopback().to_string()),
        ("hba_file", rules.display().to_string()),
        ("ssl_cert_file", certificate.display().to_string()),
        ("ssl_key_file", key.display().to_string()),
        ("ssl", "on".to_owned()),
        ("unix_socket_directories", String::new()),
        ("fsync", "off".to_owned()),
    ] {
        serves.arg("-c").arg(format!("{name}={value}"));
    }
    let log = file("log");
    let _serves = Database(Guarded::start(serves.stderr(File::create(&log)?))?);
    // It listens before it takes anybody.
    eventually("PostgreSQL has started", || {
        let says = fs::read_to_string(&log)?;
        let ready = says.contains("ready to accept connections");
        Ok(ready.then_some(()).ok_or(says))
    })?;

    let target = format!("postgres://sre@{there}/postgres");
    let ca = certificate.to_str().ok_or("a path of plain text")?;
    survives(&target, &["--ca", ca], "s3cret")?;
    let refused = |target: &str, more: &[&str], password: &str, says: &str| -> Tested {
        let mut command = tcplull(["probe", target, "--up-to", "2s"]);
        command.args(more).env("PGPASSWORD", password);
        finish_within(BOUND, &mut command, "")?.refused(3, &[says]);
        Ok(())
    };
    let says = "password authentication failed";
    refused(&target, &["--ca", ca], "wrong", says)?;
    let open = format!("{target}?sslmode=disable");
    refused(&open, &[], "s3cret", "no encryption")
}

/// PostgreSQL, which leaves a segment of shared memory behind when it is killed.
struct Database(Guarded);

impl Drop for Database {
    fn drop(&mut self) {
        // One that has ended already has none.
        let _ = self.0.signal(Signal::SIGINT);
        self.0.wait_within(Duration::from_secs(10));
    }
}

fn mosquitto() -> Tested {
    let block = Block::claim()?;
    let host = block.loopback();
    let identity = Identity::of(&host.to_string())?;
    let place = folder()?;
    let file = |name: &str| place.path().join(name);
    let (certificate, key, settings) = (file("server.pem"), file("server.key"), file("conf"));
    fs::write(&certificate, &identity.certificate)?;
    secret(&key, &identity.key)?;
    // What is said of a listener stands below it.
    let all = format!(
        "per_listener_settings true\n\
         listener 1883 {host}\nallow_anonymous true\n\
         listener 8883 {host}\nallow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n\
         listener 1884 {host}\nallow_anonymous false\n",
        certificate = certificate.display(),
        key = key.display(),
    );
    fs::write(&settings, all)?;
    let mut broker = as_nobody(MOSQUITTO, place.path())?;
    let _broker = Guarded::start(broker.arg("-c").arg(&settings))?;
    for port in [1883, 8883, 1884] {
        listens(at(host, port))?;
    }
    let ca = certificate.to_str().ok_or("a path of plain text")?;
    survives(&format!("{host}:1883"), &[], "")?;
    survives(&format!("mqtts://{host}"), &["--ca", ca], "")?;
    probe(&[&format!("mqtt://{host}:1884")])?.refused(3, &["wants a login"]);
    Ok(())
}
