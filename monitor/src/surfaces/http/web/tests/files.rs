//! Configurations that are good, and such that are not: those of each kind that the format's own examples have, and what
//! cannot be served here.

use super::bench::{Bench, TLS, hash};
use crate::surfaces::http::{WebConfig, WebError};

fn tls_with(lines: &str) -> String {
    format!("{TLS}{lines}")
}

fn good(bench: &Bench) -> Vec<(&'static str, String)> {
    let hash = hash("secret");
    let inline = |name: &str, pem: &str| {
        let lines: String = pem.lines().map(|line| format!("    {line}\n")).collect();
        format!("  {name}: |\n{lines}")
    };
    let (cert, key) = (
        inline("cert", &bench.server.cert),
        inline("key", &bench.server.key),
    );
    let mut good = vec![
        ("nothing", String::new()),
        ("a comment", "# nothing yet\n".into()),
        ("a document without content", "---\n".into()),
        ("sections without content", "tls_server_config:\nbasic_auth_users:\nrate_limit:\nhttp_server_config:\n".into()),
        ("empty sections", "tls_server_config: {}\nbasic_auth_users: {}\nhttp_server_config: {headers: {}}\n".into()),
        ("a version alone turns TLS on nowhere", "tls_server_config:\n  min_version: TLS13\n".into()),
        ("certificate and key in files", TLS.into()),
        ("certificate and key inline", format!("tls_server_config:\n{cert}{key}")),
        ("a certificate in a file, a key inline", format!("tls_server_config:\n  cert_file: server.crt\n{key}")),
        ("a file goes before what is inline", format!("{TLS}  cert: no certificate\n  key: no key\n")),
        (
            "every suite that there is",
            tls_with(
                "  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n  - TLS_AES_256_GCM_SHA384\n  - TLS_CHACHA20_POLY1305_SHA256\n  \
                 - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  - TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\n  \
                 - TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\n  - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n  \
                 - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n  - TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\n",
            ),
        ),
        ("every curve that there is", tls_with("  curve_preferences: [CurveP256, CurveP384, X25519]\n")),
        (
            "a suite without HTTP/2",
            tls_with(
                "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\nhttp_server_config:\n  \
                 http2: false\n",
            ),
        ),
        ("no suites", tls_with("  cipher_suites: []\n  curve_preferences: []\n")),
        ("TLS 1.3 alone", tls_with("  min_version: TLS13\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n")),
        (
            "headers",
            "http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n    X-Content-Type-Options: nosniff\n    \
             X-XSS-Protection: 1\n    Strict-Transport-Security: max-age=60; includeSubDomains\n    \
             Content-Security-Policy: \"default-src 'self'\"\n"
                .into(),
        ),
        ("a header that is blank", "http_server_config:\n  headers:\n    X-Frame-Options: \"\"\n".into()),
        ("users without TLS", format!("basic_auth_users:\n  prometheus: {hash}\n")),
        ("users with TLS", tls_with(&format!("basic_auth_users:\n  prometheus: {hash}\n  17: {hash}\n"))),
        ("no rate limit", "rate_limit:\n  interval: 0\n  burst: 0\n".into()),
        ("a rate limit", "rate_limit:\n  interval: 1s\n  burst: 10\n".into()),
        ("booleans of YAML 1.1", tls_with("  prefer_server_cipher_suites: no\nhttp_server_config:\n  http2: off\n")),
        ("client certificates, if any", tls_with("  client_auth_type: VerifyClientCertIfGiven\n")),
    ];
    for policy in [
        "RequestClientCert",
        "RequireAnyClientCert",
        "RequireClientCert",
        "NoClientCert",
    ] {
        good.push((
            "a policy",
            tls_with(&format!("  client_auth_type: {policy}\n")),
        ));
    }
    for policy in ["VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] {
        let lines = format!("  client_auth_type: {policy}\n  client_ca_file: clients.pem\n");
        good.push(("a policy with its authority", tls_with(&lines)));
        let lines = format!(
            "  client_auth_type: {policy}\n{}",
            inline("client_ca", &bench.clients.pem)
        );
        good.push(("a policy with its authority inline", tls_with(&lines)));
    }
    good
}

#[test]
fn what_is_good_is_taken() {
    let bench = Bench::new();
    for (what, text) in good(&bench) {
        let loaded = bench.load(&text);
        let loaded = loaded.unwrap_or_else(|error| panic!("{what}: {error}\n{text}"));
        let is_tls = text.contains("server.crt") || text.contains("  cert: |");
        assert_eq!(loaded.is_tls(), is_tls, "{what}");
    }
}

#[test]
fn names_are_relative_to_the_folder_of_the_file_or_absolute() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("below")).unwrap();
    let [cert, key] = ["server.crt", "server.key"].map(|name| bench.path(name));
    let absolute = format!(
        "tls_server_config:\n  cert_file: {}\n  key_file: {}\n",
        cert.display(),
        key.display()
    );
    let up = "tls_server_config:\n  cert_file: ../server.crt\n  key_file: ../server.key\n";
    for text in [absolute.as_str(), up] {
        bench.put("below/web.yml", text);
        WebConfig::load(&bench.path("below/web.yml"), true)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    bench.put("below/web.yml", TLS);
    let error = refusal(WebConfig::load(&bench.path("below/web.yml"), true));
    assert!(error.to_string().contains("below/server.crt"), "{error}");
}

fn refusal(loaded: Result<WebConfig, WebError>) -> WebError {
    match loaded {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

/// What is wrong, its text, the line at fault, and words of the answer.
const BAD: &[(&str, &str, Option<u64>, &[&str])] = &[
    (
        "text without structure",
        "hunter2\nhunter3\n",
        Some(1),
        &["not a web configuration"],
    ),
    (
        "a list",
        "- tls_server_config\n",
        Some(1),
        &["not a web configuration"],
    ),
    (
        "an unknown section",
        "basic_auth_users: {}\ntls_config: {}\n",
        Some(2),
        &["tls_config", "tls_server_config"],
    ),
    (
        "an unknown key",
        "tls_server_config:\n  cert_fil: server.crt\n",
        Some(2),
        &["cert_fil"],
    ),
    (
        "an unknown key of http_server_config",
        "http_server_config:\n  http3: true\n",
        Some(2),
        &["http3"],
    ),
    (
        "an unknown key of rate_limit",
        "rate_limit:\n  interval: 1s\n  bust: 1\n",
        Some(3),
        &["bust"],
    ),
    (
        "a key twice",
        "rate_limit:\n  burst: 1\n  burst: 2\n",
        Some(3),
        &["burst"],
    ),
    (
        "two documents",
        "rate_limit: {}\n---\nrate_limit: {}\n",
        Some(3),
        &["document"],
    ),
    (
        "a number for a text",
        "tls_server_config: 7\n",
        Some(1),
        &["not a web configuration"],
    ),
    (
        "no certificate file",
        "tls_server_config:\n  cert_file: \"\"\n  key_file: server.key\n",
        None,
        &["no cert or cert_file"],
    ),
    (
        "no certificate",
        "tls_server_config:\n  cert: \"\"\n  key_file: server.key\n",
        None,
        &["no cert or cert_file"],
    ),
    (
        "no key file",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: \"\"\n",
        None,
        &["no key or key_file"],
    ),
    (
        "no key",
        "tls_server_config:\n  cert_file: server.crt\n  key: \"\"\n",
        None,
        &["no key or key_file"],
    ),
    (
        "neither",
        "tls_server_config:\n  cert_file: \"\"\n  key_file: \"\"\n  client_auth_type: x\n",
        None,
        &["no cert or cert_file"],
    ),
    (
        "a certificate file that is not there",
        "tls_server_config:\n  cert_file: gone\n  key_file: server.key\n",
        Some(2),
        &["cert_file", "gone", "No such file"],
    ),
    (
        "a key file that is not there",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: gone\n",
        Some(3),
        &["key_file", "gone", "No such file"],
    ),
    (
        "neither file there",
        "tls_server_config:\n  cert_file: gone\n  key_file: gone\n",
        Some(2),
        &["gone", "No such file"],
    ),
    (
        "a folder as a certificate",
        "tls_server_config:\n  cert_file: .\n  key_file: server.key\n",
        Some(2),
        &["no regular file"],
    ),
    (
        "a pipe as a key",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: pipe\n",
        Some(3),
        &["no regular file"],
    ),
    (
        "a key as a certificate",
        "tls_server_config:\n  cert_file: server.key\n  key_file: server.key\n",
        Some(2),
        &["cert_file", "no certificate in PEM form"],
    ),
    (
        "a certificate as a key",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.crt\n",
        Some(3),
        &["key_file", "no private key in PEM form"],
    ),
    (
        "the key of another certificate",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: another.key\n",
        Some(3),
        &["do not belong together"],
    ),
    (
        "broken PEM",
        "tls_server_config:\n  cert_file: broken.pem\n  key_file: server.key\n",
        Some(2),
        &["cert_file"],
    ),
    (
        "an authority without a policy",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_ca_file: clients.pem\n",
        Some(4),
        &["without a client_auth_type"],
    ),
    (
        "nothing for an authority, and no policy",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_ca_file: /dev/null\n",
        Some(4),
        &["without a client_auth_type"],
    ),
    (
        "an authority that is not there",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_ca_file: gone\n",
        Some(4),
        &["client_ca_file", "gone"],
    ),
    (
        "a policy that needs an authority",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_auth_type: RequireAndVerifyClientCert\n",
        Some(4),
        &["lets nobody in", "client_ca"],
    ),
    (
        "nothing for an authority",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: /dev/null\n",
        Some(5),
        &["client_ca"],
    ),
    (
        "an invented policy",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_auth_type: requireclientcert\n",
        Some(4),
        &["unknown client_auth_type", "RequireAnyClientCert"],
    ),
    (
        "names without a policy",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  client_allowed_sans: [a]\n",
        Some(4),
        &["client_allowed_sans without"],
    ),
    (
        "an invented suite",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n  - TLS_AES_512_GCM_SHA512\n",
        Some(6),
        &["unknown cipher suite", "TLS_AES_512"],
    ),
    (
        "an invented curve",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  curve_preferences: [CurveP257]\n",
        Some(4),
        &["unknown curve", "CurveP257", "X25519"],
    ),
    (
        "an invented version",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  min_version: TLS14\n",
        Some(4),
        &["unknown TLS version", "TLS14"],
    ),
    (
        "versions the wrong way round",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  min_version: TLS13\n  max_version: TLS12\n",
        Some(4),
        &["above max_version"],
    ),
    (
        "no suite of the only version",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
        Some(5),
        &["none of TLS 1.2"],
    ),
    (
        "HTTP/2 without its suite",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n",
        Some(4),
        &["http2", "AES_128_GCM_SHA256"],
    ),
    (
        "a header of another kind",
        "http_server_config:\n  headers:\n    Content-Type: text/html\n",
        Some(3),
        &["\"Content-Type\" cannot be set"],
    ),
    (
        "a header in small letters",
        "http_server_config:\n  headers:\n    x-frame-options: deny\n",
        Some(3),
        &["cannot be set", "X-Frame-Options"],
    ),
    (
        "a frame option of another kind",
        "http_server_config:\n  headers:\n    X-Frame-Options: allow\n",
        Some(3),
        &["deny or sameorigin"],
    ),
    (
        "a content type option of another kind",
        "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n",
        Some(3),
        &["nosniff"],
    ),
    (
        "a header of two lines",
        "http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\r\\nSet-Cookie: a=b\"\n",
        Some(3),
        &["visible characters"],
    ),
    (
        "a password in place of its hash",
        "basic_auth_users:\n  a: $2y$04$short\n  b: hunter2\n",
        Some(2),
        &["\"a\"", "no bcrypt hash", "htpasswd"],
    ),
    (
        "a hash that costs too little",
        "basic_auth_users:\n  a: $2y$03$314159265358979323846u2718281828459045235360287471352\n",
        Some(2),
        &["cost is 3"],
    ),
    (
        "a user without a password",
        "basic_auth_users:\n  a:\n",
        Some(2),
        &["not a web configuration"],
    ),
    (
        "an interval of another kind",
        "rate_limit:\n  interval: 1 fortnight\n",
        Some(2),
        &["no duration", "100ms"],
    ),
    (
        "an interval before now",
        "rate_limit:\n  interval: -1s\n",
        Some(2),
        &["no duration"],
    ),
    (
        "a burst below none",
        "rate_limit:\n  interval: 1s\n  burst: -1\n",
        None,
        &["burst is -1"],
    ),
];

#[test]
fn what_is_bad_is_refused_with_its_line_and_the_remedy() {
    let bench = Bench::new();
    bench.put_pipe("pipe");
    bench.put(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
    );
    for (what, text, line, words) in BAD {
        let error = match bench.load(text) {
            Ok(_) => panic!("{what} was taken:\n{text}"),
            Err(error) => error,
        };
        let told = error.to_string();
        assert_eq!(error.line, *line, "{what}: {told}");
        let place = bench.path("web.yml").display().to_string();
        assert!(told.starts_with(&place), "{what}: {told}");
        assert!(!told.contains('\n'), "{what}: {told:?}");
        for word in *words {
            assert!(told.contains(word), "{what}: {told} lacks {word:?}");
        }
        // A password or a key that stands in the wrong place is not shown.
        assert!(!told.contains("hunter"), "{what}: {told}");
    }
}

#[test]
fn what_rustls_cannot_do_is_refused_by_name() {
    let bench = Bench::new();
    let cbc = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
    ];
    let cbc = cbc.map(|name| {
        (
            "cipher_suites",
            format!("[TLS_AES_128_GCM_SHA256, {name}]"),
            name,
            "rustls has none",
        )
    });
    let others = [
        ("min_version", "TLS10".to_owned(), "TLS10", "not secure"),
        (
            "max_version",
            "TLS11".to_owned(),
            "TLS11",
            "write TLS12 or TLS13",
        ),
        (
            "curve_preferences",
            "[X25519, CurveP521]".to_owned(),
            "CurveP521",
            "no P-521",
        ),
    ];
    for (key, value, name, why) in cbc.into_iter().chain(others) {
        let error = refusal(bench.load(format!("{TLS}  {key}: {value}\n")));
        let told = error.to_string();
        assert_eq!(error.line, Some(4), "{told}");
        assert!(
            told.contains(&format!("{name} cannot be served here")) && told.contains(why),
            "{told}"
        );
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let bench = Bench::new();
    let load = |name: &str| refusal(WebConfig::load(&bench.path(name), true)).to_string();
    assert!(load("gone.yml").contains("--web.config.file"));
    bench.put_pipe("pipe");
    assert!(load("pipe").contains("no regular file"));
    assert!(load(".").contains("no regular file"));
    bench.put("long.yml", vec![b'#'; (1 << 20) + 1]);
    assert!(load("long.yml").contains("longer than 1048576 bytes"));
    let error = refusal(bench.load(b"# one\n# two \xff\n"));
    assert_eq!(error.line, Some(2));
    assert!(error.to_string().contains("UTF-8"), "{error}");
    // Aliases that would fill memory.
    let mut bomb = String::from("basic_auth_users:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (one, next) in ('a'..='y').zip('b'..='z') {
        bomb.push_str(&format!(
            "  {next}: &{next} [*{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}]\n"
        ));
    }
    refusal(bench.load(&bomb));
    refusal(bench.load("[".repeat(100_000)));
    assert!(bench.folder().is_dir());
}
