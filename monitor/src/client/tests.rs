//! A client, and what may be at the other end.

use super::*;
use crate::surfaces::api::testing::SoMany;
use crate::surfaces::api::{Api, Feed};
use crate::surfaces::sink::Sink;
use crate::text::tests::blackholed;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::watch;

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("tcplull.sock");
    (dir, socket)
}

/// What comes of a question to whoever answers it so, and then closes.
async fn asked(answer: &[u8], question: &Question) -> Result<Vec<Answer>, ClientError> {
    let (_dir, socket) = place();
    let listener = UnixListener::bind(&socket).unwrap();
    let answer = answer.to_vec();
    let daemon = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        // Who asks may have had enough.
        let _ = stream.write_all(&answer).await;
    });
    let answers = async {
        let mut client = Client::ask(&Host::Socket(socket), question).await?;
        let mut answers = Vec::new();
        while let Some(answer) = client.next().await? {
            answers.push(answer);
        }
        Ok(answers)
    };
    let answers = answers.await;
    daemon.await.unwrap();
    answers
}

/// An answer of a tcplull of version 9.9.9.
fn tcplull(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ntcplull-version: 9.9.9\r\n\r\n{body}").into_bytes()
}

fn list() -> Question {
    Question::list("/api/v1/connections")
}

#[tokio::test]
async fn without_a_daemon_the_client_says_how_to_start_one() {
    let (_dir, socket) = place();
    let expected = format!(
        "no tcplull answers on {}: start it with `tcplull run`, or give --socket",
        socket.display()
    );
    let host = Host::Socket(socket.clone());
    let absent = Client::ask(&host, &list()).await.unwrap_err();
    assert_eq!(absent.to_string(), expected);
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let stale = Client::ask(&host, &list()).await.unwrap_err();
    assert_eq!(stale.to_string(), expected);
}

#[tokio::test]
async fn lines_are_told_apart_by_their_form() {
    let body = "{\"schema\":\"tcplull.connection/1\",\"lagged\":1}\n{\"schema\":\"tcplull.lagged/1\",\"lagged\":3}\n{}\n";
    let head = format!("200 OK\r\ncontent-length: {}", body.len());
    let answers = asked(&tcplull(&head, body), &list()).await.unwrap();
    let row = |line: &str| Answer::Row(line.to_owned());
    let first = row("{\"schema\":\"tcplull.connection/1\",\"lagged\":1}");
    assert_eq!(answers, [first, Answer::Lagged(3), row("{}")]);
    let body = "{\"schema\":\"tcplull.error/1\",\"error\":\"enough\"}\n";
    let head = format!("200 OK\r\ncontent-length: {}", body.len());
    let error = asked(&tcplull(&head, body), &list()).await.unwrap_err();
    assert_eq!(error.to_string(), "enough");
}

#[tokio::test]
async fn an_answer_cut_off_is_no_end() {
    for (head, body) in [
        ("200 OK\r\ncontent-length: 100", "{\"a\":1}\n{\"b\":"),
        ("200 OK\r\ncontent-length: 100", "{\"a\":1}\n"),
        (
            "200 OK\r\ntransfer-encoding: chunked",
            "8\r\n{\"a\":1}\n\r\n",
        ),
        // Without a length the end of the connection is the end of the answer, and this no whole line.
        ("200 OK", "{\"a\":1}\n{\"b\":"),
    ] {
        let cut = asked(&tcplull(head, body), &list()).await;
        assert!(matches!(cut, Err(ClientError::Cut)), "{head}: {cut:?}");
    }
}

#[tokio::test]
async fn who_is_no_tcplull_or_an_old_one_is_named_in_one_line() {
    let this = format!("process {} answers", std::process::id());
    let old = b"{\"error\":\"bad request: expected value at line 1 column 1; send a line such as {\\\"command\\\":\\\"watch\\\"}\"}\n";
    for (answer, parts) in [
        (&old[..], [this.as_str(), "not by HTTP", "restart it"]),
        (
            b"220 mail.example ESMTP\r\n",
            [&this, "not by HTTP", "restart it"],
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
            [&this, "no tcplull (status 200)", "--host"],
        ),
        (
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            [&this, "no tcplull (status 404)", "--socket"],
        ),
        (
            &tcplull("404 Not Found\r\ncontent-length: 0", ""),
            ["(9.9.9)", "/api/v1/connections", "another version"],
        ),
        (b"", ["tcplull went while it answered"; 3]),
        (
            &tcplull("200 OK", &"x".repeat(error::LONGEST_LINE + 1)),
            ["none of a tcplull"; 3],
        ),
        (
            &[&tcplull("200 OK", "")[..], b"\xff\n"].concat(),
            ["none of a tcplull"; 3],
        ),
        (
            &tcplull("503 Service Unavailable", "a \x1b[2J reason\nanother line"),
            ["a ", "[2J reason", "reason"],
        ),
    ] {
        let error = asked(answer, &list()).await.unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{error:?} lacks {part:?}");
        }
        assert!(!error.contains(char::is_control), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_the_question_and_says_nothing_is_given_up_and_named() {
    let (_dir, socket) = place();
    // It takes connections and reads nothing, as a daemon that is stopped.
    let _listener = UnixListener::bind(&socket).unwrap();
    let host = Host::Socket(socket);
    for question in [list(), Question::stream("/api/v1/findings")] {
        let error = Client::ask(&host, &question).await.unwrap_err().to_string();
        let this = format!("process {} takes the question", std::process::id());
        assert!(error.starts_with(&this), "{error}");
    }
}

#[tokio::test]
async fn what_is_in_this_process_answers_as_a_daemon_does() {
    let feed = Feed::default();
    let inside = |connections: usize, ended| {
        let api = Api::new(Arc::new(SoMany(connections)), feed.clone(), Arc::default());
        Host::Inside(Inside::new("this process", &api, ended))
    };
    let (going, ended) = watch::channel(());
    // More than waits to be read.
    let host = inside(1_000, ended.clone());
    assert_eq!(host.to_string(), "this process");
    let mut client = Client::ask(&host, &list()).await.unwrap();
    assert_eq!(client.version(), env!("CARGO_PKG_VERSION"));
    let mut rows = 0;
    while let Some(Answer::Row(_)) = client.next().await.unwrap() {
        rows += 1;
    }
    assert_eq!(rows, 1_000);

    let stream = Question::stream("/api/v1/findings");
    let mut watching = Client::ask(&host, &stream).await.unwrap();
    feed.clone().on_finding(&blackholed()).unwrap();
    let Some(Answer::Row(told)) = watching.next().await.unwrap() else {
        panic!("it ended");
    };
    assert!(told.contains("blackholed"), "{told}");
    drop(going);
    assert_eq!(watching.next().await.unwrap(), None);
    let mut over = Client::ask(&host, &stream).await.unwrap();
    assert_eq!(over.next().await.unwrap(), None, "nothing is to come");

    let out = Client::ask(&inside(0, ended), &list()).await.unwrap_err();
    assert_eq!(out.to_string(), "the connections are out");
}
