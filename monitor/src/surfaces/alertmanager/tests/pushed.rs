//! What arrives, and what does where it does not.

use super::fake::{Fake, Reply, TAKEN};
use super::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[test]
fn an_alert_arrives_whole_is_sent_again_and_then_its_end() {
    let fake = Fake::start(|_| TAKEN);
    let mut notifier = pushing_to(&fake);
    notifier.give([fires("api.service")]);
    eventually("it is sent again", || fake.asked().len() >= 2);
    let asked = &fake.asked()[0];
    assert_eq!(asked.line, "POST /api/v2/alerts HTTP/1.1");
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(asked.headers["host"], format!("127.0.0.1:{}", fake.port()));
    assert!(!asked.headers.contains_key("authorization"));
    let alert = &asked.alerts[0];
    assert_eq!(alert["labels"]["alertname"], "TcplullBlackholed");
    assert_eq!(alert["labels"]["instance"], "node-7");
    assert_eq!(alert["startsAt"], "2026-01-31T12:00:10.000Z");
    assert_eq!(alert["annotations"]["count"], "10000");
    notifier.give([over("api.service")]);
    eventually("its end is sent", || {
        let asked = fake.asked();
        let last = &asked[asked.len() - 1].alerts[0];
        last["endsAt"] == "2026-01-31T12:10:00.000Z"
    });
    // It is counted when its answer is read, which comes after it has arrived.
    eventually("all three are counted", || notifier.numbers()[0].sent >= 3);
    let numbers = &notifier.numbers()[0];
    assert_eq!(numbers.name, format!("127.0.0.1:{}", fake.port()));
    let counted: u64 = numbers.latency.iter().sum();
    assert!(counted >= 3, "{numbers:?}");
}

#[test]
fn all_are_told_and_one_that_hangs_holds_up_none() {
    let (hangs, first, second) = (
        Fake::start(|_| Reply::Nothing),
        Fake::start(|_| TAKEN),
        Fake::start(|_| TAKEN),
    );
    let mut notifier = Bench::new()
        .tells(&hangs.url(), "")
        .tells("http://127.0.0.1:1", "")
        .tells(&first.url(), "")
        .tells(&second.url(), "")
        .start()
        .unwrap();
    notifier.give([fires("api.service")]);
    for fake in [&first, &second] {
        eventually("it is told again and again", || fake.asked().len() >= 2);
    }
    eventually("those that fail are counted", || {
        errors(&notifier, "timeout") > 0 && notifier.numbers()[1].errors["unreachable"] > 0
    });
    let numbers = notifier.numbers();
    assert_eq!((numbers[0].sent, numbers[0].waiting), (0, 1), "{numbers:?}");
    // It is told to end while one of them hangs.
    let begun = Instant::now();
    let bound = begun + Duration::from_secs(1);
    notifier.close([fires("api.service")], bound);
    notifier.end(bound + 10 * BOUND);
    assert!(begun.elapsed() < BOUND, "who hangs holds up the end");
}

#[test]
fn what_failed_is_tried_again_soon() {
    for (status, reason) in [
        (500, "status"),
        (503, "status"),
        (404, "status"),
        (429, "status"),
        (401, "status"),
    ] {
        let tries = AtomicU64::new(0);
        let fake = Fake::start(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::Status(status, "not now"),
            _ => TAKEN,
        });
        let mut notifier = pushing_to(&fake);
        notifier.give([fires("api.service")]);
        eventually("it is taken", || notifier.numbers()[0].sent > 0);
        assert_eq!(errors(&notifier, reason), 1, "{status}");
        assert_eq!(notifier.numbers()[0].dropped["refused"], 0, "{status}");
    }
}

#[test]
fn one_alert_that_is_refused_holds_up_no_other_and_is_not_sent_on_and_on() {
    // As Alertmanager does: 400 for all, and the good ones are taken.
    let fake = Fake::start(
        |asked| match asked.owners().iter().any(|owner| owner == "bad") {
            true => Reply::Status(400, "{\"bad\u{1b}[2J\": \"label\"}"),
            false => TAKEN,
        },
    );
    let mut notifier = pushing_to(&fake);
    let names: Vec<String> = (0..99).map(|number| format!("good-{number}")).collect();
    let all = || names.iter().map(|name| fires(name)).chain([fires("bad")]);
    notifier.give(all());
    let taken = |fake: &Fake| -> BTreeSet<String> {
        let asked = fake.asked();
        let good = asked.iter().map(fake::Asked::owners);
        good.filter(|owners| !owners.contains(&"bad".to_owned()))
            .flatten()
            .collect()
    };
    eventually("all others are taken", || taken(&fake).len() == 99);
    eventually("it is known which one is refused", || {
        notifier.numbers()[0].dropped["refused"] == 1
    });
    let before = fake.asked().len();
    eventually("the others are sent again", || {
        let again = fake.asked()[before..].to_vec();
        let again: BTreeSet<String> = again.iter().flat_map(fake::Asked::owners).collect();
        names.iter().all(|name| again.contains(name))
    });
    let together = |asked: &&fake::Asked| {
        asked.owners().len() > 1 && asked.owners().contains(&"bad".to_owned())
    };
    assert_eq!(fake.asked()[before..].iter().filter(together).count(), 0);
}

#[test]
fn who_refuses_whatever_is_sent_is_asked_less_and_less_and_nothing_is_given_up() {
    let well = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let fake = Fake::start(move |_| match is_well.load(Ordering::Relaxed) {
        true => TAKEN,
        false => Reply::Status(400, "Client sent an HTTP request to an HTTPS server."),
    });
    let mut notifier = pushing_to(&fake);
    let names: Vec<String> = (0..256).map(|number| format!("owner-{number}")).collect();
    notifier.give(names.iter().map(|name| fires(name)));
    // 256, 128, 64, 32, 16, 8, 4, 2, and then one by one.
    eventually("it has refused all", || fake.asked().len() >= 16);
    well.store(true, Ordering::Relaxed);
    eventually("all are taken", || {
        notifier.numbers()[0].waiting == 0 && notifier.numbers()[0].sent >= 256
    });
}

#[test]
fn what_is_too_long_for_it_is_sent_in_parts() {
    let fake = Fake::start(|asked| match asked.alerts.len() > 10 {
        true => Reply::Status(413, ""),
        false => TAKEN,
    });
    let mut notifier = pushing_to(&fake);
    let names: Vec<String> = (0..40).map(|number| format!("owner-{number}")).collect();
    notifier.give(names.iter().map(|name| fires(name)));
    eventually("all are taken", || notifier.numbers()[0].sent >= 40);
    assert_eq!(notifier.numbers()[0].dropped["refused"], 0);
}

#[test]
fn batches_have_256_alerts_and_pages_come_first() {
    let fake = Fake::start(|_| TAKEN);
    let mut bench = Bench::new();
    // So that nothing is sent again by itself.
    bench.text = bench.text.replace("1s", "600s");
    let mut notifier = bench.tells(&fake.url(), "").start().unwrap();
    let names: Vec<String> = (0..300).map(|number| format!("a-{number}")).collect();
    let tickets = names.iter().map(|name| ticket(name));
    notifier.give(tickets.chain([fires("z-page")]));
    eventually("all are sent", || fake.asked().len() >= 2);
    let asked = fake.asked();
    assert_eq!((asked[0].alerts.len(), asked[1].alerts.len()), (256, 45));
    assert_eq!(asked[0].owners()[0], "z-page");
    // Of one turn, over one connection.
    assert_eq!(fake.connections(), 1);
}

#[test]
fn no_answer_leads_elsewhere() {
    let elsewhere = Fake::start(|_| TAKEN);
    for status in [301, 302, 307, 308] {
        let to = elsewhere.url();
        let fake = Fake::start(move |_| {
            let head = format!(
                "HTTP/1.1 {status} Moved\r\nLocation: {to}/api/v2/alerts\r\nContent-Length: 0\r\n\r\n"
            );
            Reply::Bytes(head.into_bytes())
        });
        let bench = Bench::new();
        let secret = bench.file("credentials_file", "token", "secret\n");
        let bench = bench.tells(&fake.url(), &secret);
        let mut notifier = bench.start().unwrap();
        notifier.give([fires("api.service")]);
        eventually("it is counted", || errors(&notifier, "status") > 0);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn an_answer_that_is_none_is_counted_and_harms_nothing() {
    let head = |text: &str| text.as_bytes().to_vec();
    let garbage: [Vec<u8>; 7] = [
        vec![0xff; 10_000],
        head("SSH-2.0-OpenSSH_9.2\r\n"),
        head(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>",
        ),
        head("HTTP/1.1 999999 OK\r\n\r\n"),
        head("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        [head("HTTP/1.1 200 OK\r\nX: "), vec![b'x'; 1 << 20]].concat(),
        Vec::new(),
    ];
    for bytes in garbage {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        let fake = Fake::start(move |_| Reply::Bytes(bytes.clone()));
        let mut notifier = pushing_to(&fake);
        notifier.give([fires("api.service")]);
        eventually(&shown, || errors(&notifier, "answer") > 0);
        assert_eq!(notifier.numbers()[0].sent, 0, "{shown}");
    }
}

#[test]
fn of_an_answer_without_an_end_little_is_read() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n",
        "HTTP/1.1 500 No\r\nContent-Length: 100000000\r\n\r\n",
        "HTTP/1.1 400 No\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: ",
    ] {
        let fake = Fake::start(move |_| Reply::Endless(head.as_bytes().to_vec()));
        let mut notifier = pushing_to(&fake);
        notifier.give([fires("api.service")]);
        eventually("it is asked again", || fake.asked().len() >= 2);
        drop(notifier);
        // What lies in the sockets' buffers comes on top of what is read.
        let most = 16 << 20;
        assert!(fake.written() < most, "{head}: {}", fake.written());
    }
}

#[test]
fn at_the_end_only_what_has_ended_is_resolved_and_the_rest_gets_a_whole_lease() {
    let fake = Fake::start(|_| TAKEN);
    let mut bench = Bench::new();
    // So that nothing is sent again by itself.
    bench.text = bench.text.replace("1s", "600s");
    let mut notifier = bench.tells(&fake.url(), "").start().unwrap();
    notifier.give([fires("goes-on"), fires("ends")]);
    eventually("both are told", || fake.asked().len() == 1);
    let bound = Instant::now() + BOUND;
    notifier.close([fires("goes-on"), over("ends")], bound);
    notifier.end(bound);
    let asked = fake.asked();
    let mut last: Vec<(&str, bool)> = asked[1..]
        .iter()
        .flat_map(|asked| &asked.alerts)
        .map(|alert| {
            let owner = alert["labels"]["owner"].as_str().unwrap();
            (owner, alert["endsAt"] == "2026-01-31T12:10:00.000Z")
        })
        .collect();
    last.sort_unstable();
    assert_eq!(last, [("ends", true), ("goes-on", false)]);
}

#[test]
fn a_change_of_severity_resolves_what_it_was() {
    let fake = Fake::start(|_| TAKEN);
    let mut notifier = pushing_to(&fake);
    notifier.give([ticket("api.service")]);
    eventually("the ticket is told", || !fake.asked().is_empty());
    let before = fake.asked().len();
    notifier.give([fires("api.service")]);
    eventually("the page is told, and the ticket's end", || {
        let asked = fake.asked();
        let alerts: Vec<_> = asked[before..]
            .iter()
            .flat_map(|asked| &asked.alerts)
            .collect();
        let fired = humantime::parse_rfc3339("2026-01-31T12:00:10Z").unwrap();
        let ended = |alert: &serde_json::Value| {
            let end = humantime::parse_rfc3339(alert["endsAt"].as_str().unwrap()).unwrap();
            assert!(end > fired, "{alert}");
            end <= std::time::SystemTime::now()
        };
        let of = |severity| {
            alerts
                .iter()
                .filter(move |alert| alert["labels"]["severity"] == severity)
        };
        of("warning").any(|alert| ended(alert)) && of("critical").any(|alert| !ended(alert))
    });
}

#[test]
fn without_news_nothing_is_asked() {
    let fake = Fake::start(|_| TAKEN);
    let mut notifier = pushing_to(&fake);
    let now = Instant::now();
    assert!(notifier.wants(false, now), "what a daemon before left");
    notifier.give([]);
    let later = now + Duration::from_secs(3600);
    assert!(!notifier.wants(false, later));
    assert!(notifier.wants(true, now));
    notifier.give([fires("api.service")]);
    assert!(notifier.wants(false, later));
    let bound = Instant::now() + BOUND;
    notifier.close([], bound);
    notifier.end(bound);
}
