//! Who may ask, how often, and what is added to answers.

use super::bench::{Bench, TLS, hash};
use super::client::code;
use crate::surfaces::http::tests::{ask, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use tokio::task::JoinSet;

fn basic(user: &str, password: &str) -> String {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    format!("Authorization: Basic {encoded}\r\n")
}

async fn get_as(address: SocketAddr, path: &str, user: &str, password: &str) -> String {
    let authorization = basic(user, password);
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n");
    ask(address, &request).await
}

#[tokio::test]
async fn pages_take_a_name_and_a_password() {
    let bench = Bench::new();
    let text = format!("basic_auth_users:\n  prometheus: {}\n", hash("s3cret"));
    let running = bench.serve(&text).await;
    let nobody = get(running.address, "/metrics").await;
    assert_eq!(code(&nobody), 401, "{nobody}");
    assert!(nobody.contains("www-authenticate: Basic\r\n"), "{nobody}");
    for (user, password, expected) in [
        ("prometheus", "s3cret", 200),
        ("prometheus", "s3cret", 200),
        ("prometheus", "secret", 401),
        ("prometheus", "", 401),
        ("nobody", "s3cret", 401),
        ("", "", 401),
    ] {
        for path in ["/metrics", "/", "/api/v1/alerts", "/healthz"] {
            let answer = get_as(running.address, path, user, password).await;
            assert_eq!(
                code(&answer),
                expected,
                "{user}:{password} {path}: {answer}"
            );
        }
    }
    assert_eq!(running.refused("auth"), 17);
    // The name that is asked for comes first: a page that was lured here is told nothing.
    let foreign = "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    assert_eq!(code(&ask(running.address, foreign).await), 421);
}

#[tokio::test]
async fn over_tls_it_is_the_same() {
    let bench = Bench::new();
    let text = format!("{TLS}basic_auth_users:\n  prometheus: {}\n", hash("s3cret"));
    let running = bench.serve(&text).await;
    let mut client = bench.client();
    let code = client
        .get(running.address, "/metrics")
        .await
        .unwrap()
        .code();
    assert_eq!(code, 401);
    client.headers = basic("prometheus", "s3cret");
    let code = client
        .get(running.address, "/metrics")
        .await
        .unwrap()
        .code();
    assert_eq!(code, 200);
}

#[tokio::test]
async fn open_health_takes_neither_password_nor_room_in_the_rate() {
    let bench = Bench::new();
    let text = format!(
        "basic_auth_users:\n  prometheus: {}\nrate_limit:\n  interval: 1h\n  burst: 2\n",
        hash("s3cret")
    );
    let running = bench.serve_open(&text).await;
    for _ in 0..10 {
        let health = get(running.address, "/healthz").await;
        assert!(health.ends_with("\r\n\r\nok\n"), "{health}");
        assert_eq!(code(&get(running.address, "/readyz").await), 503);
    }
    let page = |user| get_as(running.address, "/metrics", user, "s3cret");
    assert_eq!(code(&page("prometheus").await), 200);
    assert_eq!(code(&page("nobody").await), 401);
    assert_eq!(code(&page("prometheus").await), 429);
    assert_eq!(running.refused("rate"), 1);
}

#[tokio::test]
async fn many_who_ask_at_once_are_answered_each_for_itself() {
    let bench = Bench::new();
    let text = format!("basic_auth_users:\n  prometheus: {}\n", hash("s3cret"));
    let running = bench.serve(&text).await;
    let address = running.address;
    let mut asked = JoinSet::new();
    // As many as the room of pages has for one peer.
    for one in 0..16 {
        let password = if one % 2 == 0 { "s3cret" } else { "secret" };
        asked.spawn(async move {
            let answer = get_as(address, "/metrics", "prometheus", password).await;
            (password, code(&answer))
        });
    }
    for (password, code) in asked.join_all().await {
        assert_eq!(code, if password == "s3cret" { 200 } else { 401 });
    }
}

#[tokio::test]
async fn beyond_the_rate_requests_are_refused() {
    let bench = Bench::new();
    let running = bench
        .serve("rate_limit:\n  interval: 1h\n  burst: 3\n")
        .await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(code(&get(running.address, "/metrics").await));
    }
    assert_eq!(codes, [200, 200, 200, 429, 429]);
    assert_eq!(running.refused("rate"), 2);
    let running = bench
        .serve("rate_limit:\n  interval: 0\n  burst: 0\n")
        .await;
    for _ in 0..5 {
        assert_eq!(code(&get(running.address, "/metrics").await), 200);
    }
    let running = bench
        .serve("rate_limit:\n  interval: 1s\n  burst: 0\n")
        .await;
    assert_eq!(code(&get(running.address, "/metrics").await), 429);
}

#[tokio::test]
async fn headers_are_added_to_every_answer() {
    let bench = Bench::new();
    let text = format!(
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n    \
         X-XSS-Protection: 1\n    Strict-Transport-Security: \"\"\n    Content-Security-Policy: default-src 'self'\n\
         basic_auth_users:\n  prometheus: {}\n",
        hash("s3cret")
    );
    let running = bench.serve(&text).await;
    for answer in [
        get_as(running.address, "/metrics", "prometheus", "s3cret").await,
        get_as(running.address, "/nothing", "prometheus", "s3cret").await,
        get(running.address, "/metrics").await,
    ] {
        for header in [
            "x-frame-options: deny\r\n",
            "x-content-type-options: nosniff\r\n",
            "x-xss-protection: 1\r\n",
            "content-security-policy: default-src 'self'\r\n",
        ] {
            assert!(answer.contains(header), "{answer} lacks {header}");
        }
        assert!(!answer.contains("strict-transport-security"), "{answer}");
    }
}

#[tokio::test]
async fn only_who_has_shown_who_it_is_learns_addresses() {
    let bench = Bench::new();
    let path = "/api/v1/alerts";
    let address = "20.1.2.3";
    let anybody = bench.serve("").await;
    let answer = get(anybody.address, path).await;
    assert!(answer.contains("TcplullBlackholed"), "{answer}");
    assert!(!answer.contains(address), "{answer}");
    let users = format!("basic_auth_users:\n  prometheus: {}\n", hash("s3cret"));
    let running = bench.serve(&users).await;
    let answer = get_as(running.address, path, "prometheus", "s3cret").await;
    assert!(answer.contains(address), "{answer}");
    // A certificate that anybody may have made says nothing of its owner.
    let identity = bench.clients.sign(&[]);
    for (policy, tells) in [
        ("RequestClientCert", false),
        ("RequireAnyClientCert", false),
        ("VerifyClientCertIfGiven", true),
        ("RequireAndVerifyClientCert", true),
    ] {
        let policy = format!("{TLS}  client_auth_type: {policy}\n  client_ca_file: clients.pem\n");
        let running = bench.serve(&policy).await;
        let client = bench.client().with(&identity);
        let answer = client.get(running.address, path).await.unwrap();
        assert_eq!(answer.text.contains(address), tells, "{policy}: {answer:?}");
    }
}
