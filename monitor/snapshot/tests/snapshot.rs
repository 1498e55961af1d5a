//! A snapshot as it is written and read, whole and in every wrong form; and that none of the originals is left in one that is
//! redacted.

use flate2::Compression;
use flate2::write::GzEncoder;
use monitor_model::snapshot::{SnapshotAbout, ToldBy};
use monitor_model::time::Timestamp;
use monitor_snapshot::{Bounds, Part, ReadError, Snapshot, read, write};
use std::io::Read;
use tar::{Builder, EntryType, Header};

fn about() -> SnapshotAbout {
    SnapshotAbout {
        made: Timestamp::of(1_769_860_800_000_000_000),
        version: "9.9.9".to_owned(),
        host: "db-17.corp.example".to_owned(),
        kernel: Some("6.12.0".to_owned()),
        told_by: ToldBy::Daemon,
        redacted: false,
        lacks: Vec::new(),
    }
}

const CONNECTION: &str = r#"{"schema":"tcplull.connection/1","connection":{"id":"1f-2e","flow_id":"2e","family":"ipv4","local":"10.20.30.40:50000","remote":"203.0.113.77:5432","netns":4026531840,"role":"client"},"owner":{"pid":17,"uid":1234,"comm":"paymentsd","unit":"payments.service","container":null,"pod":null,"workload":"shop/ledger","cgroup":"/system.slice/payments.service"},"state":"established","payload_idle_seconds":250.0,"packet_idle_seconds":250.0,"packet_idle_at_most_seconds":250.0,"path":"head-office","timeout_seconds":240.0,"clock":"packets","keepalive":{"enabled":false,"time_seconds":7200.0,"interval_seconds":75.0,"probes":9},"silence":"crossed","unacked_bytes":0,"unread_bytes":0,"alerts":["crossed"]}"#;

const ALERT: &str = r#"{"schema":"tcplull.alert/1","name":"crossed","severity":"ticket","state":"firing","path":"head-office","owner":"payments.service","path_owner":"team-ledger","connections":1,"count":1,"since":"2026-01-31T12:00:00.000Z","fired":"2026-01-31T12:00:00.000Z","ended":null,"summary":"paymentsd (pid 17) → 203.0.113.77:5432: 4m10s of silence crossed head-office's 4m","example":"1f-2e"}"#;

const CONFIG: &str = r#"{"schema":"tcplull.config_file/1","file":"/etc/tcplull/head-office.toml","settings":{"socket":"/run/secret/place.sock","page_after":"90s","path":[{"name":"head-office","remote":["203.0.113.0/24"],"ports":"5432","timeout":"4m","clock":"packets","owner":"team-ledger"}],"alertmanager":{"urls":["https://am.corp.example:9093"],"password_file":"/etc/tcplull/am-password"}}}"#;

const CHECK: &str = r#"{"schema":"tcplull.check_row/1","subject":"hook send","works":false,"detail":"cannot read /home/alice/vmlinux of db-17.corp.example (2001:db8:77::1)","remedy":"mount /sys/fs/bpf"}"#;

const PATH: &str = r#"{"schema":"tcplull.path/1","path":"head-office","timeout_seconds":240.0,"stated":true,"clock":"packets","silent":{"at_risk":0,"crossed":1,"stalled":0},"found":[],"gaps":0,"lengths":[],"longest_survived_gap_seconds":null,"shortest_failed_gap_seconds":null,"learned":[{"prefix":"203.0.113.0/24","first_word":"us","at_least_seconds":118.0,"at_most_seconds":121.0,"survived":41,"died":9,"occasions":6,"unfit":2,"since":"2026-01-31T12:00:00.000Z","until":"2026-01-31T12:00:00.000Z","changed":"2026-01-31T12:00:00.000Z"}],"learned_more":0}"#;

const METRICS: [&str; 3] = [
    "# HELP tcplull_alerts_firing Alerts.",
    "tcplull_alerts_firing{kind=\"crossed\",path=\"head-office\",owner=\"payments.service\"} 1",
    "tcplull_up 1",
];

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::new(about());
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    snapshot.put(Part::Connections, lines(&[CONNECTION, CONNECTION]));
    snapshot.put(Part::Alerts, lines(&[ALERT]));
    snapshot.put(Part::Config, lines(&[CONFIG]));
    snapshot.put(Part::Check, lines(&[CHECK]));
    snapshot.put(Part::Paths, lines(&[PATH]));
    snapshot.put(Part::Metrics, lines(&METRICS));
    snapshot.lacks(Part::History, "db-17.corp.example keeps none".to_owned());
    snapshot
}

fn written(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(snapshot, &mut bytes).expect("memory takes all");
    bytes
}

fn opened(bytes: &[u8]) -> Result<Snapshot, ReadError> {
    read(bytes, Bounds::default())
}

fn refused(bytes: &[u8]) -> String {
    let said = opened(bytes).expect_err("it is none").to_string();
    assert!(!said.contains(char::is_control), "{said:?}");
    said
}

/// A compressed archive of these members.
fn archive(members: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, kind, bytes) in members {
        let mut header = Header::new_ustar();
        // As it is: what a builder would refuse, somebody may still have made.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        archive.append(&header, *bytes).expect("memory takes all");
    }
    archive
        .into_inner()
        .expect("memory takes all")
        .finish()
        .expect("memory takes all")
}

fn about_line() -> Vec<u8> {
    let mut line = monitor_model::format::told_line(&about()).expect("memory takes all");
    line.push('\n');
    line.into_bytes()
}

#[test]
fn what_was_written_is_read() {
    let snapshot = snapshot();
    assert_eq!(opened(&written(&snapshot)).unwrap(), snapshot);
    let mut blank = snapshot.clone();
    blank.put(Part::Metrics, vec![String::new()]);
    blank.put(Part::Alerts, Vec::new());
    assert_eq!(opened(&written(&blank)).unwrap(), blank);
    assert_eq!(snapshot.part(Part::Connections).unwrap().len(), 2);
    assert_eq!(
        snapshot.part(Part::History).unwrap_err(),
        "the snapshot has no history: db-17.corp.example keeps none"
    );
    assert!(snapshot.part(Part::Agent).unwrap_err().contains("agent"));
}

#[test]
fn cut_off_at_any_byte_it_is_refused() {
    let whole = written(&snapshot());
    for length in 0..whole.len() {
        let error = opened(&whole[..length]).unwrap_err();
        assert!(
            matches!(error, ReadError::Cut | ReadError::Foreign),
            "{length} of {}: {error:?}",
            whole.len()
        );
    }
}

#[test]
fn another_byte_anywhere_is_noticed_or_says_the_same() {
    let whole = written(&snapshot());
    let right = snapshot();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x41;
        match opened(&bytes) {
            // Of gzip's head, which no sum covers.
            Ok(read) => assert_eq!(read, right, "byte {place}"),
            Err(error) => assert!(!error.to_string().contains('\n')),
        }
    }
}

#[test]
fn what_is_no_snapshot_is_told_so() {
    let text = (EntryType::Regular, &b"hello\n"[..]);
    for bytes in [
        &b""[..],
        b"hello",
        &[0; 4096],
        &[0xff; 4096],
        b"PK\x03\x04 a zip",
        b"{\"schema\":\"tcplull.snapshot/1\"}\n",
        &archive(&[]),
        &archive(&[("notes.txt", text.0, text.1)]),
        &archive(&[("about.json", text.0, text.1)]),
        &archive(&[("about.json", EntryType::Symlink, b"")]),
        &archive(&[("about.json", text.0, b"\xff\xfe\n")]),
    ] {
        let said = refused(bytes);
        assert!(
            said.contains("no snapshot") || said.contains("cut off"),
            "{said}"
        );
    }
}

#[test]
fn a_newer_form_is_named_without_what_it_would_do_to_a_terminal() {
    let newer = b"{\"schema\":\"tcplull.snapshot/2\x1b[2J\",\"all\":1}\n";
    let said = refused(&archive(&[("about.json", EntryType::Regular, newer)]));
    assert!(
        said.contains("tcplull.snapshot/2") && said.contains("newer"),
        "{said}"
    );
    let ours = b"{\"schema\":\"tcplull.snapshot/1\",\"made\":\"\x1b[2J\"}\n";
    assert!(refused(&archive(&[("about.json", EntryType::Regular, ours)])).contains("damaged"));
}

#[test]
fn what_it_says_of_itself_cannot_speak_to_a_terminal() {
    let mut hostile = snapshot();
    hostile.about.host = "a\nb\x1b[2J\u{202e}".to_owned();
    hostile.lacks(Part::Agent, "c\nd".to_owned());
    let read = opened(&written(&hostile)).unwrap();
    assert_eq!(read.about.host, "a\u{fffd}b\u{fffd}[2J\u{fffd}");
    assert_eq!(read.about.lacks[1].why, "c\u{fffd}d");
}

#[test]
fn bombs_are_let_go_of_at_their_bounds() {
    let about = about_line();
    let bounds = Bounds {
        bytes: 4 << 20,
        lines: 1_000,
        line: 64 << 10,
    };
    let lines = vec![b'\n'; 10_000];
    let zeros = vec![0; 16 << 20];
    let long = vec![b'x'; 1 << 20];
    for (name, bytes, says) in [
        ("metrics.txt", &lines, "more than 1000 lines"),
        ("metrics.txt", &long, "a line of more than 65536 bytes"),
        ("metrics.txt", &zeros, "line of more than"),
        // What nobody reads is uncompressed too.
        ("later.ndjson", &zeros, "more uncompressed bytes"),
    ] {
        let file = archive(&[
            ("about.json", EntryType::Regular, &about),
            (name, EntryType::Regular, bytes),
        ]);
        assert!(file.len() < 64 << 10, "{}", file.len());
        let error = read(&file[..], bounds).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn members_that_none_has_are_refused_or_left_out() {
    let about = about_line();
    let first = ("about.json", EntryType::Regular, &about[..]);
    let regular = EntryType::Regular;
    for (member, says) in [
        (("about.json", regular, &about[..]), None),
        (("../../etc/passwd", regular, &b"x\n"[..]), None),
        (("alerts.ndjson", EntryType::Symlink, b""), Some("damaged")),
        (
            ("alerts.ndjson", EntryType::GNULongName, b""),
            Some("damaged"),
        ),
        (("alerts.ndjson", EntryType::XHeader, b"x"), Some("damaged")),
    ] {
        let file = archive(&[first, member]);
        match says {
            Some(says) => assert!(refused(&file).contains(says)),
            None => assert_eq!(opened(&file).unwrap().unknown(), 1),
        }
    }
    let twice = ("alerts.ndjson", regular, &b""[..]);
    assert!(refused(&archive(&[first, twice, twice])).contains("damaged"));
}

#[test]
fn lines_of_other_forms_are_left_out_and_counted() {
    let about = about_line();
    let foreign = [
        CONNECTION,
        ALERT,
        r#"{"schema":"tcplull.error/1","error":"obey"}"#,
        r#"{"schema":"tcplull.connection/2","all":"new"}"#,
        r#"{"schema":"tcplull.connection/1"}"#,
        "",
        "\u{202e}x",
    ];
    let hostile = CONNECTION.replace("paymentsd", "pay\u{202e}\u{9b}2Jd");
    let text = foreign.join("\n") + "\n" + &hostile + "\n";
    let file = archive(&[
        ("about.json", EntryType::Regular, &about),
        ("connections.ndjson", EntryType::Regular, text.as_bytes()),
    ]);
    let read = opened(&file).unwrap();
    assert_eq!(read.unknown(), 6);
    let lines = read.part(Part::Connections).unwrap();
    assert_eq!(lines[0], CONNECTION);
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains("pay\\u202e\\u009b2Jd"), "{}", lines[1]);
}

/// All bytes as `tar xzf` would have them.
fn uncompressed(bytes: &[u8]) -> String {
    let mut all = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut all)
        .expect("what was written is whole");
    String::from_utf8_lossy(&all).into_owned()
}

const ORIGINALS: [&str; 17] = [
    "10.20.30.40",
    "203.0.113",
    "2001:db8:77",
    "paymentsd",
    "payments",
    "shop",
    "ledger",
    "head-office",
    "team-ledger",
    "db-17",
    "corp.example",
    "alice",
    "vmlinux",
    "am-password",
    "secret",
    "/etc/tcplull",
    "1234",
];

#[test]
fn none_of_the_originals_is_left_and_the_same_is_the_same_everywhere() {
    let before = uncompressed(&written(&snapshot()));
    for original in ORIGINALS {
        assert!(before.contains(original), "{original} is there to be found");
    }
    let mut redacted = snapshot();
    redacted.redact().unwrap();
    let bytes = written(&redacted);
    let after = uncompressed(&bytes);
    for original in ORIGINALS {
        assert!(!after.contains(original), "{original} is in {after}");
    }
    let read = opened(&bytes).unwrap();
    assert!(read.about.redacted);
    assert_eq!((read.unknown(), &read), (0, &redacted), "it still is one");

    let value = |part: Part, line: usize| -> serde_json::Value {
        serde_json::from_str(&read.part(part).unwrap()[line]).unwrap()
    };
    let (row, alert, config) = (
        value(Part::Connections, 0),
        value(Part::Alerts, 0),
        value(Part::Config, 0),
    );
    assert_eq!(row, value(Part::Connections, 1));
    assert_eq!(row["path"], alert["path"]);
    assert_eq!(row["path"], config["settings"]["path"][0]["name"]);
    assert_eq!(row["owner"]["unit"], alert["owner"]);
    assert_eq!(alert["path_owner"], config["settings"]["path"][0]["owner"]);
    let remote = row["connection"]["remote"].as_str().unwrap();
    let summary = alert["summary"].as_str().unwrap();
    assert!(remote.ends_with(":5432"), "{remote}");
    assert!(
        summary.contains(&format!("→ {remote}: 4m10s of silence crossed name-")),
        "{summary}"
    );
    let network = config["settings"]["path"][0]["remote"][0].as_str().unwrap();
    let (network, length) = network.split_once(".0/").unwrap();
    assert_eq!(
        (length, remote.starts_with(network)),
        ("24", true),
        "{network} {remote}"
    );
    let prefix = &value(Part::Paths, 0)["learned"][0]["prefix"];
    assert_eq!(prefix, &format!("{network}.0/24"));
    let metrics = read.part(Part::Metrics).unwrap();
    let expected = format!(
        "tcplull_alerts_firing{{kind=\"crossed\",path={},owner={}}} 1",
        row["path"], row["owner"]["unit"]
    );
    assert_eq!(metrics, [METRICS[0], &expected, METRICS[2]]);
    assert!(read.part(Part::Check).unwrap()[0].contains("mount /sys/fs/bpf"));
    assert_eq!(config["settings"]["path"][0]["timeout"], "4m");
}
