//! A configuration that changes while the server runs.

use super::authority::dns;
use super::bench::{Bench, TLS, hash};
use super::client::code;
use crate::surfaces::http::tests::{ask, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;

async fn as_user(address: SocketAddr, password: &str) -> u16 {
    let encoded = STANDARD.encode(format!("prometheus:{password}"));
    let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n";
    code(
        &ask(
            address,
            &format!("{head}Authorization: Basic {encoded}\r\n\r\n"),
        )
        .await,
    )
}

#[tokio::test]
async fn users_and_headers_are_those_of_now() {
    let bench = Bench::new();
    let user = |password: &str| format!("basic_auth_users:\n  prometheus: {}\n", hash(password));
    let running = bench.serve(&user("one")).await;
    assert_eq!(as_user(running.address, "one").await, 200);
    bench.put("web.yml", user("two"));
    assert_eq!(as_user(running.address, "one").await, 401);
    assert_eq!(as_user(running.address, "two").await, 200);
    bench.put(
        "web.yml",
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n",
    );
    let answer = get(running.address, "/metrics").await;
    assert_eq!(code(&answer), 200, "nobody needs to be a user any more");
    assert!(answer.contains("x-frame-options: deny"), "{answer}");
    // A hash that is none lets its user in no more, and keeps nobody else out.
    let text = format!("{}  broken: hunter2\n", user("three"));
    bench.put("web.yml", text);
    assert_eq!(as_user(running.address, "three").await, 200);
    assert_eq!(running.refused("config"), 0);
}

#[tokio::test]
async fn one_that_has_gone_bad_is_answered_500_until_it_is_right_again() {
    let bench = Bench::new();
    let running = bench.serve_open("").await;
    let answers = async |expected: u16| {
        for path in ["/metrics", "/"] {
            let answer = get(running.address, path).await;
            assert_eq!(code(&answer), expected, "{path}: {answer}");
            assert!(
                expected == 200 || answer.contains("log of tcplull"),
                "{answer}"
            );
        }
        assert_eq!(code(&get(running.address, "/healthz").await), 200);
    };
    answers(200).await;
    for bad in ["rubbish", "tls_config: {}\n", "rate_limit: {burst: -1}\n"] {
        bench.put("web.yml", bad);
        answers(500).await;
    }
    bench.put("web.yml", b"\xff");
    answers(500).await;
    bench.remove("web.yml");
    answers(500).await;
    bench.put_pipe("web.yml");
    answers(500).await;
    bench.remove("web.yml");
    bench.put("web.yml", "");
    answers(200).await;
    assert_eq!(running.refused("config"), 12);
}

#[tokio::test]
async fn where_health_is_not_open_a_bad_one_closes_it_too() {
    let bench = Bench::new();
    let running = bench.serve("").await;
    bench.put("web.yml", "rubbish");
    assert_eq!(code(&get(running.address, "/healthz").await), 500);
}

#[tokio::test]
async fn the_certificate_is_that_of_now() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    let client = bench.client();
    let first = client.get(running.address, "/").await.unwrap();
    assert_eq!(first.server, bench.server.chain()[0]);
    let renewed = bench.servers.sign(&[dns("localhost")]);
    // Between the two files the key is another certificate's: who comes then is told, by the certificate before.
    bench.put("server.crt", &renewed.cert);
    let between = client.get(running.address, "/").await.unwrap();
    assert_eq!((between.code(), &between.server), (500, &first.server));
    bench.put("server.key", &renewed.key);
    let second = client.get(running.address, "/").await.unwrap();
    assert_eq!((second.code(), &second.server), (200, &renewed.chain()[0]));
    assert_eq!(running.refused("config"), 1);
    bench.remove("server.key");
    let without = client.get(running.address, "/").await.unwrap();
    assert_eq!((without.code(), &without.server), (500, &second.server));
}

#[tokio::test]
async fn whom_the_authority_of_now_knows_is_let_in() {
    let bench = Bench::new();
    let text = format!(
        "{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n"
    );
    let running = bench.serve(&text).await;
    let known = bench
        .client()
        .with(&bench.clients.sign(&[dns("prometheus")]));
    assert_eq!(known.get(running.address, "/").await.unwrap().code(), 200);
    let other = Bench::new();
    bench.put("clients.pem", &other.clients.pem);
    known.get(running.address, "/").await.unwrap_err();
    let newly = bench
        .client()
        .with(&other.clients.sign(&[dns("prometheus")]));
    assert_eq!(newly.get(running.address, "/").await.unwrap().code(), 200);
}

#[tokio::test]
async fn tls_neither_goes_nor_comes_while_the_server_runs() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    bench.put("web.yml", "");
    let answer = bench.client().get(running.address, "/").await.unwrap();
    assert_eq!(
        answer.code(),
        500,
        "nothing is served without what was there at the start"
    );
    bench.put("web.yml", TLS);
    let answer = bench.client().get(running.address, "/").await.unwrap();
    assert_eq!(answer.code(), 200);
    let running = bench.serve("").await;
    bench.put("web.yml", TLS);
    assert_eq!(code(&get(running.address, "/metrics").await), 200);
}

#[tokio::test]
async fn the_rate_is_that_of_the_start() {
    let bench = Bench::new();
    let running = bench
        .serve("rate_limit:\n  interval: 1h\n  burst: 1\n")
        .await;
    assert_eq!(code(&get(running.address, "/metrics").await), 200);
    bench.put("web.yml", "");
    assert_eq!(code(&get(running.address, "/metrics").await), 429);
}

#[tokio::test]
async fn a_file_system_that_hangs_costs_one_wait_and_health_none() {
    let bench = Bench::new();
    let web = bench.load("").unwrap();
    // As if reading had begun, and never ended.
    web.latest.lock().await.look = Some(tokio::spawn(std::future::pending()));
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    assert!(web.now().await.settings.is_none());
    assert_eq!(begun.elapsed().as_secs(), 2);
    for _ in 0..100 {
        assert!(web.now().await.settings.is_none());
    }
    assert_eq!(
        begun.elapsed().as_secs(),
        2,
        "who comes after does not wait"
    );
    // It comes to an end after all, and nothing has changed meanwhile: all is read once more.
    let ended = tokio::spawn(async { None });
    while !ended.is_finished() {
        tokio::task::yield_now().await;
    }
    web.latest.lock().await.look = Some(ended);
    assert!(web.now().await.settings.is_none());
    tokio::time::resume();
    assert!(web.now().await.settings.is_some());
}
