//! The API of a running daemon: what its document says is there, and what is there is as it says.

use crate::common::net::{Pair, routed};
use crate::common::place::{place_in, watched_network, watching};
use crate::common::run::{NOBODY, finish, for_others, is_answered, tcplull};
use crate::common::{Test, Tested, eventually};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonschema::Validator;
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::testbed::Daemon;
use monitor_lab::testbed::http::{Reply, get, get_on};
use monitor_lab::testbed::run::Ended;
use monitor_lab::testbed::wait::BOUND;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "every_documented_resource_answers_as_its_schema_says",
        documented,
    ),
    Test::as_root(
        "over_tcp_the_whole_api_is_there_where_asked_for_and_addresses_for_who_is_known",
        over_tcp,
    ),
    Test::as_root("ten_open_pages_cost_one_sweep", shared),
    Test::as_root("commands_ask_a_daemon_elsewhere", from_elsewhere),
    Test::as_root("a_group_that_is_let_in_may_ask_and_nobody_else", group),
    Test::anywhere(
        "another_version_is_told_in_one_line_and_shown",
        another_version,
    ),
    Test::anywhere(
        "a_list_asks_for_what_it_shows_and_of_an_older_daemon_for_all",
        asked_for,
    ),
    Test::anywhere("who_speaks_no_http_is_named_in_one_line", no_http),
];

const LINES: &str = "application/x-ndjson";

/// The document of a daemon's API.
struct Document(Value);

impl Document {
    fn of(daemon: &Daemon) -> Result<Self, Failed> {
        let reply = get_on(&daemon.place().socket(), "/api/v1/openapi.json", "*/*")?;
        assert_eq!(reply.status, 200, "{reply:?}");
        Ok(Self(serde_json::from_str(&reply.body)?))
    }

    /// Every path.
    fn paths(&self) -> Vec<&str> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.map(|(path, _)| path.as_str()).collect()
    }

    /// Holds a reply to what is said of this path.
    fn holds(&self, path: &str, reply: &Reply) -> Tested {
        let answer = &self.0["paths"][path]["get"]["responses"][reply.status.to_string()];
        assert!(answer.is_object(), "{path} says nothing of {reply:?}");
        let contents = answer["content"].as_object().ok_or("no content")?;
        let kind = |kind: &&String| reply.head.contains(&format!("content-type: {kind}\r\n"));
        let kind = contents.keys().find(kind);
        let kind =
            kind.ok_or_else(|| format!("{path}: {contents:?} has not the kind of {reply:?}"))?;
        assert!(reply.head.contains("tcplull-version: "), "{reply:?}");
        let schema = &contents[kind]["schema"];
        match kind.as_str() {
            LINES => reply
                .body
                .lines()
                .try_for_each(|line| self.validates(schema, line)),
            "application/json" => self.validates(schema, &reply.body),
            _ => Ok(()),
        }
    }

    fn validates(&self, schema: &Value, text: &str) -> Tested {
        let mut whole = schema.clone();
        whole["components"] = self.0["components"].clone();
        let options = jsonschema::options().should_validate_formats(true);
        let validator: Validator = options.build(&whole)?;
        let value: Value = serde_json::from_str(text)?;
        let wrong: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}: {text}");
        Ok(())
    }
}

fn documented() -> Tested {
    let (files, network) = (tempfile::tempdir()?, routed()?);
    let settings = format!(
        "{}[history]\ndir = {:?}\n",
        watching(&network.block, "quiet", "1s"),
        files.path().join("history")
    );
    let daemon = Daemon::start(&place_in(&network.block, &settings)?, &[])?;
    let document = Document::of(&daemon)?;
    let findings = Findings::of(&daemon.place().socket())?;
    let pair = Pair::across(&network)?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    eventually("the silence is a ticket", || {
        let reply = get_on(&daemon.place().socket(), "/api/v1/alerts", LINES)?;
        Ok((!reply.body.is_empty()).then_some(()).ok_or("no alert"))
    })?;
    for line in findings.first(2)? {
        document.validates(&json!({ "$ref": "#/components/schemas/finding-1" }), &line)?;
    }
    let ask = |path: &str, accept: &str| get_on(&daemon.place().socket(), path, accept);
    let local = pair.client_address()?;
    let one = format!("/api/v1/connections?filter=local%20{local}");
    let one = ask(&one, LINES)?;
    assert_eq!(one.body.lines().count(), 1, "{one:?}");
    assert!(
        one.body.contains(&format!("\"local\":\"{local}\"")),
        "{one:?}"
    );
    let none = ask("/api/v1/connections?filter=idel%20%3E%203m", LINES)?;
    assert_eq!(none.status, 400, "{none:?}");
    assert!(none.body.contains("did you mean idle"), "{none:?}");
    let row: Value = serde_json::from_str(&one.body)?;
    let id = row["connection"]["id"].as_str().ok_or("no id")?.to_owned();
    let mut asked = 0;
    for path in document.paths() {
        let get = &document.0["paths"][path]["get"];
        if get.is_null() {
            // It is told something: `cut.rs` and `heal.rs` do.
            let told = ["/api/v1/cuts", "/api/v1/heal/stop"];
            assert!(told.contains(&path), "{path}");
            continue;
        }
        if path == "/api/v1/findings" {
            asked += 1;
            continue;
        }
        let asks = path.replace("{id}", &id);
        assert!(!asks.contains('{'), "say here what {path} is to be asked");
        let contents = get["responses"]["200"]["content"]
            .as_object()
            .ok_or("no content")?;
        for kind in contents.keys() {
            let reply = ask(&asks, kind)?;
            assert_eq!(reply.status, 200, "{path}: {reply:?}");
            assert!(
                reply.head.contains(&format!("content-type: {kind}\r\n")),
                "{reply:?}"
            );
            assert!(!reply.body.is_empty(), "{path} as {kind}");
            document.holds(path, &reply)?;
        }
        asked += 1;
    }
    assert!(asked >= 8, "{asked}");
    for (path, status) in [
        ("/api/v1/connections?limit=1", 200),
        ("/api/v1/connections?limit=many", 400),
        ("/api/v1/connections?sort=sideways", 400),
        ("/api/v1/connections?limits=1", 400),
        ("/api/v1/connections/{id}", 404),
        ("/api/v1/findings?since=1h", 400),
        ("/api/v1/alerts?x", 400),
    ] {
        let reply = ask(path, "*/*")?;
        assert_eq!(reply.status, status, "{path}: {reply:?}");
        let path = path.split('?').next().unwrap_or_default();
        document.holds(path, &reply)?;
    }
    let first = ask("/api/v1/connections?limit=1", LINES)?;
    assert_eq!(first.body.lines().count(), 1, "{first:?}");
    let first = ask("/api/v1/connections?sort=left&limit=1", LINES)?;
    document.holds("/api/v1/connections", &first)?;
    let lines: Vec<&str> = first.body.lines().collect();
    assert!(
        matches!(lines[..], [_, last] if last.contains("\"left_out\":")),
        "both ends are there: {first:?}"
    );
    Ok(())
}

/// What ten pages that show the same, or each something else, ask for: over and over, and nobody waits.
fn shared() -> Tested {
    let (network, daemon) = watched_network("quiet", "300s", &[])?;
    let pair = Pair::across(&network)?;
    let local = pair.client_address()?;
    let socket = &daemon.place().socket();
    let list =
        format!("/api/v1/connections?sort=-verdict&limit=500&max_age=4&filter=local%20{local}");
    let swept = |sweep| daemon.metric("lists_total", &[("sweep", sweep)]);
    let round = |asked: &(dyn Fn(usize) -> String + Sync)| -> Tested {
        thread::scope(|scope| {
            let ask = |page| scope.spawn(move || get_on(socket, &asked(page), LINES));
            let pages: Vec<_> = (0..10).map(ask).collect();
            for page in pages {
                let reply = page.join().map_err(|_| "a page panicked")??;
                assert_eq!(reply.status, 200, "{reply:?}");
                assert!(reply.body.contains(&local.to_string()), "{reply:?}");
                let age = reply
                    .head
                    .lines()
                    .find_map(|line| line.strip_prefix("age: "));
                let age: u64 = age.ok_or("no age")?.parse()?;
                assert!(age <= BOUND.as_secs(), "{reply:?}");
            }
            Ok(())
        })
    };
    let same = |_: usize| list.clone();
    let other = |page: usize| format!("{list}%20and%20not%20port%20{}", page + 1);
    // The first of each is asked for while others of them are looked for.
    round(&same)?;
    round(&other)?;
    let begun = Instant::now();
    let (own, from_others) = (swept("own")?, swept("shared")?);
    for _ in 0..5 {
        round(&same)?;
        round(&other)?;
    }
    let own = swept("own")? - own;
    // One at the beginning, and one each time that the last is 4 s old.
    let most = 1.0 + (begun.elapsed().as_secs_f64() / 4.0).ceil();
    assert!(own <= most, "{own} sweeps, and not {most}");
    assert_eq!(own + swept("shared")? - from_others, 100.0);
    // Who does not say how old it may be has a sweep.
    let before = swept("own")?;
    let reply = get_on(socket, &list.replace("&max_age=4", ""), LINES)?;
    assert!(!reply.head.contains("\nage: "), "{reply:?}");
    assert_eq!(swept("own")?, before + 1.0);
    Ok(())
}

/// Findings as they come.
struct Findings(BufReader<UnixStream>);

impl Findings {
    fn of(socket: &Path) -> Result<Self, Failed> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(BOUND))?;
        stream.write_all(b"GET /api/v1/findings HTTP/1.0\r\n\r\n")?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        // Once the head has come it has begun.
        while line != "\r\n" {
            line.clear();
            assert!(reader.read_line(&mut line)? > 0, "no head");
        }
        Ok(Self(reader))
    }

    fn first(self, count: usize) -> Result<Vec<String>, Failed> {
        Ok(self.0.lines().take(count).collect::<Result<_, _>>()?)
    }
}

/// An answer over TCP, whole; with a user's name and password.
fn get_as(address: SocketAddr, path: &str, user: &str, accept: &str) -> Result<String, Failed> {
    let mut stream = TcpStream::connect_timeout(&address, BOUND)?;
    stream.set_read_timeout(Some(BOUND))?;
    let login = STANDARD.encode(user);
    write!(
        stream,
        "GET {path} HTTP/1.0\r\naccept: {accept}\r\nauthorization: Basic {login}\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn over_tcp() -> Tested {
    let (network, daemon) = watched_network("quiet", "1s", &[])?;
    let address = daemon.place().listen();
    for path in [
        "/api/v1/connections",
        "/api/v1/findings",
        "/api/v1/agent",
        "/api/v1/openapi.json",
    ] {
        assert_eq!(get(address, path)?.0, 404, "{path}");
    }
    let asked = get_as(address, "/api/v1/alerts?x=1", ":", LINES)?;
    assert!(asked.contains("\"status\":\"success\""), "{asked}");
    drop(daemon);

    let (network, daemon) = {
        drop(network);
        watched_network("quiet", "1s", &["--web.api"])?
    };
    let pair = Pair::across(&network)?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    let address = daemon.place().listen();
    for path in [
        "/api/v1/connections",
        "/api/v1/connections/1",
        "/api/v1/findings",
    ] {
        let (status, text) = get(address, path)?;
        assert_eq!(status, 403, "{path}: {text}");
        assert!(text.contains("--web.config.file"), "{text}");
    }
    assert_eq!(get(address, "/api/v1/agent")?.0, 200);
    let client = pair.client_address()?.to_string();
    eventually("the alert is told without addresses", || {
        let alerts = get_as(address, "/api/v1/alerts", ":", LINES)?;
        assert!(!alerts.contains(&client), "{alerts}");
        Ok(alerts
            .contains("tcplull.alert/1")
            .then_some(())
            .ok_or(alerts))
    })?;
    daemon.stop()?;

    Ok(())
}

/// Commands ask by name, password and the authority of the certificate.
fn from_elsewhere() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, "")?;
    let address = place.listen();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let authority = params.self_signed(&authority_key)?;
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate()?;
    let server = CertificateParams::new(vec![address.ip().to_string()])?;
    let server = server.signed_by(&key, &issuer)?;
    let hash = bcrypt::hash_with_salt("secret", 4, [7; 16])?;
    let users = format!("basic_auth_users:\n  sre: {hash}\n");
    let tls = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    for (name, text) in [
        ("server.crt", server.pem()),
        ("server.key", key.serialize_pem()),
        ("ca.pem", authority.pem()),
        ("password", "secret\n".to_owned()),
        ("wrong", "secre\n".to_owned()),
        ("plain.yml", users.clone()),
        ("tls.yml", tls.to_owned() + &users),
    ] {
        fs::write(place.path(name), text)?;
    }
    let file = |name: &str| place.path(name).display().to_string();
    let [password, wrong, ca] = ["password", "wrong", "ca.pem"].map(file);
    let login = ["--host-user", "sre", "--host-password-file"];
    for (scheme, web) in [("http", "plain.yml"), ("https", "tls.yml")] {
        let flags = ["--web.api", "--web.config.file", &file(web)];
        // Where a file is wrong it does not start, and where TLS is spoken it is asked for health by that.
        let mut daemon = Daemon::spawn(&place, "json", &flags)?;
        let host = format!("{scheme}://{address}");
        let ask = |more: &[&str]| -> Result<Ended, Failed> {
            let mut command = tcplull(["ls", "--json", "--host", &host]);
            if scheme == "https" {
                command.args(["--host-ca", &ca]);
            }
            Ok(finish(command.args(more))?)
        };
        let known = [&login[..], &[&password]].concat();
        eventually("it is asked", || {
            let ended = ask(&known)?;
            Ok(is_answered(&ended)
                .then_some(())
                .ok_or(format!("{ended:?} {}", daemon.wrote())))
        })?;
        ask(&[])?.refused(3, &[&host, "--host-user"]);
        ask(&[&login[..], &[&wrong]].concat())?.refused(3, &[&host, "--host-user"]);
        ask(&[&login[..], &["/nonexistent"]].concat())?
            .refused(3, &["--host-password-file", "/nonexistent"]);
        ask(&["--timeout", "4s"])?.refused(2, &["--host"]);
        let mut alerts = tcplull(["alerts", "--host", &host, "--host-ca", &ca]);
        let alerts = finish(alerts.args(&known))?;
        assert!(is_answered(&alerts), "{alerts:?}");
        if scheme == "https" {
            let untrusted = finish(tcplull(["ls", "--host", &host]).args(&known))?;
            untrusted.refused(3, &[&host, "--host-ca"]);
        }
        daemon.end(BOUND)?;
    }
    let gone = format!("http://{address}");
    finish(&mut tcplull(["ls", "--host", &gone]))?.refused(3, &[&gone, "--host"]);
    for (url, part) in [
        ("node-7:9469", "http:// or https://"),
        ("http://sre:secret@node-7", "password"),
        ("unix:relative", "whole path"),
    ] {
        let ended = finish(&mut tcplull(["watch", "--host", url]))?;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{ended:?} lacks {part}");
    }
    let socket = format!("unix:{}", place.socket().display());
    finish(&mut tcplull(["ls", "--host", &socket]))?.refused(3, &["no tcplull answers"]);
    Ok(())
}

fn group() -> Tested {
    let block = Block::claim()?;
    let place = place_in(&block, &format!("socket_group = \"{NOBODY}\"\n"))?;
    let _daemon = Daemon::start(&place, &[])?;
    fs::set_permissions(place.path("."), Permissions::from_mode(0o755))?;
    let mode = fs::metadata(place.socket())?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o660);
    let (_directory, binary) = for_others()?;
    let ask = |user: u32, group: u32| -> Result<Ended, Failed> {
        let mut command = Command::new(&binary);
        command
            .args(["alerts", "--json", "--socket"])
            .arg(place.socket());
        Ok(finish(command.uid(user).gid(group).current_dir("/"))?)
    };
    let within = ask(NOBODY, NOBODY)?;
    assert!(is_answered(&within), "{within:?}");
    ask(NOBODY, NOBODY - 1)?.refused(3, &["may not ask", "socket_group"]);
    let missing = place.path("other.sock").display().to_string();
    let flags = ["--socket", &missing, "--socket-group", "no-such-group"];
    finish(place.command().args(flags))?.refused(3, &["no group no-such-group", "--socket-group"]);
    Ok(())
}

/// What `tcplull ls` says where this is answered on its socket.
fn answered(answer: &'static [u8]) -> Result<Ended, Failed> {
    let place = tempfile::tempdir()?;
    let socket = place.path().join("tcplull.sock");
    let listener = UnixListener::bind(&socket)?;
    let answers = thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        assert!(stream.read(&mut [0; 4096])? > 0);
        stream.write_all(answer)
    });
    let ended = finish(tcplull(["ls", "--json", "--socket"]).arg(&socket))?;
    answers.join().map_err(|_| "the other end broke")??;
    Ok(ended)
}

fn another_version() -> Tested {
    let ended = answered(
        b"HTTP/1.1 200 OK\r\ntcplull-version: 9.9.9\r\n\r\n{\"schema\":\"tcplull.connection/9\",\"new\":true}\n",
    )?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        ended.stdout,
        "{\"schema\":\"tcplull.connection/9\",\"new\":true}\n"
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("the daemon 9.9.9"), "{ended:?}");
    Ok(())
}

fn asked_for() -> Tested {
    let row = |port: u16| {
        let connection = json!({
            "id": format!("1-{port}"), "flow_id": format!("{port}"), "family": "ipv4",
            "local": format!("10.0.0.1:{port}"), "remote": "10.0.0.2:443", "netns": 1, "role": "client",
        });
        let keepalive = json!({
            "enabled": false, "time_seconds": null, "interval_seconds": null, "probes": null,
        });
        let mut row = json!({
            "schema": "tcplull.connection/1", "connection": connection, "keepalive": keepalive, "owner": {},
            "state": "established", "silence": "ok",
        });
        for idle in [
            "payload_idle_seconds",
            "packet_idle_seconds",
            "packet_idle_at_most_seconds",
        ] {
            row[idle] = 1.0.into();
        }
        for unknown in ["path", "timeout_seconds", "clock"] {
            row[unknown] = Value::Null;
        }
        row
    };
    let all: Vec<String> = (5001..=5004).map(|port| row(port).to_string()).collect();
    let answer = |status: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\ntcplull-version: {}\r\ncontent-length: {}\r\n\r\n{body}",
            env!("CARGO_PKG_VERSION"),
            body.len()
        )
    };
    let refusal = json!({ "schema": "tcplull.error/1", "error": "unknown field `filter`" });
    let refused = answer("400 Bad Request", &format!("{refusal}\n"));
    let everything = answer("200 OK", &(all.join("\n") + "\n"));
    let cut = r#"{"schema":"tcplull.error/1","error":"1 connections shown, 7 more left out","left_out":7}"#;
    let first = answer("200 OK", &format!("{}\n{cut}\n", all[3]));
    let flags = ["--filter", "local-port >= 5002 and not port 5003"];
    let narrow = "GET /api/v1/connections?filter=";
    let whole = "GET /api/v1/connections HTTP/1.1";
    let shown = [&all[1], &all[3]].map(String::as_str);
    // Who ignores what it is asked for, and who refuses it; who is asked for so many gets one more, to tell that there are more.
    for (answers, more, requests, rows, remarks) in [
        (vec![&everything], vec![], vec![narrow], &shown[..], ""),
        (
            vec![&refused, &everything],
            vec![],
            vec![narrow, whole],
            &shown[..],
            "",
        ),
        (
            vec![&refused, &everything],
            vec!["--verbose"],
            vec![narrow, whole],
            &shown[..],
            "cannot choose: unknown field",
        ),
        (
            vec![&everything],
            vec!["--limit", "1"],
            vec!["port+5003&limit=2 HTTP"],
            &shown[..1],
            "1 are shown, more are left out",
        ),
        (
            vec![&refused, &everything],
            vec!["--limit", "1"],
            vec!["limit=2", whole],
            &shown[..1],
            "1 are shown, 1 more are left out",
        ),
        (
            vec![&everything],
            vec!["--limit", "1", "--sort", "-local"],
            vec!["port+5003&sort=-local&limit=1 HTTP"],
            &shown[1..],
            "1 more are left out",
        ),
        (
            vec![&first],
            vec!["--limit", "1", "--sort", "-local"],
            vec!["port+5003&sort=-local&limit=1 HTTP"],
            &shown[1..],
            "the first 1 by -local are shown, 7 more are left out",
        ),
        (
            vec![&first],
            vec!["--sort", "-local"],
            vec!["port+5003&sort=-local HTTP"],
            &shown[1..],
            "the first 1 by -local are shown, 7 more are left out",
        ),
        (
            vec![&refused, &everything],
            vec!["--limit", "1", "--sort", "-local"],
            vec!["&sort=-local&limit=1", whole],
            &shown[1..],
            "the first 1 by -local are shown, 1 more are left out",
        ),
        // More than a daemon puts in order.
        (
            vec![&everything],
            vec!["--limit", "20000", "--sort", "local"],
            vec!["port+5003 HTTP"],
            &shown[..],
            "",
        ),
    ] {
        let place = tempfile::tempdir()?;
        let socket = place.path().join("tcplull.sock");
        let listener = UnixListener::bind(&socket)?;
        let answers: Vec<String> = answers.into_iter().cloned().collect();
        let serving = thread::spawn(move || -> std::io::Result<Vec<String>> {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept()?;
                let mut request = [0; 4096];
                let read = stream.read(&mut request)?;
                asked.push(String::from_utf8_lossy(&request[..read]).into_owned());
                stream.write_all(answer.as_bytes())?;
            }
            Ok(asked)
        });
        let mut ls = tcplull(["ls", "--json", "--socket"]);
        let ended = finish(ls.arg(&socket).args(flags).args(&more))?;
        let asked = serving.join().map_err(|_| "the other end broke")??;
        let ids = |line: &str| -> Result<Value, serde_json::Error> {
            Ok(serde_json::from_str::<Value>(line)?["connection"]["id"].clone())
        };
        let found: Vec<_> = ended.stdout.lines().map(ids).collect::<Result<_, _>>()?;
        let expected: Vec<_> = rows
            .iter()
            .map(|line| ids(line))
            .collect::<Result<_, _>>()?;
        assert_eq!(found, expected, "{ended:?}");
        assert!(ended.stderr.contains(remarks), "{ended:?}");
        assert!(ended.stderr.lines().count() <= 1, "{ended:?}");
        assert_eq!(ended.stderr.is_empty(), remarks.is_empty(), "{ended:?}");
        for (asked, part) in asked.iter().zip(requests) {
            assert!(asked.contains(part), "{asked} lacks {part}");
        }
    }
    Ok(())
}

fn no_http() -> Tested {
    let this = format!("process {}", std::process::id());
    answered(b"{\"error\":\"bad request: expected value; send a line\"}\n")?
        .refused(3, &[&this, "not by HTTP", "restart it"]);
    answered(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?
        .refused(3, &[&this, "no tcplull", "--socket"]);
    Ok(())
}
