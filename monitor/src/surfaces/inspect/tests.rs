//! A client and a server of one process, over a real socket.

use super::*;
use crate::surfaces::sink::Sink;
use crate::text::tests::{blackholed, row};
use monitor_model::finding::Finding;
use monitor_model::listing::ConnectionRow;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The lists of a daemon with so many connections, whose alerts cannot be had.
fn lists(connections: usize) -> Lists {
    let ls = move || Ok(Rows::new((0..connections).map(|_| row())));
    let alerts = || Err("the alerts are out".to_owned());
    vec![("ls", Arc::new(ls)), ("alerts", Arc::new(alerts))]
}

struct Running {
    dir: TempDir,
    feed: Feed,
    counters: Arc<InspectCounters>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Running {
    fn start(connections: usize, feed: Feed) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = InspectServer::bind(&dir.path().join("run/tcplull.sock")).unwrap();
        let counters = server.counters();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(server.serve(lists(connections), feed.clone(), async {
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

    async fn ask(&self, command: &str) -> InspectClient {
        InspectClient::ask(&self.socket(), command).await.unwrap()
    }

    /// A client whose watch has begun.
    async fn watch(&self) -> InspectClient {
        let before = self.feed.watchers();
        let client = self.ask(WATCH).await;
        while self.feed.watchers() == before {
            tokio::task::yield_now().await;
        }
        client
    }

    /// The whole answer to what a client sends.
    async fn send(&self, request: &[u8]) -> String {
        let mut stream = UnixStream::connect(self.socket()).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

fn finding_in(answer: Answer) -> Finding {
    match answer {
        Answer::Row(line) => serde_json::from_str(&line).unwrap(),
        other @ Answer::Lagged(_) => panic!("no finding: {other:?}"),
    }
}

#[tokio::test]
async fn a_watcher_gets_every_finding_as_it_comes_and_the_end_when_the_daemon_stops() {
    let mut running = Running::start(0, Feed::default());
    let mut client = running.watch().await;
    for gap_seconds in [1.0, 2.0] {
        running
            .feed
            .on_finding(&Finding {
                gap_seconds,
                ..blackholed()
            })
            .unwrap();
        let finding = finding_in(client.next().await.unwrap().unwrap());
        assert_eq!(
            finding,
            Finding {
                gap_seconds,
                ..blackholed()
            }
        );
    }
    running.stop.send(()).unwrap();
    running.server.await.unwrap();
    assert_eq!(client.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_slow_watcher_is_told_what_it_missed_and_it_is_counted() {
    let mut running = Running::start(0, Feed::with_capacity(4));
    let mut client = running.watch().await;
    // The server has no turn between these, so they overrun the feed.
    for number in 0..10 {
        running
            .feed
            .on_finding(&Finding {
                gap_seconds: f64::from(number),
                ..blackholed()
            })
            .unwrap();
    }
    assert_eq!(client.next().await.unwrap(), Some(Answer::Lagged(6)));
    let next = finding_in(client.next().await.unwrap().unwrap());
    assert_eq!(next.gap_seconds, 6.0);
    assert_eq!(running.counters.lagged.load(Relaxed), 6);
}

#[tokio::test(start_paused = true)]
async fn what_a_watcher_misses_that_never_reads_is_counted_while_it_does_not() {
    let mut running = Running::start(0, Feed::with_capacity(16));
    let mut client = running.watch().await;
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
    let hour = Duration::from_secs(3_600);
    tokio::time::timeout(hour, counted).await.unwrap();
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
            let mut client = running.ask("ls").await;
            client.next().await.unwrap().unwrap();
            unread.push(client);
        }
        let mut rows = 0;
        let mut client = running.ask("ls").await;
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
    let client = running.watch().await;
    assert_eq!(running.counters.clients.load(Relaxed), 1);
    drop(client);
    while running.feed.watchers() > 0 {
        tokio::task::yield_now().await;
    }
    while running.counters.clients.load(Relaxed) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_list_comes_whole_and_ends() {
    let running = Running::start(1000, Feed::default());
    let mut client = running.ask("ls").await;
    let mut rows = 0;
    while let Some(answer) = client.next().await.unwrap() {
        let Answer::Row(line) = answer else {
            panic!("no row: {answer:?}")
        };
        assert_eq!(serde_json::from_str::<ConnectionRow>(&line).unwrap(), row());
        rows += 1;
    }
    assert_eq!(rows, 1000);
}

#[tokio::test]
async fn a_list_that_fails_says_why() {
    let running = Running::start(0, Feed::default());
    let error = running.ask("alerts").await.next().await.unwrap_err();
    assert_eq!(error.to_string(), "tcplull: the alerts are out");
    let raw = running.send(b"{\"command\":\"alerts\"}\n").await;
    assert_eq!(raw, "{\"error\":\"the alerts are out\"}\n");
}

#[tokio::test]
async fn a_bad_request_is_answered_and_the_next_one_served() {
    let running = Running::start(1, Feed::default());
    let long = vec![b'x'; LONGEST_REQUEST];
    for (request, expected) in [
        (&b"\n"[..], "bad request"),
        (b"{\"command\":\"rm\"}\n", "unknown variant"),
        (b"{\"command\":\"ls\",\"x\":1}\n", "unknown field"),
        (b"\xff\xfe\n", "bad request"),
        (b"{\"command\":\"ls\"}", "ended before its line"),
        (b"", "ended before its line"),
        (&long, "longer than 4096 bytes"),
    ] {
        let answer = running.send(request).await;
        assert!(
            answer.starts_with("{\"error\":") && answer.contains(expected),
            "{answer}"
        );
        assert_eq!(answer.matches('\n').count(), 1, "{answer}");
    }
    assert!(matches!(
        running.ask("ls").await.next().await,
        Ok(Some(Answer::Row(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_nothing_is_told_and_dropped() {
    let running = Running::start(0, Feed::default());
    let mut stream = UnixStream::connect(running.socket()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "{\"error\":\"no request within 10 s\"}\n");
}

#[tokio::test]
async fn one_client_too_many_is_told_and_counted() {
    let running = Running::start(0, Feed::default());
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(running.watch().await);
    }
    let error = running.ask("ls").await.next().await.unwrap_err();
    assert!(error.to_string().contains("64 clients"), "{error}");
    assert_eq!(running.counters.refused.load(Relaxed), 1);
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
async fn a_second_daemon_is_refused_and_the_first_lives_on() {
    let running = Running::start(1, Feed::default());
    let socket = running.socket();
    let message = InspectServer::bind(&socket).unwrap_err().to_string();
    let expected = format!(
        "another tcplull answers on {}: stop it, or give this one --socket",
        socket.display()
    );
    assert_eq!(message, expected);
    assert!(matches!(
        running.ask("ls").await.next().await,
        Ok(Some(Answer::Row(_)))
    ));
}

#[tokio::test]
async fn a_socket_left_by_a_killed_daemon_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    // Dropping a plain listener leaves its file, as a kill does.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let server = InspectServer::bind(&socket).unwrap();
    assert!(UnixStream::connect(&socket).await.is_ok());
    drop(server);
}

#[tokio::test]
async fn only_its_own_socket_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    let first = InspectServer::bind(&socket).unwrap();
    fs::remove_file(&socket).unwrap();
    let second = InspectServer::bind(&socket).unwrap();
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
    let error = InspectServer::bind(&file).unwrap_err();
    assert!(matches!(error, InspectError::NotASocket { .. }), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "keep me");
}

#[tokio::test]
async fn a_place_that_cannot_be_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("x".repeat(120));
    let message = InspectServer::bind(&long).unwrap_err().to_string();
    assert!(message.contains("--socket"), "{message}");
}

#[tokio::test]
async fn without_a_daemon_the_client_says_how_to_start_one() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    let expected = format!(
        "no tcplull answers on {}: start it with `tcplull run`, or give --socket",
        socket.display()
    );
    let absent = InspectClient::ask(&socket, "ls").await.unwrap_err();
    assert_eq!(absent.to_string(), expected);
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let stale = InspectClient::ask(&socket, "ls").await.unwrap_err();
    assert_eq!(stale.to_string(), expected);
}

#[tokio::test]
async fn an_answer_cut_off_is_no_end() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let daemon = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 64];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(b"{\"a\":1}\n{\"b\":").await.unwrap();
    });
    let mut client = InspectClient::ask(&socket, "ls").await.unwrap();
    assert_eq!(
        client.next().await.unwrap(),
        Some(Answer::Row("{\"a\":1}".to_owned()))
    );
    assert!(matches!(client.next().await, Err(ClientError::Cut)));
    daemon.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_list_of_which_nothing_comes_is_given_up_and_who_holds_the_socket_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    // It takes connections and reads nothing, as a daemon that is stopped.
    let _listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let mut client = InspectClient::ask(&socket, "ls").await.unwrap();
    let error = client.next().await.unwrap_err().to_string();
    let this = format!("process {} takes the question", std::process::id());
    assert!(error.starts_with(&this), "{error}");
    let mut watch = InspectClient::ask(&socket, WATCH).await.unwrap();
    let hour = Duration::from_secs(3_600);
    let waits = tokio::time::timeout(hour, watch.next()).await;
    assert!(waits.is_err(), "{waits:?}");
}
