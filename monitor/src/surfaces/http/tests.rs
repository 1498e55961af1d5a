//! The server as its clients meet it, over real sockets.

use super::*;
use crate::surfaces::api::{AlertQuery, Api, ApiSource, ConnectionQuery, Feed, LONGEST_HEAD, Rows};
use crate::text::tests::{agent, row};
use monitor_model::alert::Alert;
use monitor_model::api::AgentState;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

#[derive(Default)]
pub(super) struct Daemon {
    sweeping: AtomicBool,
    metrics: String,
}

impl ApiSource for Daemon {
    fn metrics(&self) -> Result<String, String> {
        Ok(format!("# metrics\n{}", self.metrics))
    }

    fn ready(&self) -> Result<String, String> {
        if self.sweeping.load(Ordering::Relaxed) {
            Ok("ready".to_owned())
        } else {
            Err("no sweep has completed yet".to_owned())
        }
    }

    fn alerts(&self, _: &AlertQuery) -> Vec<Alert> {
        vec![crate::text::tests::firing()]
    }

    fn connections(&self, asked: &ConnectionQuery) -> Result<Rows, String> {
        Ok(Rows::new([row()]).first(asked.limit))
    }

    fn agent(&self) -> AgentState {
        agent()
    }
}

pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) counters: Arc<HttpCounters>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// Plain HTTP for anybody, on a free port.
pub(super) fn plain() -> HttpOptions {
    HttpOptions::plain("127.0.0.1:0".parse().unwrap(), AllowedHosts::default())
}

async fn start(daemon: Arc<Daemon>) -> Running {
    start_with(daemon, plain()).await
}

pub(super) async fn start_with(daemon: Arc<Daemon>, options: HttpOptions) -> Running {
    let server = HttpServer::bind(options).unwrap();
    let (address, counters) = (server.addresses()[0], server.counters());
    let (stop, stopped) = oneshot::channel::<()>();
    let api = Api::new(daemon, Feed::default(), Arc::default());
    let server = tokio::spawn(server.serve(api, async {
        let _ = stopped.await;
    }));
    Running {
        address,
        counters,
        stop,
        server,
    }
}

impl Running {
    /// How many requests and handshakes were refused for this reason.
    pub(super) fn refused(&self, why: &str) -> u64 {
        let refused = self.counters.refused();
        refused
            .filter(|(name, _)| *name == why)
            .map(|(_, count)| count)
            .sum()
    }
}

/// The whole answer to `request`, head and body.
pub(super) async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(super) async fn get(address: SocketAddr, path: &str) -> String {
    ask(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    )
    .await
}

#[tokio::test]
async fn every_page_answers() {
    let running = start(Arc::default()).await;
    let landing = get(running.address, "/").await;
    assert!(landing.starts_with("HTTP/1.1 200"), "{landing}");
    for part in ["/metrics", "/healthz", "/readyz", env!("CARGO_PKG_VERSION")] {
        assert!(landing.contains(part), "{landing}");
    }
    for header in [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(landing.contains(header), "{header}: {landing}");
    }
    let metrics = get(running.address, "/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
    assert!(
        metrics.contains("content-type: text/plain; version=0.0.4"),
        "{metrics}"
    );
    assert!(metrics.ends_with("\r\n\r\n# metrics\n"), "{metrics}");
    let health = get(running.address, "/healthz").await;
    assert!(
        health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"),
        "{health}"
    );
    let alerts = get(running.address, "/api/v1/alerts").await;
    assert!(alerts.starts_with("HTTP/1.1 200"), "{alerts}");
    assert!(
        alerts.contains("content-type: application/json"),
        "{alerts}"
    );
    assert!(
        alerts.contains("{\"status\":\"success\",\"data\""),
        "{alerts}"
    );
    let missing = get(running.address, "/nothing").await;
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
    let posted = ask(
        running.address,
        "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
}

#[tokio::test]
async fn ready_only_while_sweeping_and_otherwise_with_the_reason() {
    let daemon = Arc::new(Daemon::default());
    let running = start(Arc::clone(&daemon)).await;
    let not_ready = get(running.address, "/readyz").await;
    assert!(not_ready.starts_with("HTTP/1.1 503"), "{not_ready}");
    assert!(
        not_ready.ends_with("no sweep has completed yet\n"),
        "{not_ready}"
    );
    daemon.sweeping.store(true, Ordering::Relaxed);
    let ready = get(running.address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
}

#[tokio::test]
async fn rubbish_and_endless_heads_are_turned_away_and_the_next_request_served() {
    let running = start(Arc::default()).await;
    let rubbish = ask(running.address, "\u{1}\u{2}\r\n\r\n").await;
    assert!(rubbish.starts_with("HTTP/1.1 400"), "{rubbish}");
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(2 * LONGEST_HEAD));
    // The server may have closed before it took all; that is what is wanted.
    let _ = stream.write_all(long.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    assert!(get(running.address, "/healthz").await.ends_with("ok\n"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_asks_is_dropped() {
    let running = start(Arc::default()).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    silent.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut answer = Vec::new();
    silent.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

/// Far more than any room holds.
const MANY: usize = 300;

#[tokio::test]
async fn among_many_clients_that_never_ask_each_that_does_is_answered() {
    let running = start(Arc::default()).await;
    let mut idle = Vec::new();
    for _ in 0..MANY {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(b"G").await.unwrap();
        idle.push(stream);
    }
    for path in ["/healthz", "/metrics", "/"] {
        let answer = get(running.address, path).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let cut: u64 = running.counters.cut().map(|(_, count)| count).sum();
    assert!((1..=MANY as u64).contains(&cut), "{cut}");
    let mut answer = Vec::new();
    idle[0].read_to_end(&mut answer).await.unwrap_or_default();
    assert_eq!(answer, b"", "the slowest is cut");
}

#[tokio::test]
async fn clients_that_read_no_answer_keep_nobody_from_one() {
    let daemon = Arc::new(Daemon {
        // More than any socket takes at once.
        metrics: "x".repeat(32 << 20),
        ..Daemon::default()
    });
    let running = start(daemon).await;
    let mut unread = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        unread.push(stream);
    }
    assert!(get(running.address, "/healthz").await.ends_with("ok\n"));
    let whole = get(running.address, "/metrics").await;
    assert!(whole.len() > 32 << 20, "{}", whole.len());
    let counted = running.counters.cut();
    let pages = counted.filter(|(labels, _)| *labels == ["share", "pages"]);
    let cut: u64 = pages.map(|(_, count)| count).sum();
    assert!(cut >= 24, "{cut}");
}

#[tokio::test]
async fn another_hosts_name_is_refused_whatever_the_route() {
    let running = start(Arc::default()).await;
    for path in ["/", "/metrics", "/readyz", "/api/v1/alerts", "/nothing"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: evil.example:80\r\n\r\n");
        let answer = ask(running.address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
        assert!(answer.contains("allowed_hosts"), "{answer}");
        assert!(!answer.contains("evil"), "{answer}");
    }
    assert_eq!(running.refused("host"), 5);
}

#[tokio::test]
async fn it_stops_when_told() {
    let running = start(Arc::default()).await;
    running.stop.send(()).unwrap();
    running.server.await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_remedy() {
    let on = |address| HttpServer::bind(HttpOptions::plain(address, AllowedHosts::default()));
    let first = on("127.0.0.1:0".parse().unwrap()).unwrap();
    let taken = first.addresses()[0];
    let message = on(taken).err().unwrap().to_string();
    assert!(message.contains(&taken.to_string()), "{message}");
    assert!(message.contains("--listen"), "{message}");
    let foreign = on("192.0.2.1:0".parse().unwrap()).err().unwrap();
    assert!(
        matches!(foreign, HttpError::NoSuchAddress { .. }),
        "{foreign}"
    );
}

#[tokio::test]
async fn every_address_is_listened_on() {
    let options = HttpOptions {
        addresses: vec!["127.0.0.1:0".parse().unwrap(), "[::]:0".parse().unwrap()],
        ..plain()
    };
    let server = HttpServer::bind(options).unwrap();
    let addresses = server.addresses();
    assert!(server.telemetry().contains(" and http://[::]:"));
    let api = Api::new(Arc::<Daemon>::default(), Feed::default(), Arc::default());
    let _server = tokio::spawn(server.serve(api, std::future::pending()));
    let port = addresses[1].port();
    // All addresses of the host are those of IPv4 too.
    for address in [addresses[0], ([127, 0, 0, 1], port).into()] {
        assert!(
            get(address, "/healthz").await.ends_with("ok\n"),
            "{address}"
        );
    }
}

#[tokio::test]
async fn metrics_are_where_they_are_said_to_be() {
    let options = HttpOptions {
        telemetry_path: "/tcplull/metrics".to_owned(),
        ..plain()
    };
    let running = start_with(Arc::default(), options).await;
    let landing = get(running.address, "/").await;
    assert!(landing.contains("\"/tcplull/metrics\""), "{landing}");
    let metrics = get(running.address, "/tcplull/metrics").await;
    assert!(metrics.ends_with("# metrics\n"), "{metrics}");
    let missing = get(running.address, "/metrics").await;
    assert!(missing.starts_with("HTTP/1.1 404"), "{missing}");
    let options = HttpOptions {
        telemetry_path: "/".to_owned(),
        ..plain()
    };
    let running = start_with(Arc::default(), options).await;
    let metrics = get(running.address, "/").await;
    assert!(metrics.ends_with("# metrics\n"), "{metrics}");
}

#[tokio::test]
async fn a_file_of_the_page_is_sent_once() {
    let running = start(Arc::default()).await;
    let address = running.address;
    let asked = |method: &str, path: &str, more: &str| {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
        async move { ask(address, &request).await }
    };
    let script = asked("GET", "/page/main.js", "").await;
    assert!(script.starts_with("HTTP/1.1 200"), "{script}");
    for part in [
        "content-type: text/javascript; charset=utf-8",
        "content-security-policy: default-src 'none'",
        "cache-control: no-cache",
        "import ",
    ] {
        assert!(script.contains(part), "{part}: {script}");
    }
    let tag = script
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap();
    for tags in [tag.to_owned(), format!("\"other\", W/{tag}")] {
        let again = asked(
            "GET",
            "/page/main.js",
            &format!("If-None-Match: {tags}\r\n"),
        )
        .await;
        assert!(again.starts_with("HTTP/1.1 304"), "{again}");
        assert!(
            again.contains(tag) && again.ends_with("\r\n\r\n"),
            "{again}"
        );
    }
    let older = asked("GET", "/page/main.js", "If-None-Match: \"other\"\r\n").await;
    assert!(older.starts_with("HTTP/1.1 200"), "{older}");
    let head = asked("HEAD", "/page/page.css", "").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    let posted = asked("POST", "/page/main.js", "").await;
    assert!(
        posted.starts_with("HTTP/1.1 405") && posted.contains("allow: GET,HEAD"),
        "{posted}"
    );
    let none = asked("GET", "/page/../main.js", "").await;
    assert!(none.starts_with("HTTP/1.1 404"), "{none}");
    let foreign = ask(
        address,
        "GET /page/main.js HTTP/1.1\r\nHost: other.example\r\n\r\n",
    )
    .await;
    assert!(foreign.starts_with("HTTP/1.1 421"), "{foreign}");
}
