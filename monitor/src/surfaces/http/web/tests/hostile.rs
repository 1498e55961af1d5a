//! Clients that are slow, many, or not what they seem, where TLS is spoken.

use super::bench::{Bench, TLS};
use crate::surfaces::api::{Api, Feed};
use crate::surfaces::http::tests::{Daemon, Running, plain};
use crate::surfaces::http::{HttpOptions, HttpServer};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// The first half of a client's first words.
const HALF_A_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

fn cut(running: &Running, why: &str) -> u64 {
    let cut = running.counters.cut();
    cut.filter(|([reason, room], _)| *reason == why && *room == "head")
        .map(|(_, count)| count)
        .sum()
}

#[tokio::test]
async fn among_a_thousand_that_never_shake_hands_each_that_does_is_answered() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    let mut idle = Vec::new();
    for number in 0..1_000 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        if number % 2 == 0 {
            stream.write_all(HALF_A_HELLO).await.unwrap();
        }
        idle.push(stream);
        if number % 100 == 0 {
            let answer = bench.client().get(running.address, "/metrics").await;
            assert_eq!(answer.unwrap().code(), 200);
        }
    }
    for path in ["/healthz", "/metrics"] {
        let answer = bench.client().get(running.address, path).await;
        assert_eq!(answer.unwrap().code(), 200);
    }
    // One peer has 128 places there.
    assert!(
        cut(&running, "share") >= 1_000 - 128,
        "{}",
        cut(&running, "share")
    );
    let mut answer = Vec::new();
    idle[0].read_to_end(&mut answer).await.unwrap_or_default();
    assert_eq!(answer, b"", "the slowest is cut");
}

#[tokio::test]
async fn who_does_not_get_done_with_the_handshake_is_cut() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut half = TcpStream::connect(running.address).await.unwrap();
    half.write_all(HALF_A_HELLO).await.unwrap();
    let mut idle = bench.client().connect(running.address).await.unwrap();
    // Only from here on is time one's own: a handshake takes some.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    let mut answer = Vec::new();
    for stream in [&mut silent, &mut half] {
        stream.read_to_end(&mut answer).await.unwrap_or_default();
    }
    idle.read_to_end(&mut answer).await.unwrap_or_default();
    assert_eq!(answer, b"");
    assert_eq!(cut(&running, "slow"), 3);
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_is_not_read() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    let mut stream = bench.client().connect(running.address).await.unwrap();
    let head = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b'x'; 1 << 20];
    let mut written = 0;
    while written < 100 && stream.write_all(&piece).await.is_ok() {
        written += 1;
    }
    assert!(written < 100, "all of it was taken");
    let answer = bench.client().get(running.address, "/metrics").await;
    assert_eq!(answer.unwrap().code(), 200);
}

#[tokio::test]
async fn whoever_else_is_at_work_tls_is_spoken_meanwhile() {
    let bench = Bench::new();
    let options = HttpOptions {
        web: Some(bench.load(TLS).unwrap()),
        ..plain()
    };
    let server = HttpServer::bind(options).unwrap();
    let address = server.addresses()[0];
    let (stop, stopped) = oneshot::channel::<()>();
    let api = Api::new(Arc::<Daemon>::default(), Feed::default(), Arc::default());
    let served = server.start(api, async {
        let _ = stopped.await;
    });
    // This thread, on which the test's runtime runs, does nothing until there is an answer.
    let (answered, answer) = mpsc::channel();
    let client = bench.client();
    std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let asked = runtime
            .enable_all()
            .build()
            .unwrap()
            .block_on(client.get(address, "/"));
        answered.send(asked.unwrap().code()).unwrap();
    });
    let answer = answer.recv_timeout(Duration::from_secs(60));
    assert_eq!(answer, Ok(200));
    stop.send(()).unwrap();
    served.await.unwrap();
}
