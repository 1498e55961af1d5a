//! Alerts are pushed to Alertmanager: to Debian's, and to one that is not there.

use crate::common::net::{Pair, routed};
use crate::common::place::{place_in, watching};
use crate::common::run::{finish, tcplull};
use crate::common::{Test, Tested, eventually, ten_times};
use libtest_mimic::Failed;
use monitor::config::{Config, Overrides};
use monitor::surfaces::alertmanager::Notifier;
use monitor_lab::network::block::Block;
use monitor_lab::real::monitoring::{ALERTMANAGER, Alertmanager, find};
use monitor_lab::testbed::wait::{BOUND, within};
use monitor_lab::testbed::{Daemon, Port};
use monitor_model::alert::{Alert, AlertState};
use monitor_model::finding::Severity;
use monitor_model::time::Timestamp;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub const TESTS: &[Test] = &[
    Test::with_alertmanager(
        "a_page_fires_in_alertmanager_once_whatever_is_restarted_and_is_resolved",
        pushed,
    ),
    Test::slow_with_alertmanager("ten_times_a_page_is_pushed_and_resolved", || {
        ten_times(pushed)
    }),
    Test::with_alertmanager("what_alertmanager_is_told_is_what_it_keeps", kept),
    Test::as_root(
        "one_that_is_not_there_is_counted_and_holds_nothing_up",
        unreachable,
    ),
    Test::anywhere(
        "a_file_that_is_missing_is_named_with_its_line",
        missing_file,
    ),
    Test::anywhere(
        "a_password_in_a_url_is_refused_and_not_shown",
        password_in_url,
    ),
];

/// A page fires for two minutes at the least; then it is over within moments.
const PAGE_ENDS_WITHIN: Duration = Duration::from_secs(240);

/// Who is woken: keeps what Alertmanager notifies of pages, until the test ends.
struct Woken {
    address: SocketAddr,
    notified: Arc<Mutex<Vec<Value>>>,
}

impl Woken {
    fn listen(address: Ipv4Addr) -> Result<Self, Failed> {
        let listener = TcpListener::bind((address, 0))?;
        let address = listener.local_addr()?;
        let notified = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&notified);
        thread::spawn(move || {
            // Who asks ends with the test; the thread is left to the process.
            for stream in listener.incoming().flatten() {
                if let Some(body) = answer(stream) {
                    kept.lock()
                        .unwrap_or_else(|kept| kept.into_inner())
                        .push(body);
                }
            }
        });
        Ok(Self { address, notified })
    }

    /// "firing" or "resolved", in the order in which it was told.
    fn told(&self) -> Vec<String> {
        let notified = self
            .notified
            .lock()
            .unwrap_or_else(|kept| kept.into_inner());
        let all = notified.iter().map(|told| &told["status"]);
        all.filter_map(|status| status.as_str().map(str::to_owned))
            .collect()
    }

    /// Tells it of pages alone, at once, and never again.
    fn configuration(&self) -> String {
        format!(
            "route:\n  receiver: nobody\n  routes:\n  - receiver: woken\n    matchers: [severity=critical, path=far]\n    \
             group_by: [...]\n    group_wait: 0s\n    group_interval: 1s\n    repeat_interval: 24h\n\
             receivers:\n- name: nobody\n- name: woken\n  webhook_configs:\n  - url: http://{}/\n",
            self.address
        )
    }
}

/// Takes one request, and answers that all is well.
fn answer(stream: TcpStream) -> Option<Value> {
    stream.set_read_timeout(Some(BOUND)).ok()?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            _ if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let ok = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    reader.get_mut().write_all(ok).ok()?;
    serde_json::from_slice(&body).ok()
}

/// The pages on the path that Alertmanager has.
fn pages(alertmanager: &Alertmanager) -> Result<Vec<Value>, Failed> {
    let mut alerts = alertmanager.alerts()?;
    alerts.retain(|alert| {
        alert["labels"]["severity"] == "critical" && alert["labels"]["path"] == "far"
    });
    Ok(alerts)
}

/// Waits until it has one page, which was told after `since`.
fn await_page(alertmanager: &Alertmanager, since: &str) -> Result<Value, Failed> {
    eventually(
        &format!("Alertmanager is told of the page after {since}"),
        || {
            let pages = pages(alertmanager)?;
            let [page] = &pages[..] else {
                return Ok(Err(format!("{pages:?}")));
            };
            let told = page["updatedAt"].as_str().unwrap_or_default() > since;
            Ok(told.then(|| page.clone()).ok_or_else(|| page.to_string()))
        },
    )
}

fn pushed() -> Tested {
    let network = routed()?;
    let loopback = network.block.loopback();
    let woken = Woken::listen(loopback)?;
    let program = find(ALERTMANAGER).ok_or("it was there")?;
    let mut alertmanager = Alertmanager::start(&program, loopback.into(), &woken.configuration())?;
    // Nothing here hangs on how fast this machine restarts anything: an alert fires on for an hour by itself.
    let settings = format!(
        "page_after = \"1s\"\n{}[notifications]\nresend_interval = \"1s\"\nlease = \"1h\"\ninstance = \"node-7\"\n\
         labels = {{ cluster = \"north\" }}\n[[alertmanager]]\nurl = \"http://{}\"\n",
        watching(&network.block, "far", "60s"),
        alertmanager.address()
    );
    let place = place_in(&network.block, &settings)?;
    let daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;

    let before = await_page(&alertmanager, "")?;
    let labels = &before["labels"];
    assert_eq!(labels["alertname"], "TcplullBlackholed", "{before}");
    assert_eq!(labels["instance"], "node-7", "{before}");
    assert_eq!(labels["cluster"], "north", "{before}");
    assert_eq!(before["annotations"]["count"], "1", "{before}");
    let same = |page: &Value| {
        for member in ["labels", "startsAt", "fingerprint"] {
            assert_eq!(page[member], before[member], "{page}");
        }
    };

    // A new daemon goes on with the same alert: ended as systemd does, and killed.
    assert_eq!(daemon.stop()?, Some(0));
    let page = await_page(&alertmanager, "")?;
    same(&page);
    let daemon = Daemon::start(&place, &[])?;
    let since = page["updatedAt"].as_str().unwrap_or_default().to_owned();
    same(&await_page(&alertmanager, &since)?);
    daemon.kill();
    let page = await_page(&alertmanager, "")?;
    let daemon = Daemon::start(&place, &[])?;
    let since = page["updatedAt"].as_str().unwrap_or_default().to_owned();
    same(&await_page(&alertmanager, &since)?);

    // A new Alertmanager, which has forgotten all alerts, learns of it.
    alertmanager.start_again()?;
    same(&await_page(&alertmanager, "")?);

    network.path_comes_back()?;
    within(PAGE_ENDS_WITHIN, "the page is resolved", || {
        let pages = pages(&alertmanager)?;
        Ok::<_, Failed>(if pages.is_empty() {
            Ok(())
        } else {
            Err(format!("{pages:?}"))
        })
    })?;
    eventually("who was woken may sleep", || {
        let told = woken.told();
        Ok((told.len() >= 2)
            .then_some(())
            .ok_or_else(|| format!("{told:?}")))
    })?;
    assert_eq!(woken.told(), ["firing", "resolved"]);
    let name = alertmanager.address().to_string();
    let of = [("alertmanager", name.as_str())];
    assert!(daemon.metric("notifications_total", &of)? > 0.0);
    assert_eq!(daemon.metric("notifications_dropped_total", &of)?, 0.0);
    assert_eq!(daemon.stop()?, Some(0));
    Ok(())
}

/// A page that fires, or fired, of one owner.
fn alert(owner: &str, count: u64) -> Alert {
    let now = Timestamp::of(unix_ns());
    Alert {
        name: "blackholed".to_owned(),
        severity: Severity::Page,
        state: AlertState::Firing,
        path: "far".to_owned(),
        owner: owner.to_owned(),
        connections: 1,
        count,
        since: now,
        fired: Some(now),
        ended: None,
        summary: "nothing comes back".to_owned(),
        example: "1f-aabb".to_owned(),
        path_owner: None,
        lost: None,
        reason: None,
    }
}

fn unix_ns() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let ns = now.unwrap_or_default().as_nanos();
    i64::try_from(ns).unwrap_or(i64::MAX)
}

/// Each thing that Alertmanager is known to do with what it is told, with what the daemon tells it.
fn kept() -> Tested {
    let block = Block::claim()?;
    let program = find(ALERTMANAGER).ok_or("it was there")?;
    let alertmanager = Alertmanager::start(&program, block.loopback().into(), Alertmanager::QUIET)?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("config.toml");
    let settings = format!(
        "[notifications]\nresend_interval = \"1s\"\nlease = \"3s\"\n[[alertmanager]]\nurl = \"http://{}\"\n",
        alertmanager.address()
    );
    fs::write(&file, settings)?;
    let config = Config::load(Some(&file), &file, &Overrides::default())?;
    let start = || -> Result<Notifier, Failed> {
        let started = Notifier::start(&config.alertmanagers, &config.notifications, "node-7")?;
        Ok(started.ok_or("there is one to push to")?)
    };
    // What it has of pages on the path, each second of them given anew.
    let has = |notifier: &mut Notifier,
               alerts: &dyn Fn() -> Vec<Alert>,
               what: &str,
               is: &dyn Fn(&[Value]) -> bool| {
        eventually(what, || {
            if notifier.wants(false, Instant::now()) {
                notifier.give(alerts());
            }
            let all = alertmanager.alerts()?;
            Ok(if is(&all) {
                Ok(all)
            } else {
                Err(format!("{all:?}"))
            })
        })
    };
    let mut notifier = start()?;
    let first = alert("api.service", 1);
    notifier.give([first.clone()]);
    let firing = || vec![first.clone()];
    let shown = has(&mut notifier, &firing, "it fires", &|all| all.len() == 1)?;
    let (starts, ends) = (&shown[0]["startsAt"], &shown[0]["endsAt"]);
    // It goes on for longer than its lease, with the same start and later ends.
    let later = |all: &[Value]| {
        let end = |value: &Value| value.as_str().unwrap_or_default()[..19].to_owned();
        all.len() == 1 && end(&all[0]["endsAt"]) > end(ends) && all[0]["startsAt"] == *starts
    };
    has(&mut notifier, &firing, "its end is later", &later)?;
    // Its count is an annotation: the same alert has another.
    let more = Alert {
        count: 2,
        ..first.clone()
    };
    notifier.give([more.clone()]);
    let counted = || vec![more.clone()];
    has(&mut notifier, &counted, "its count is another", &|all| {
        all.len() == 1 && all[0]["annotations"]["count"] == "2" && all[0]["startsAt"] == *starts
    })?;
    // Another severity is another alert, and the first is over at once.
    let ticket = Alert {
        severity: Severity::Ticket,
        ..more.clone()
    };
    notifier.give([ticket.clone()]);
    let tickets = || vec![ticket.clone()];
    has(&mut notifier, &tickets, "only the ticket is left", &|all| {
        all.len() == 1 && all[0]["labels"]["severity"] == "warning"
    })?;
    // An empty name is no missing label.
    let nameless = alert("", 1);
    notifier.give([nameless.clone()]);
    let nobody = || vec![nameless.clone()];
    has(
        &mut notifier,
        &nobody,
        "only that of nobody is left",
        &|all| all.len() == 1 && all[0]["labels"]["owner"] == "unknown",
    )?;
    // What is over is gone, and what fires again begins again.
    let over = Alert {
        state: AlertState::Over,
        ended: Some(Timestamp::of(unix_ns())),
        ..nameless.clone()
    };
    notifier.give([over.clone()]);
    let overs = || vec![over.clone()];
    has(&mut notifier, &overs, "none is left", &<[Value]>::is_empty)?;
    let again = alert("", 1);
    notifier.give([over.clone(), again.clone()]);
    let both = || vec![over.clone(), again.clone()];
    has(&mut notifier, &both, "it fires again", &|all| {
        all.len() == 1 && all[0]["startsAt"] != *starts
    })?;
    // Who pushed it is gone without a word: it ends with its lease.
    drop(notifier);
    eventually("it is over by itself", || {
        let all = alertmanager.alerts()?;
        Ok(if all.is_empty() {
            Ok(())
        } else {
            Err(format!("{all:?}"))
        })
    })
}

fn unreachable() -> Tested {
    let network = routed()?;
    let loopback = network.block.loopback();
    // Who takes connections and never answers, and who takes none.
    let hangs = TcpListener::bind((loopback, 0))?;
    let nobody = Port::reserve(loopback.into())?;
    let urls = [hangs.local_addr()?, nobody.address()].map(|address| format!("http://{address}"));
    let settings = format!(
        "page_after = \"1s\"\n{}[notifications]\nresend_interval = \"1s\"\n",
        watching(&network.block, "far", "60s"),
    );
    // Were it to ask a proxy, that one would be as dead.
    let environment = [
        "env",
        "http_proxy=http://127.0.0.1:9",
        "all_proxy=http://127.0.0.1:9",
    ];
    let place = place_in(&network.block, &settings)?.launched_by(&environment);
    let [slow, dead] = &urls;
    let arguments = ["--alertmanager.url", slow, "--alertmanager.url", dead];
    let mut daemon = Daemon::start(&place, &arguments)?;
    let pair = Pair::across(&network)?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    for (url, reason) in [(slow, "timeout"), (dead, "unreachable")] {
        let name = url.trim_start_matches("http://");
        let of = [("alertmanager", name), ("reason", reason)];
        eventually(&format!("{url} is counted"), || {
            let errors = daemon.metric("notifications_errors_total", &of)?;
            Ok((errors >= 1.0).then_some(()).ok_or(errors))
        })?;
        let waiting = daemon.metric("notifications_queue_length", &[("alertmanager", name)])?;
        assert!(waiting >= 1.0, "{waiting}");
    }
    for url in &urls {
        let told = format!("alertmanager {}: ", url.trim_start_matches("http://"));
        let log = daemon.await_log(&told)?;
        assert_eq!(log.matches(&told).count(), 1, "once: {log}");
    }
    assert_eq!(daemon.get("/readyz")?.0, 200);
    Ok(daemon.end(BOUND)?)
}

fn missing_file() -> Tested {
    let place = tempfile::tempdir()?;
    let file = place.path().join("config.toml");
    let key = place.path().join("key.pem");
    let text =
        format!("[[alertmanager]]\nurl = \"https://am.example\"\ncredentials_file = {key:?}\n");
    fs::write(&file, text)?;
    let ended = finish(tcplull(["run", "--config"]).arg(&file))?;
    let at = format!("{}:3: credentials_file: ", file.display());
    ended.says(&[&at, "key.pem", "No such file"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    fs::write(&key, "two\nlines")?;
    let ended = finish(tcplull(["run", "--config"]).arg(&file))?;
    ended.says(&[&at, "one line of plain text"]);
    assert!(!ended.stderr.contains("two"), "{ended:?}");
    Ok(())
}

fn password_in_url() -> Tested {
    let block = Block::claim()?;
    let url = format!("http://node:secret@{}:9093", block.loopback());
    let ended = finish(&mut tcplull([
        "run",
        "--config",
        "/dev/null",
        "--alertmanager.url",
        &url,
    ]))?;
    ended.refused(2, &["--alertmanager.url", "password_file"]);
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
    Ok(())
}
