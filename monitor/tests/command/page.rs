//! The page in a real browser, while connections are about to die and one has died: what a person sees. What is looked at is
//! in `tests/page`.

use crate::common::net::{Pair, at, listen, routed, serve};
use crate::common::place::{QUICK, place_in, watching};
use crate::common::run::{BROWSER, DRIVER, finish, finish_within, install, program, tcplull};
use crate::common::{Test, Tested, eventually, is};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::Network;
use monitor_lab::testbed::http::get_on;
use monitor_lab::testbed::wait::BOUND;
use monitor_lab::testbed::{Daemon, Place};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::with_browser("the_page_shows_who_is_about_to_die_and_who_died", known),
    Test::with_browser("a_snapshot_is_shown_as_the_daemon_was", snapshot),
    Test::with_browser("a_stranger_sees_counts_and_how_to_see_more", stranger),
    Test::with_browser(
        "of_a_crowd_the_first_are_shown_and_the_page_outlasts_its_daemon",
        crowd,
    ),
];

/// A folder into which pictures of the page are written, for the documentation.
const PICTURES: &str = "TCPLULL_PICTURES";

/// Each of a dozen things that are waited for in the browser has a bound of its own.
const BROWSED: Duration = Duration::from_secs(600);

/// The name of a process, as long as one can be.
const HOSTILE: &str = "<img src=x on=1";

/// A connection of path "far" that has died in silence, and one of path "slow" that is about to cross its timeout, held by a
/// process of a hostile name.
struct Scene {
    place: Place,
    daemon: Daemon,
    died: SocketAddr,
    _pair: Pair,
    _server: TcpStream,
    _holder: Guarded,
    _network: Network,
    files: TempDir,
}

impl Scene {
    fn begin(web: &str) -> Result<Self, Failed> {
        let (files, network) = (tempfile::tempdir()?, routed()?);
        let place = place_in(&network.block, &(settings(&network) + web))?;
        let daemon = Daemon::start(&place, &[])?;
        let slow = listen(&network.server, at(network.server_address(), 5433))?;
        let slow = Pair::open(&network.client, &slow)?;
        slow.exchange()?;
        let about_to_cross = slow.client_address()?;
        let holder = hold(slow.client, files.path())?;
        let far = Pair::across(&network)?;
        let died = far.client_address()?;
        while_they_talk(&network, || {
            daemon.await_finding(about_to_cross, "at_risk")?;
            daemon.await_finding(died, "crossed")?;
            Ok(())
        })?;
        network.path_dies()?;
        (&far.client).write_all(b"lost")?;
        daemon.await_finding(died, "blackholed")?;
        eventually("it pages", || {
            let alerts: Vec<Value> = daemon.ask("alerts")?;
            // Other tests' connections have no path here, and die as well.
            let pages = |alert: &Value| {
                alert["name"] == "blackholed"
                    && alert["path"] == "far"
                    && alert["state"] == "firing"
                    && alert["severity"] == "page"
            };
            let is_there = alerts.iter().any(pages);
            Ok(is_there.then_some(()).ok_or(Value::from(alerts)))
        })?;
        Ok(Self {
            place,
            daemon,
            died,
            _pair: far,
            _server: slow.server,
            _holder: holder,
            _network: network,
            files,
        })
    }

    /// Looks at the page, as `what` says.
    fn browse(&self, what: Value) -> Tested {
        let mut asked = json!({ "died": self.died, "hostile": HOSTILE });
        merge(&mut asked, what);
        let mut browse = browse(&self.place, self.files.path(), asked)?;
        let ended = finish_within(BROWSED, &mut browse, "")?;
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
        Ok(())
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

/// A browser that looks at the page of the daemon that lives there, as `what` says.
fn browse(place: &Place, files: &Path, what: Value) -> Result<Command, Failed> {
    let mut asked = json!({
        "url": format!("http://{}", place.listen()),
        "browser": program(BROWSER)?,
        "pictures": std::env::var_os(PICTURES).map(|folder| folder.into_string().ok()),
    });
    merge(&mut asked, what);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/browse.cjs");
    let mut browse = Command::new(program(DRIVER)?);
    browse.arg(script).arg(asked.to_string());
    // What a browser keeps goes with this.
    browse.env("HOME", files).env("TMPDIR", files);
    Ok(browse)
}

/// A web configuration with one user, as settings.
fn for_known(files: &Path) -> Result<String, Failed> {
    let web = files.join("web.yml");
    let hash = bcrypt::hash_with_salt("secret", 4, [7; 16])?;
    fs::write(&web, format!("basic_auth_users:\n  sre: {hash}\n"))?;
    Ok(format!("[web]\napi = true\nconfig_file = {web:?}\n"))
}

/// Two paths, by port.
fn settings(network: &Network) -> String {
    let prefixes = network.block.prefixes();
    let path = |name: &str, port: u16, timeout: &str| {
        format!(
            "[[path]]\nname = \"{name}\"\nremote = {prefixes:?}\nports = [{port}]\ntimeout = \"{timeout}\"\n"
        )
    };
    let [far, slow] = [path("far", 5432, "2s"), path("slow", 5433, "300s")];
    // At risk after 18 s, and then for as long as all that is looked at may take.
    format!("page_after = \"1s\"\nwarn_at = 0.06\n{QUICK}{far}{slow}")
}

/// Does something while, for pictures, other connections of path "far" talk, each after a silence that is nearly as long as its
/// timeout.
fn while_they_talk(
    network: &Network,
    does: impl FnOnce() -> Result<(), Failed>,
) -> Result<(), Failed> {
    if std::env::var_os(PICTURES).is_none() {
        return does();
    }
    let listener = serve(network)?;
    let open = |_| Pair::open(&network.client, &listener);
    let pairs = (0..8).map(open).collect::<Result<Vec<_>, _>>()?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let talk = scope.spawn(|| -> std::io::Result<()> {
            for tenths in (11..18).cycle() {
                pairs.iter().try_for_each(Pair::exchange)?;
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                thread::sleep(Duration::from_millis(100 * tenths));
            }
            Ok(())
        });
        let done = does();
        is_over.store(true, Ordering::Relaxed);
        talk.join().map_err(|_| "talking broke off")??;
        done
    })
}

/// Hands the client's end of a connection to a process of a hostile name, which does nothing with it.
fn hold(client: TcpStream, folder: &Path) -> Result<Guarded, Failed> {
    let program = folder.join(HOSTILE);
    install(Path::new("/bin/sleep"), &program)?;
    let end: OwnedFd = client.into();
    let mut holder = Command::new(program);
    holder.arg("600").stdin(Stdio::from(end));
    Ok(Guarded::start(&mut holder)?)
}

fn known() -> Tested {
    let files = tempfile::tempdir()?;
    let scene = Scene::begin(&for_known(files.path())?)?;
    scene.browse(json!({ "as": "known", "user": "sre", "password": "secret" }))?;
    assert_eq!(scene.daemon.stop()?, Some(0));
    Ok(())
}

fn snapshot() -> Tested {
    let kept = tempfile::tempdir()?;
    let scene = Scene::begin(&format!("[history]\ndir = {:?}\n", kept.path()))?;
    eventually("what was found is in the history", || {
        let socket = scene.place.socket();
        let told = get_on(&socket, "/api/v1/history?kind=finding", "*/*")?.body;
        let ours = |line: &str| line.contains("blackholed") && line.contains("\"far\"");
        let is_there = told.lines().any(ours);
        Ok(is_there.then_some(()).ok_or(told))
    })?;
    let file = scene.files.path().join("ticket.tar.gz");
    let mut take = tcplull(["snapshot".as_ref(), file.as_os_str()]);
    take.arg("--config").arg(scene.place.file());
    let taken = finish(&mut take)?;
    assert_eq!(taken.code, Some(0), "{}", taken.stderr);
    let mut alerts = tcplull(["alerts", "blackholed", "--path", "far", "--json", "--from"]);
    let alerts = finish(alerts.arg(&file))?;
    let pages = |line: &str| {
        line.contains("\"severity\":\"page\"") && line.contains("\"state\":\"firing\"")
    };
    let is_there = alerts.stdout.lines().any(pages);
    assert!(is_there, "{}\n{}", alerts.stdout, alerts.stderr);
    let mut show = tcplull(["page".as_ref(), "--from".as_ref(), file.as_os_str()]);
    let mut shows = Guarded::start(show.stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let mut address = String::new();
    let output = shows.child().stdout.take().ok_or("no output")?;
    BufReader::new(output).read_line(&mut address)?;
    let url = address.trim().trim_end_matches('/');
    scene.browse(json!({ "as": "snapshot", "url": url }))?;
    shows.signal(Signal::SIGINT)?;
    let ended = shows.wait_within(BOUND).ok_or("it does not end")?;
    assert_eq!(ended.code(), Some(0));
    assert_eq!(scene.daemon.stop()?, Some(0));
    Ok(())
}

fn stranger() -> Tested {
    let scene = Scene::begin("")?;
    scene.browse(json!({ "as": "stranger" }))?;
    assert_eq!(scene.daemon.stop()?, Some(0));
    Ok(())
}

/// Connections of the crowd: more than a page shows, and more than it could be given in no order.
const CROWD: usize = 2_600;

fn crowd() -> Tested {
    let (files, network) = (tempfile::tempdir()?, routed()?);
    let settings = format!(
        "warn_at = 0.02\n{}{}",
        watching(&network.block, "crowd", "300s"),
        for_known(files.path())?
    );
    let place = place_in(&network.block, &settings)?;
    let mut daemon = Some(Daemon::start(&place, &[])?);
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let listener = serve(&network)?;
    let open = |_| -> Result<Pair, Failed> {
        let pair = Pair::open(&network.client, &listener)?;
        pair.exchange()?;
        Ok(pair)
    };
    let first = open(0)?;
    let local = first.client_address()?;
    let watched = daemon.as_ref().ok_or("no daemon")?;
    eventually("its silence can be told from that of others", || {
        let row = watched.row(local)?;
        let is_silent = row["packet_idle_seconds"].as_f64() > Some(0.2);
        Ok(is_silent.then_some(()).ok_or(row))
    })?;
    let _others = (1..CROWD).map(open).collect::<Result<Vec<_>, _>>()?;
    eventually("both ends of all are at risk", || {
        let at_risk = [("path", "crowd"), ("silence", "at_risk")];
        let all = u32::try_from(2 * CROWD)?;
        Ok(is(watched.metric("connections", &at_risk)?, all))
    })?;
    let (ends, rest) = (2 * CROWD / 1_000, 2 * CROWD % 1_000);
    let what = json!({
        "as": "crowd", "user": "sre", "password": "secret",
        "first": local, "all": format!("{ends},{rest:03}"),
    });
    let mut browse = browse(&place, files.path(), what)?;
    let log = File::create(files.path().join("said"))?;
    let mut browses = Guarded::start(browse.stdout(Stdio::piped()).stderr(log))?;
    let output = browses.child().stdout.take().ok_or("no output")?;
    let (asks, asked) = mpsc::channel();
    let reads = thread::spawn(move || {
        let lines = BufReader::new(output).lines();
        lines
            .map_while(Result::ok)
            .try_for_each(|line| asks.send(line))
    });
    loop {
        match asked.recv_timeout(BROWSED).as_deref() {
            Ok("stop") => {
                let stopped = daemon.take().map(Daemon::stop).transpose()?;
                assert_eq!(stopped, Some(Some(0)));
            }
            Ok("start") => daemon = Some(Daemon::start(&place, &[])?),
            Ok(other) => return Err(format!("what is {other:?}?").into()),
            Err(RecvTimeoutError::Timeout) => return Err("it browses for ever".into()),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let ended = browses.wait_within(BOUND).ok_or("it does not end")?;
    reads.join().map_err(|_| "reading broke off")??;
    assert!(
        ended.success(),
        "{}",
        fs::read_to_string(files.path().join("said"))?
    );
    assert_eq!(daemon.ok_or("no daemon")?.stop()?, Some(0));
    Ok(())
}
