//! What TLS comes about, and what does not.

use super::authority::self_signed;
use super::bench::{Bench, TLS};
use super::client::{Client, code};
use crate::surfaces::http::tests::{get, plain, start_with};
use rustls::crypto::ring::{cipher_suite, kx_group};
use rustls::{CipherSuite, ProtocolVersion, version};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn pages_are_served_over_tls_and_to_nobody_without() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    for path in ["/", "/metrics", "/api/v1/alerts", "/healthz"] {
        let answer = bench.client().get(running.address, path).await.unwrap();
        assert_eq!(answer.code(), 200, "{path}: {answer:?}");
        assert_eq!(answer.version, Some(ProtocolVersion::TLSv1_3));
    }
    assert_eq!(running.refused("tls"), 0);
    let answer = get(running.address, "/metrics").await;
    assert_eq!(code(&answer), 400, "{answer}");
    assert!(answer.contains("https"), "{answer}");
    // Who only looks whether somebody listens is no failure.
    drop(TcpStream::connect(running.address).await.unwrap());
    assert_eq!(running.refused("tls"), 1);
    // The client knows somebody else's authority.
    let stranger = Client::new(Bench::new().servers.roots());
    stranger.get(running.address, "/").await.unwrap_err();
}

#[tokio::test]
async fn a_client_that_speaks_tls_where_there_is_none_gets_none() {
    let running = start_with(Arc::default(), plain()).await;
    let bench = Bench::new();
    bench.client().get(running.address, "/").await.unwrap_err();
    let running = bench.serve("").await;
    bench.client().get(running.address, "/").await.unwrap_err();
    assert_eq!(code(&get(running.address, "/metrics").await), 200);
}

#[tokio::test]
async fn certificate_and_key_may_stand_in_the_file_itself() {
    let bench = Bench::new();
    let mut text = String::from("tls_server_config:\n");
    for (key, pem) in [("cert", &bench.server.cert), ("key", &bench.server.key)] {
        let lines: String = pem.lines().map(|line| format!("    {line}\n")).collect();
        text.push_str(&format!("  {key}: |\n{lines}"));
    }
    let running = bench.serve(&text).await;
    let answer = bench.client().get(running.address, "/").await.unwrap();
    assert_eq!(answer.server, bench.server.chain()[0]);
}

/// A client's first words where it knows no more than TLS 1.1 (RFC 4346, 7.4.1.2): one suite, no extension.
fn hello_of_tls11() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x13, 1, 0]);
    let mut message = vec![1, 0, 0, hello.len() as u8];
    message.extend(hello);
    let mut record = vec![22, 3, 1, 0, message.len() as u8];
    record.extend(message);
    record
}

#[tokio::test]
async fn versions_are_those_from_the_least_to_the_most() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(&hello_of_tls11()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    // A fatal alert (RFC 8446, 6), and nothing else.
    assert_eq!(
        (answer.len(), answer[0], answer[5]),
        (7, 21, 2),
        "{answer:?}"
    );
    assert_eq!(running.refused("tls"), 1);
    let only_12 = || {
        let mut client = bench.client();
        client.versions = vec![&version::TLS12];
        client
    };
    let answer = only_12().get(running.address, "/").await.unwrap();
    assert_eq!(answer.version, Some(ProtocolVersion::TLSv1_2));
    let running = bench.serve(&format!("{TLS}  max_version: TLS12\n")).await;
    let answer = bench.client().get(running.address, "/").await.unwrap();
    assert_eq!(answer.version, Some(ProtocolVersion::TLSv1_2));
    let running = bench.serve(&format!("{TLS}  min_version: TLS13\n")).await;
    only_12().get(running.address, "/").await.unwrap_err();
    bench.client().get(running.address, "/").await.unwrap();
}

#[tokio::test]
async fn suites_are_those_that_are_named_in_the_order_of_who_is_to_choose() {
    let bench = Bench::new();
    let named = |first: &str, second: &str, prefer: bool| {
        format!(
            "{TLS}  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_{first}, TLS_ECDHE_ECDSA_WITH_AES_{second}]\n  \
             prefer_server_cipher_suites: {prefer}\n"
        )
    };
    let (small, large) = ("128_GCM_SHA256", "256_GCM_SHA384");
    let client = |suites| {
        let mut client = bench.client();
        client.suites = suites;
        client
    };
    let both = || {
        client(vec![
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        ])
    };
    let running = bench.serve(&named(large, small, true)).await;
    let answer = both().get(running.address, "/").await.unwrap();
    let large_suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    assert_eq!(answer.suite, Some(large_suite), "the server's order");
    let running = bench.serve(&named(large, small, false)).await;
    let answer = both().get(running.address, "/").await.unwrap();
    let small_suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    assert_eq!(answer.suite, Some(small_suite), "the client's order");
    let one = client(vec![cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]);
    let answer = one.get(running.address, "/").await.unwrap();
    assert_eq!(answer.suite, Some(large_suite));
    let none = client(vec![
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ]);
    none.get(running.address, "/").await.unwrap_err();
    assert_eq!(running.refused("tls"), 1);
}

#[tokio::test]
async fn curves_are_those_that_are_named() {
    let bench = Bench::new();
    let running = bench
        .serve(&format!("{TLS}  curve_preferences: [CurveP384]\n"))
        .await;
    let client = |curve| {
        let mut client = bench.client();
        client.curves = vec![curve];
        client
    };
    let alike = client(kx_group::SECP384R1);
    assert_eq!(alike.get(running.address, "/").await.unwrap().code(), 200);
    let other = client(kx_group::X25519);
    other.get(running.address, "/").await.unwrap_err();
    assert_eq!(running.refused("tls"), 1);
}

#[tokio::test]
async fn http_1_is_spoken_where_http_2_could_be_too() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    let mut client = bench.client();
    client.alpn = vec!["h2", "http/1.1"];
    let answer = client.get(running.address, "/").await.unwrap();
    assert_eq!(answer.alpn.as_deref(), Some("http/1.1"));
    assert!(answer.text.starts_with("HTTP/1.1 200"), "{answer:?}");
    client.alpn = vec!["h2"];
    client.get(running.address, "/").await.unwrap_err();
}

#[tokio::test]
async fn rubbish_that_looks_like_tls_ends_in_nothing() {
    let bench = Bench::new();
    let running = bench.serve(TLS).await;
    for rubbish in [
        &b"\x16\x03\x01\xff\xff"[..],
        b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
        b"\x16rubbish\r\n\r\n",
        &[0x16; 70_000],
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        // It may have had enough before all is written.
        let _ = stream.write_all(rubbish).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _: io::Result<usize> = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    }
    assert_eq!(running.refused("tls"), 4);
    bench.client().get(running.address, "/").await.unwrap();
}

#[tokio::test]
async fn a_client_that_signed_its_own_certificate_can_be_its_own_authority() {
    let bench = Bench::new();
    let own = self_signed("prometheus");
    bench.put("clients.pem", &own.cert);
    let text = format!(
        "{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n"
    );
    let running = bench.serve(&text).await;
    let answer = bench.client().with(&own).get(running.address, "/").await;
    assert_eq!(answer.unwrap().code(), 200);
    let other = self_signed("prometheus");
    let answer = bench.client().with(&other).get(running.address, "/").await;
    answer.unwrap_err();
}
