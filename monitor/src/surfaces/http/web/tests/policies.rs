//! Who is let in by a certificate.

use super::authority::{Identity, dns, email, ip, uri};
use super::bench::{Bench, TLS};
use crate::surfaces::http::tests::Running;

/// What a client comes to: the status of its answer; 0 where no TLS comes about.
async fn comes_to(
    bench: &Bench,
    running: &Running,
    path: &str,
    identity: Option<&Identity>,
) -> u16 {
    let client = match identity {
        Some(identity) => bench.client().with(identity),
        None => bench.client(),
    };
    let answer = client.get(running.address, path).await;
    answer.map_or(0, |answer| answer.code())
}

const WITH_CA: &str = "  client_ca_file: clients.pem\n";

#[tokio::test]
async fn each_policy_lets_in_whom_it_says() {
    let bench = Bench::new();
    let known = bench.clients.sign(&[dns("prometheus")]);
    let expired = bench.clients.sign_expired(&[dns("prometheus")]);
    let stranger = bench.servers.sign(&[dns("prometheus")]);
    let all = [None, Some(&known), Some(&expired), Some(&stranger)];
    // Without a certificate, with one of the authority, with one that has expired, with one of another authority.
    for (policy, ca, expected) in [
        ("NoClientCert", "", [200, 200, 200, 200]),
        ("RequestClientCert", "", [200, 200, 200, 200]),
        ("RequestClientCert", WITH_CA, [200, 200, 200, 200]),
        ("RequireAnyClientCert", "", [0, 200, 200, 200]),
        ("RequireClientCert", WITH_CA, [0, 200, 200, 200]),
        ("VerifyClientCertIfGiven", "", [200, 0, 0, 0]),
        ("VerifyClientCertIfGiven", WITH_CA, [200, 200, 0, 0]),
        ("RequireAndVerifyClientCert", WITH_CA, [0, 200, 0, 0]),
    ] {
        let text = format!("{TLS}  client_auth_type: {policy}\n{ca}");
        let running = bench.serve(&text).await;
        let mut refused = 0;
        for (identity, expected) in all.into_iter().zip(expected) {
            for path in ["/metrics", "/healthz"] {
                let found = comes_to(&bench, &running, path, identity).await;
                assert_eq!(found, expected, "{policy} {ca} {path}");
                refused += u64::from(found == 0);
            }
        }
        assert_eq!(running.refused("tls"), refused, "{policy}");
    }
}

#[tokio::test]
async fn where_health_is_open_only_pages_take_a_certificate() {
    let bench = Bench::new();
    let known = bench.clients.sign(&[dns("prometheus")]);
    let expired = bench.clients.sign_expired(&[dns("prometheus")]);
    for policy in ["RequireAnyClientCert", "RequireAndVerifyClientCert"] {
        let text = format!("{TLS}  client_auth_type: {policy}\n{WITH_CA}");
        let running = bench.serve_open(&text).await;
        for (path, expected) in [
            ("/healthz", 200),
            ("/readyz", 503),
            ("/metrics", 403),
            ("/", 403),
            ("/api/v1/alerts", 403),
            ("/nothing", 403),
            ("/healthz/", 403),
        ] {
            let found = comes_to(&bench, &running, path, None).await;
            assert_eq!(found, expected, "{policy} {path}");
        }
        assert_eq!(running.refused("certificate"), 5);
        assert_eq!(
            comes_to(&bench, &running, "/metrics", Some(&known)).await,
            200
        );
        // One that is shown has to be right, whatever is asked for.
        let verified = policy == "RequireAndVerifyClientCert";
        let found = comes_to(&bench, &running, "/healthz", Some(&expired)).await;
        assert_eq!(found, if verified { 0 } else { 200 }, "{policy}");
    }
}

#[tokio::test]
async fn names_in_a_certificate_are_compared_exactly() {
    let bench = Bench::new();
    let names = [
        dns("prometheus.example"),
        email("ops@example.org"),
        ip("192.0.2.7"),
        ip("2001:db8::7"),
        uri("spiffe://example.org/prometheus"),
    ];
    let named = bench.clients.sign(&names);
    let nameless = bench.clients.sign(&[]);
    for (allowed, found) in [
        ("prometheus.example", 200),
        ("ops@example.org", 200),
        ("192.0.2.7", 200),
        ("2001:db8::7", 200),
        ("spiffe://example.org/prometheus", 200),
        ("Prometheus.example", 0),
        ("example", 0),
        ("*.example", 0),
        ("192.0.2.8", 0),
    ] {
        let text = format!(
            "{TLS}  client_auth_type: RequireAndVerifyClientCert\n{WITH_CA}  client_allowed_sans:\n    - another\n    - \"{allowed}\"\n"
        );
        let running = bench.serve(&text).await;
        assert_eq!(
            comes_to(&bench, &running, "/metrics", Some(&named)).await,
            found,
            "{allowed}"
        );
        assert_eq!(
            comes_to(&bench, &running, "/metrics", Some(&nameless)).await,
            0
        );
    }
}

#[tokio::test]
async fn where_names_are_asked_for_nobody_comes_in_without_a_certificate() {
    let bench = Bench::new();
    let known = bench.clients.sign(&[dns("prometheus")]);
    for policy in ["RequestClientCert", "VerifyClientCertIfGiven"] {
        let text = format!(
            "{TLS}  client_auth_type: {policy}\n{WITH_CA}  client_allowed_sans: [prometheus]\n"
        );
        let running = bench.serve(&text).await;
        assert_eq!(
            comes_to(&bench, &running, "/metrics", None).await,
            0,
            "{policy}"
        );
        assert_eq!(
            comes_to(&bench, &running, "/metrics", Some(&known)).await,
            200
        );
        let text = text.replace("[prometheus]", "[]");
        let running = bench.serve(&text).await;
        assert_eq!(
            comes_to(&bench, &running, "/metrics", Some(&known)).await,
            0,
            "no name is allowed"
        );
    }
}
