//! A server as its clients meet it, over a real socket.

use super::*;
use crate::client::{Answer, Client, ClientError, Host, Question};
use crate::config::SocketGroup;
use crate::surfaces::api::testing::SoMany;
use crate::surfaces::api::{Api, ApiCounters, Feed, LONGEST_HEAD};
use crate::surfaces::sink::Sink;
use crate::text::tests::{blackholed, row};
use monitor_model::finding::Finding;
use monitor_model::listing::ConnectionRow;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn connections() -> Question {
    Question::list("/api/v1/connections")
}

fn findings() -> Question {
    Question::stream("/api/v1/findings")
}

struct Running {
    dir: TempDir,
    feed: Feed,
    counters: Arc<ApiCounters>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Running {
    fn start(connections: usize, feed: Feed) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = InspectServer::bind(&dir.path().join("run/tcplull.sock"), None).unwrap();
        let counters = Arc::<ApiCounters>::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let api = Api::new(
            Arc::new(SoMany(connections)),
            feed.clone(),
            Arc::clone(&counters),
        );
        let server = tokio::spawn(server.serve(api, async {
            let _ = stopped.await;
        }));
        Self {
            dir,
            feed,
            counters,
            stop,
            server,
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("run/tcplull.sock")
    }

    async fn try_ask(&self, question: &Question) -> Result<Client, ClientError> {
        Client::ask(&Host::Socket(self.socket()), question).await
    }

    async fn ask(&self, question: &Question) -> Client {
        self.try_ask(question).await.unwrap()
    }

    /// The whole answer to what a client sends.
    async fn send(&self, request: &[u8]) -> String {
        let mut stream = UnixStream::connect(self.socket()).await.unwrap();
        // The server may have had enough before it took all.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.send(request.as_bytes()).await
    }
}

fn finding_in(answer: Answer) -> Finding {
    match answer {
        Answer::Row(line) => serde_json::from_str(&line).unwrap(),
        other @ Answer::Lagged(_) => panic!("no finding: {other:?}"),
    }
}

#[tokio::test]
async fn the_whole_api_is_there_and_every_answer_says_its_version() {
    let running = Running::start(2, Feed::default());
    for (path, status, part) in [
        ("/api/v1/connections", 200, "tcplull.connection/1"),
        ("/api/v1/connections?limit=1", 200, "tcplull.connection/1"),
        ("/api/v1/alerts", 200, "\"status\":\"success\""),
        ("/api/v1/agent", 200, "tcplull.agent/1"),
        ("/api/v1/openapi.json", 200, "\"openapi\":\"3.1.0\""),
        ("/metrics", 200, "# metrics"),
        ("/healthz", 200, "ok"),
        ("/readyz", 503, "no sweep has completed yet"),
        ("/", 200, "/api/v1/findings"),
        ("/api/v1/nothing", 404, "tcplull.error/1"),
        ("/nothing", 404, "not found"),
        (
            "/api/v1/connections?limits=1",
            400,
            "unknown field `limits`",
        ),
        ("/api/v1/connections?limit=-1", 400, "tcplull.error/1"),
    ] {
        let answer = running.get(path).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
        assert!(answer.contains(part), "{path}: {answer}");
        let version = concat!("tcplull-version: ", env!("CARGO_PKG_VERSION"), "\r\n");
        assert!(answer.contains(version), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_watcher_gets_every_finding_as_it_comes_and_the_end_when_the_daemon_stops() {
    let mut running = Running::start(0, Feed::default());
    let mut client = running.ask(&findings()).await;
    for gap_seconds in [1.0, 2.0] {
        let told = Finding {
            gap_seconds,
            ..blackholed()
        };
        running.feed.on_finding(&told).unwrap();
        let finding = finding_in(client.next().await.unwrap().unwrap());
        assert_eq!(finding, told);
    }
    running.stop.send(()).unwrap();
    running.server.await.unwrap();
    assert_eq!(client.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_slow_watcher_is_told_what_it_missed_and_it_is_counted() {
    let mut running = Running::start(0, Feed::with_capacity(4));
    let mut client = running.ask(&findings()).await;
    // The server has no turn between these, so they overrun the feed.
    for number in 0..10 {
        let told = Finding {
            gap_seconds: f64::from(number),
            ..blackholed()
        };
        running.feed.on_finding(&told).unwrap();
    }
    assert_eq!(client.next().await.unwrap(), Some(Answer::Lagged(6)));
    let next = finding_in(client.next().await.unwrap().unwrap());
    assert_eq!(next.gap_seconds, 6.0);
    assert_eq!(running.counters.lagged.load(Relaxed), 6);
}

#[tokio::test(start_paused = true)]
async fn what_a_watcher_misses_that_does_not_read_is_counted_while_it_does_not() {
    let mut running = Running::start(0, Feed::with_capacity(16));
    let mut client = running.ask(&findings()).await;
    const ALL: u64 = 2_000;
    for number in 0..ALL {
        running.feed.on_finding(&blackholed()).unwrap();
        if number % 8 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let lagged = || running.counters.lagged.load(Relaxed);
    let counted = async {
        while lagged() == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let minute = Duration::from_secs(60);
    tokio::time::timeout(minute, counted).await.unwrap();
    // What it has not got and is still there is no loss.
    let (mut read, mut told) = (0, 0);
    while read + told < ALL {
        match client.next().await.unwrap().unwrap() {
            Answer::Row(_) => read += 1,
            Answer::Lagged(missed) => told += missed,
        }
    }
    assert_eq!(read + told, ALL);
    assert_eq!(lagged(), told);
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_for_five_minutes_is_cut_and_counted() {
    let mut running = Running::start(20_000, Feed::with_capacity(16));
    let list = running.ask(&connections()).await;
    let watch = running.ask(&findings()).await;
    for number in 0..2_000 {
        running.feed.on_finding(&blackholed()).unwrap();
        if number % 8 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let cut = async {
        while running.counters.cut.load(Relaxed) < 2 || running.feed.watchers() > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let hour = Duration::from_secs(3_600);
    tokio::time::timeout(hour, cut).await.unwrap();
    assert_eq!(running.counters.clients.load(Relaxed), 0);
    for mut client in [list, watch] {
        let end = loop {
            match client.next().await {
                Ok(Some(_)) => {}
                end => break end,
            }
        };
        assert!(matches!(end, Err(ClientError::Cut)), "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_nothing_to_take_is_not_slow() {
    let mut running = Running::start(0, Feed::default());
    let mut client = running.ask(&findings()).await;
    tokio::time::sleep(Duration::from_secs(24 * 3_600)).await;
    running.feed.on_finding(&blackholed()).unwrap();
    assert_eq!(
        finding_in(client.next().await.unwrap().unwrap()),
        blackholed()
    );
    assert_eq!(running.counters.cut.load(Relaxed), 0);
}

#[test]
fn a_list_that_nobody_reads_holds_no_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let running = Running::start(20_000, Feed::default());
        let mut unread = Vec::new();
        for _ in 0..3 {
            let mut client = running.ask(&connections()).await;
            client.next().await.unwrap().unwrap();
            unread.push(client);
        }
        let mut rows = 0;
        let mut client = running.ask(&connections()).await;
        let all = async {
            while client.next().await.unwrap().is_some() {
                rows += 1;
            }
        };
        let read = tokio::time::timeout(Duration::from_secs(40), all).await;
        assert!(read.is_ok(), "an unread list keeps others from theirs");
        assert_eq!(rows, 20_000);
    });
}

#[tokio::test]
async fn a_watcher_that_goes_makes_room() {
    let running = Running::start(0, Feed::default());
    let client = running.ask(&findings()).await;
    assert_eq!(running.counters.clients.load(Relaxed), 1);
    drop(client);
    while running.feed.watchers() > 0 || running.counters.clients.load(Relaxed) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_list_comes_whole_and_ends() {
    let running = Running::start(1000, Feed::default());
    for (question, expected) in [
        (connections(), 1000),
        (Question::list("/api/v1/connections?limit=7"), 7),
        (Question::list("/api/v1/connections?limit=0"), 0),
    ] {
        let mut client = running.ask(&question).await;
        let mut rows = 0;
        while let Some(answer) = client.next().await.unwrap() {
            let Answer::Row(line) = answer else {
                panic!("no row: {answer:?}")
            };
            assert_eq!(serde_json::from_str::<ConnectionRow>(&line).unwrap(), row());
            rows += 1;
        }
        assert_eq!(rows, expected);
    }
}

#[tokio::test]
async fn a_list_that_fails_says_why() {
    let running = Running::start(0, Feed::default());
    let error = running.try_ask(&connections()).await.unwrap_err();
    assert_eq!(error.to_string(), "the connections are out");
    let raw = running.get("/api/v1/connections").await;
    assert!(raw.starts_with("HTTP/1.1 503 "), "{raw}");
    let line = "\r\n\r\n{\"schema\":\"tcplull.error/1\",\"error\":\"the connections are out\"}\n";
    assert!(raw.ends_with(line), "{raw}");
}

#[tokio::test]
async fn a_bad_request_is_answered_and_the_next_one_served() {
    let running = Running::start(1, Feed::default());
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(2 * LONGEST_HEAD));
    for (request, expected) in [
        (&b"\0\r\n\r\n"[..], &["HTTP/1.1 400 "][..]),
        (b"{\"command\":\"ls\"}\n", &["HTTP/1.1 400 "]),
        (b"\xff\xfe\r\n\r\n", &["HTTP/1.1 400 "]),
        (
            b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            &["HTTP/1.1 405 "],
        ),
        (long.as_bytes(), &["HTTP/1.1 431 ", "HTTP/1.1 414 "]),
    ] {
        let answer = running.send(request).await;
        let is_expected = expected.iter().any(|status| answer.starts_with(status));
        assert!(is_expected, "{answer}");
    }
    let answer = running.ask(&connections()).await.next().await;
    assert!(matches!(answer, Ok(Some(Answer::Row(_)))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_nothing_is_told_and_dropped() {
    let running = Running::start(0, Feed::default());
    for begun in ["", "GET /metrics HTTP/1.1\r\n"] {
        let answer = running.send(begun.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        let line = "{\"schema\":\"tcplull.error/1\",\"error\":\"no request within 10 s\"}\n";
        assert!(answer.ends_with(line), "{answer}");
    }
}

#[tokio::test]
async fn one_client_too_many_is_told_and_counted() {
    let running = Running::start(0, Feed::default());
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(running.ask(&findings()).await);
    }
    let error = running.try_ask(&connections()).await.unwrap_err();
    assert!(error.to_string().contains("64 clients"), "{error}");
    assert_eq!(running.counters.refused.load(Relaxed), 1);
    let raw = running.get("/healthz").await;
    assert!(raw.starts_with("HTTP/1.1 503 "), "{raw}");
    assert_eq!(
        raw.matches('\n').count(),
        raw.matches("\r\n").count() + 1,
        "one line: {raw}"
    );
    // Who never sends anything is refused all the same.
    let mut silent = UnixStream::connect(running.socket()).await.unwrap();
    let mut answer = String::new();
    silent.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("64 clients"), "{answer}");
}

#[tokio::test]
async fn the_socket_is_for_its_user_only_and_goes_with_the_daemon() {
    let running = Running::start(0, Feed::default());
    let socket = running.socket();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&socket), 0o600);
    running.stop.send(()).unwrap();
    running.server.await.unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_group_that_is_named_may_use_the_socket_too() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    // A user may give a file to its own groups alone.
    let own = nix::unistd::getegid().to_string();
    let server = InspectServer::bind(&socket, Some(&SocketGroup(own.clone()))).unwrap();
    let found = fs::metadata(&socket).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o660);
    assert_eq!(found.gid().to_string(), own);
    drop(server);
    let nobody = SocketGroup("no-such-group".to_owned());
    let message = InspectServer::bind(&socket, Some(&nobody))
        .unwrap_err()
        .to_string();
    assert!(message.contains("no group no-such-group"), "{message}");
    assert!(message.contains("--socket-group"), "{message}");
    assert!(
        !socket.exists(),
        "a daemon that does not start leaves no socket"
    );
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_the_first_lives_on() {
    let running = Running::start(1, Feed::default());
    let socket = running.socket();
    let message = InspectServer::bind(&socket, None).unwrap_err().to_string();
    let expected = format!(
        "another tcplull answers on {}: stop it, or give this one --socket",
        socket.display()
    );
    assert_eq!(message, expected);
    let answer = running.ask(&connections()).await.next().await;
    assert!(matches!(answer, Ok(Some(Answer::Row(_)))), "{answer:?}");
}

#[tokio::test]
async fn a_socket_left_by_a_killed_daemon_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    // Dropping a plain listener leaves its file, as a kill does.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let server = InspectServer::bind(&socket, None).unwrap();
    assert!(UnixStream::connect(&socket).await.is_ok());
    drop(server);
}

#[tokio::test]
async fn only_its_own_socket_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    let first = InspectServer::bind(&socket, None).unwrap();
    fs::remove_file(&socket).unwrap();
    let second = InspectServer::bind(&socket, None).unwrap();
    drop(first);
    assert!(
        fs::metadata(&socket).unwrap().file_type().is_socket(),
        "the second one's"
    );
    drop(second);
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_file_in_the_way_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("notes.txt");
    fs::write(&file, "keep me").unwrap();
    let error = InspectServer::bind(&file, None).unwrap_err();
    assert!(matches!(error, InspectError::NotASocket { .. }), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "keep me");
}

#[tokio::test]
async fn a_place_that_cannot_be_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("x".repeat(120));
    let message = InspectServer::bind(&long, None).unwrap_err().to_string();
    assert!(message.contains("--socket"), "{message}");
}
