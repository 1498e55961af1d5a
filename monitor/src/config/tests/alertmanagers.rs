//! Whom alerts are pushed to.

use super::*;

fn at(urls: &[&str]) -> Overrides {
    Overrides {
        alertmanagers: urls.iter().map(|&url| url.to_owned()).collect(),
        ..Overrides::default()
    }
}

fn names(config: &Config) -> Vec<&str> {
    let all = config.alertmanagers.iter();
    all.map(|one| one.url.name()).collect()
}

#[test]
fn every_key_is_taken() {
    let bench = Bench::new(
        r#"
        [notifications]
        resend_interval = "30s"
        lease = "2m"
        instance = "node-7"
        labels = { cluster = "north", _x1 = "y z" }
        runbooks = "https://wiki.example/tcplull"
        [[alertmanager]]
        url = "https://one.example/am"
        timeout = "3s"
        ca_file = "/a/ca.pem"
        cert_file = "/a/cert.pem"
        key_file = "/a/key.pem"
        server_name = "am"
        username = "node"
        password_file = "/a/password"
        [[alertmanager]]
        url = "https://10.0.0.7:9093"
        insecure_skip_verify = true
        credentials_file = "/a/token"
        [[alertmanager]]
        url = "http://three"
        "#,
    );
    let config = bench.load(&Overrides::default()).unwrap();
    let notifications = &config.notifications;
    assert_eq!(notifications.resend_interval, Duration::from_secs(30));
    assert_eq!(notifications.lease, Duration::from_secs(120));
    assert_eq!(notifications.instance.as_deref(), Some("node-7"));
    let labels: Vec<_> = notifications.labels.iter().collect();
    assert_eq!(labels.len(), 2, "{labels:?}");
    assert_eq!(notifications.runbooks, "https://wiki.example/tcplull/");
    assert_eq!(
        names(&config),
        ["one.example:443/am", "10.0.0.7:9093", "three:80"]
    );
    let one = &config.alertmanagers[0];
    assert_eq!(one.timeout, Duration::from_secs(3));
    let file = bench.dir.path().join("config.toml");
    let ca = one.tls.ca.as_ref().unwrap();
    assert_eq!(
        (ca.key, ca.path.as_path()),
        ("ca_file", Path::new("/a/ca.pem"))
    );
    assert_eq!(ca.place, format!("{}:11", file.display()));
    assert!(one.tls.own.is_some());
    assert_eq!(one.tls.server_name.as_deref(), Some("am"));
    let Some(Login::Basic { username, password }) = &one.login else {
        panic!("{one:?}");
    };
    assert_eq!(
        (username.as_str(), password.path.as_path()),
        ("node", Path::new("/a/password"))
    );
    assert!(config.alertmanagers[1].tls.insecure_skip_verify);
    assert!(matches!(
        config.alertmanagers[1].login,
        Some(Login::Bearer(_))
    ));
    assert_eq!(config.alertmanagers[2].timeout, Duration::from_secs(10));
    // What is dangerous is said.
    assert_eq!(config.notes.len(), 1, "{:?}", config.notes);
    assert!(
        config.notes[0].contains("insecure_skip_verify"),
        "{:?}",
        config.notes
    );
}

#[test]
fn a_password_in_the_clear_is_said_unless_it_stays_on_the_host() {
    for (url, said) in [
        ("http://am", 1),
        ("https://am", 0),
        ("http://127.0.0.1:9093", 0),
        ("http://localhost", 0),
    ] {
        let config = load(&format!(
            "[[alertmanager]]\nurl = \"{url}\"\ncredentials_file = \"/a\"\n"
        ));
        assert_eq!(config.notes.len(), said, "{url}: {:?}", config.notes);
    }
}

#[test]
fn the_lease_is_four_intervals_where_it_is_not_stated() {
    let config = load("[notifications]\nresend_interval = \"10s\"\n");
    assert_eq!(config.notifications.lease, Duration::from_secs(40));
}

#[test]
fn flags_take_the_place_of_the_file() {
    let text = "[notifications]\ninstance = \"a\"\n[[alertmanager]]\nurl = \"http://one\"\n";
    let flags = Overrides {
        instance: Some("b".to_owned()),
        ..at(&["http://two:9093", "https://three"])
    };
    let config = Bench::new(text).load(&flags).unwrap();
    assert_eq!(names(&config), ["two:9093", "three:443"]);
    assert_eq!(config.notifications.instance.as_deref(), Some("b"));
    assert_eq!(names(&load(text)), ["one:80"]);
}

#[test]
fn a_flag_that_is_wrong_is_named_without_its_text() {
    for (url, part) in [
        ("http://node:secret@am", "would show in logs"),
        ("am:9093/secret", "http://alertmanager:9093"),
    ] {
        let message = Bench::new("").message(&at(&[url]));
        assert!(message.starts_with("--alertmanager.url: "), "{message}");
        assert!(message.contains(part), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
    let message = Bench::new("").message(&at(&["http://am", "http://AM:80/"]));
    assert!(message.contains("\"am:80\" is listed twice"), "{message}");
    let many: Vec<String> = (0..17)
        .map(|number| format!("http://am-{number}"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let message = Bench::new("").message(&at(&many));
    assert!(message.contains("more than 16"), "{message}");
    let nameless = Overrides {
        instance: Some(String::new()),
        ..Overrides::default()
    };
    let message = Bench::new("").message(&nameless);
    assert!(
        message.starts_with("--alertmanager.instance: "),
        "{message}"
    );
}

#[test]
fn wrong_lines_are_named_with_what_would_be_right() {
    let one = |lines: &str| format!("[[alertmanager]]\nurl = \"https://am\"\n{lines}");
    let plain = |lines: &str| format!("[[alertmanager]]\nurl = \"http://am\"\n{lines}");
    let common = |line: &str| format!("[notifications]\n{line}\n");
    for (text, line, parts) in [
        (
            "[alertmanager]\nurl = \"http://am\"\n".to_owned(),
            1,
            &["[[alertmanager]]"][..],
        ),
        ("alertmanager = [1]\n".to_owned(), 1, &["[[alertmanager]]"]),
        (
            "[[alertmanager]]\ntimeout = \"1s\"\n".to_owned(),
            1,
            &["no url", "http://alertmanager:9093"],
        ),
        (
            one("urls = 1\n"),
            3,
            &[
                "unknown key \"urls\" in [[alertmanager]]",
                "did you mean \"url\"?",
            ],
        ),
        (
            one("password = \"x\"\n"),
            3,
            &[
                "unknown key \"password\"",
                "did you mean \"password_file\"?",
            ],
        ),
        (
            "[[alertmanager]]\nurl = \"am:9093\"\n".to_owned(),
            2,
            &["url: ", "http://alertmanager:9093"],
        ),
        (one("timeout = \"2m\"\n"), 3, &["timeout", "above 1m"]),
        (one("timeout = \"10ms\"\n"), 3, &["timeout", "below 1s"]),
        (
            one("ca_file = \"ca.pem\"\n"),
            3,
            &["ca_file: \"ca.pem\" is no absolute path"],
        ),
        (
            one("ca_file = 7\n"),
            3,
            &["ca_file must be a file name in quotes"],
        ),
        (
            one("cert_file = \"/c\"\n"),
            3,
            &["cert_file and key_file go together"],
        ),
        (
            one("key_file = \"/k\"\n"),
            3,
            &["cert_file and key_file go together"],
        ),
        (
            plain("server_name = \"am\"\n"),
            3,
            &["about TLS", "https://"],
        ),
        (plain("insecure_skip_verify = false\n"), 3, &["about TLS"]),
        (one("server_name = \"a b\"\n"), 3, &["server_name: \"a b\""]),
        (
            one("insecure_skip_verify = \"yes\"\n"),
            3,
            &["insecure_skip_verify must be true or false"],
        ),
        (
            one("ca_file = \"/c\"\ninsecure_skip_verify = true\n"),
            3,
            &["of no use beside"],
        ),
        (
            one("username = \"a\"\n"),
            3,
            &["username and password_file go together"],
        ),
        (
            one("password_file = \"/p\"\n"),
            3,
            &["username and password_file go together"],
        ),
        (
            one("username = \"a:b\"\npassword_file = \"/p\"\n"),
            3,
            &["colon"],
        ),
        (
            one("username = \"a\"\npassword_file = \"/p\"\ncredentials_file = \"/t\"\n"),
            5,
            &["keep one"],
        ),
        (
            one("[[alertmanager]]\nurl = \"https://AM:443/\"\n"),
            3,
            &["\"am:443\" is listed twice"],
        ),
        ("notifications = 1\n".to_owned(), 1, &["[notifications]"]),
        (
            common("resend = \"1m\""),
            2,
            &[
                "unknown key \"resend\"",
                "did you mean \"resend_interval\"?",
            ],
        ),
        (
            common("resend_interval = \"11m\""),
            2,
            &["resend_interval", "above 10m"],
        ),
        (common("lease = \"2h\""), 2, &["lease", "above 1h"]),
        (common("lease = \"1m\""), 2, &["lease is 1m", "2m at least"]),
        (common("instance = \"\""), 2, &["instance: 1 to 256 bytes"]),
        (
            common("instance = \"a\\nb\""),
            2,
            &["instance: 1 to 256 bytes"],
        ),
        (common("labels = [1]"), 2, &["labels must be a table"]),
        (
            common("labels = { severity = \"x\" }"),
            2,
            &["labels: \"severity\" will not do"],
        ),
        (
            common("labels = { owner = \"x\" }"),
            2,
            &["labels: \"owner\" will not do"],
        ),
        (
            common("labels = { \"a-b\" = \"x\" }"),
            2,
            &["labels: \"a-b\" will not do"],
        ),
        (
            common("labels = { __a = \"x\" }"),
            2,
            &["labels: \"__a\" will not do"],
        ),
        (
            common("labels = { 1a = \"x\" }"),
            2,
            &["labels: \"1a\" will not do"],
        ),
        (
            common("labels = { a = 1 }"),
            2,
            &["labels must be a table of strings"],
        ),
        (common("labels = { a = \"\" }"), 2, &["a: 1 to 256 bytes"]),
        (
            common("runbooks = \"wiki.example\""),
            2,
            &["runbooks is \"wiki.example\"", "https://"],
        ),
        (common("runbooks = \"https://a b/\""), 2, &["runbooks is"]),
    ] {
        let message = message(&text);
        assert!(
            message.starts_with(&format!("config.toml:{line}: ")),
            "{text}\n{message}"
        );
        for part in parts {
            assert!(message.contains(part), "{text}\n{message}\nlacks {part}");
        }
    }
}

#[test]
fn a_change_takes_a_restart() {
    let (before, after) = (load(""), load("[[alertmanager]]\nurl = \"http://am\"\n"));
    assert!(before.needs_restart_for(&after));
    let after = load("[notifications]\ninstance = \"a\"\n");
    assert!(before.needs_restart_for(&after));
}
