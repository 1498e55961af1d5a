//! One connection whole: what `tcplull show` says of it while it lives, dies and is gone.

use crate::common::net::{Pair, routed};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::run::{TCPLULL, finish, tcplull};
use crate::common::terminal::Terminal;
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::Network;
use monitor_lab::testbed::run::Ended;
use monitor_lab::testbed::{Daemon, Place};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root(
        "show_has_the_verdict_its_evidence_and_what_happened_by_every_name",
        whole,
    ),
    Test::as_root(
        "show_of_a_healthy_connection_has_the_kernel_s_clocks",
        healthy,
    ),
    Test::as_root("show_follows_a_connection_to_its_end_and_beyond", followed),
    Test::with_tmux("show_fits_the_terminal_whatever_its_width", fits),
    Test::anywhere("show_without_a_daemon_or_a_name_says_so_in_a_line", without),
];

/// A folder into which pictures of the screen are written, for the documentation.
const PICTURES: &str = "TCPLULL_PICTURES";

/// A daemon with a history, and a connection across a network whose path forgets it after 2 s.
struct Scene {
    place: Place,
    daemon: Daemon,
    pair: Pair,
    network: Network,
    _history: TempDir,
}

impl Scene {
    fn begin() -> Result<Self, Failed> {
        let history = tempfile::tempdir()?;
        let network = routed()?;
        let settings = format!(
            "page_after = \"1s\"\n{}[history]\ndir = {:?}\n",
            watching(&network.block, "far", "2s"),
            history.path().join("history")
        );
        let place = place_in(&network.block, &settings)?;
        let daemon = alone_on(&network.client, &place, &[])?;
        let pair = Pair::across(&network)?;
        Ok(Self {
            place,
            daemon,
            pair,
            network,
            _history: history,
        })
    }

    /// It is silent for too long, and what is sent then is lost.
    fn dies(&self) -> Result<SocketAddr, Failed> {
        let client = self.pair.client_address()?;
        self.daemon.await_finding(client, "crossed")?;
        self.network.path_dies()?;
        (&self.pair.client).write_all(b"lost")?;
        self.daemon.await_finding(client, "blackholed")?;
        Ok(client)
    }

    fn show(&self, words: &[&str]) -> Result<Ended, Failed> {
        let command = ["show", "--config", "/dev/null", "--socket"];
        let mut show = tcplull(command);
        show.arg(self.place.socket()).args(words);
        Ok(finish(&mut show)?)
    }

    /// The connection as scripts have it.
    fn told(&self, words: &[&str]) -> Result<Value, Failed> {
        let ended = self.show(&[words, &["--json"]].concat())?;
        let first = ended.stdout.lines().next();
        let first = first.ok_or_else(|| format!("nothing is told: {ended:?}"))?;
        Ok(serde_json::from_str(first)?)
    }
}

/// Holds that these stand in the text, one behind the other.
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else {
            panic!("{part:?} does not come in its place of {parts:?}: {text}");
        };
        rest = behind;
    }
}

fn whole() -> Tested {
    let scene = Scene::begin()?;
    let client = scene.dies()?.to_string();
    let server = scene.pair.server_address()?.to_string();
    let ended = scene.show(&[&client, &server])?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let page = &ended.stdout;
    in_order(
        page,
        &[
            &format!("{client} → {server}"),
            "owner ",
            "established, stalled",
            "far 2s",
            "Verdict: blackholed",
            "timeouts, no ACK since",
            "advice ",
            "Evidence",
            "timeouts: 3  (retransmission timeouts in a row",
            "Numbers",
            "rto ",
            "in flight (unacked)",
            "its path    far forgets after 2s (stated)",
            "Timeline",
            "(silence: ",
            "crossed: ",
            "→  sends",
            "→  sends again",
            "blackholed: ",
            "now: established, stalled",
            "the next attempt",
            "Next",
            "ss -tnoei",
            "tcpdump",
            "conntrack",
        ],
    );
    assert!(!page.contains('\u{1b}'), "{page}");
    // Every piece of evidence is explained.
    let (_, evidence) = page.split_once("\nEvidence\n").ok_or("no evidence")?;
    let evidence = evidence.lines().take_while(|line| !line.is_empty());
    for line in evidence {
        assert!(line.contains("  (") && line.ends_with(')'), "{line}");
    }

    let told = scene.told(&[&format!("{client}→{server}")])?;
    let id = told["connection"]["id"].as_str().ok_or("no id")?;
    assert_eq!(told["schema"], "tcplull.connection_detail/1", "{told}");
    assert_eq!(told["row"]["silence"], "stalled", "{told}");
    assert_eq!(told["contrast"]["stated"], true, "{told}");
    assert!(told["numbers"]["timeouts"].as_u64() >= Some(3), "{told}");
    let moments = told["timeline"].as_array().ok_or("no timeline")?;
    let times: Vec<_> = moments.iter().map(|one| one["time"].as_str()).collect();
    assert!(times.is_sorted(), "{moments:?}");
    let again = moments.iter().filter(|one| one["what"] == "sent_again");
    assert!(again.count() >= 3, "{moments:?}");
    // By its id, its cookie and its process it is the same one, and by the process it stands first.
    let cookie = id.split('-').next().unwrap_or_default();
    let process = std::process::id().to_string();
    for words in [
        &[id][..],
        &[&format!("sk:{cookie}")],
        &[&process],
        &[&client, "→", &server],
    ] {
        let other = scene.told(words)?;
        assert_eq!(other["connection"], told["connection"], "{words:?}");
    }
    commands(&told)?;
    // What reads only the first line of it is no failure.
    let script = "\"$0\" show \"$1\" --socket \"$2\" | head -n 1";
    let mut head = Command::new("sh");
    head.args(["-c", script, TCPLULL, id]);
    let ended = finish(head.arg(scene.place.socket()))?;
    assert_eq!(
        (ended.stdout.lines().count(), ended.stderr.as_str()),
        (1, ""),
        "{ended:?}"
    );
    // Whose names nobody knows are shown without.
    let named = scene.show(&[id, "--resolve"])?;
    assert_eq!(named.code, Some(1), "{named:?}");
    assert!(named.stdout.contains("Verdict: blackholed"), "{named:?}");
    scene.network.path_comes_back()?;
    Ok(())
}

/// What is to be run next sees this connection and no other, from where the command is run.
fn commands(told: &Value) -> Tested {
    let commands = told["commands"].as_array().ok_or("no commands")?;
    let ss = commands[0]["command"].as_str().ok_or("no command")?;
    // Its namespace is not the host's.
    assert!(ss.starts_with("nsenter "), "{ss}");
    let ended = finish(Command::new("sh").args(["-c", ss]))?;
    let local = told["connection"]["local"].as_str().ok_or("no address")?;
    let found = ended.stdout.lines().filter(|line| line.contains(local));
    assert_eq!(found.count(), 1, "{ss}: {ended:?}");
    assert_eq!(ended.code, Some(0), "{ss}: {ended:?}");
    Ok(())
}

fn healthy() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "far", "1h"))?;
    let _daemon = Daemon::start(&place, &[])?;
    let pair = Pair::across(&network)?;
    let (client, server) = (pair.client_address()?, pair.server_address()?);
    let mut show = tcplull(["show", "--socket"]);
    show.arg(place.socket());
    let ended = finish(show.args([client.to_string(), server.to_string()]))?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    in_order(
        &ended.stdout,
        &[
            "Verdict: ok",
            "Timeline",
            "data last",
            "now: established, ok",
        ],
    );
    in_order(&ended.stdout, &["→  sent data last"]);
    in_order(&ended.stdout, &["←  received data last"]);
    // What its path still allows.
    in_order(&ended.stdout, &["now: ", "far may forget it"]);
    Ok(())
}

fn followed() -> Tested {
    let Scene {
        place,
        daemon,
        pair,
        network,
        _history,
    } = Scene::begin()?;
    let (client, server) = (pair.client_address()?, pair.server_address()?);
    let scene = |words: &[&str]| {
        let mut show = tcplull(["show", "--socket"]);
        show.arg(place.socket()).args(words);
        show
    };
    let (client, server) = (client.to_string(), server.to_string());
    let text = place.path("followed");
    let mut show = scene(&[&client, &server, "--follow"]);
    let mut follow = Guarded::start(
        show.stdout(File::create(&text)?)
            .stderr(File::create(place.path("says"))?),
    )?;
    let says = |part: &str| {
        eventually(&format!("what follows says {part}"), || {
            let said = fs::read_to_string(&text)?;
            Ok(if said.contains(part) {
                Ok(said)
            } else {
                Err(said)
            })
        })
    };
    says("Timeline")?;
    daemon.await_finding(client.parse()?, "crossed")?;
    says("crossed: ")?;
    network.path_dies()?;
    (&pair.client).write_all(b"lost")?;
    let said = says("blackholed: ")?;
    in_order(
        &said,
        &[
            "now: established",
            "crossed: ",
            "→  sends",
            "→  sends again",
            "blackholed: ",
        ],
    );
    let told = finish(&mut scene(&[&client, &server, "--json"]))?;
    let told: Value = serde_json::from_str(told.stdout.trim())?;
    let id = told["connection"]["id"].as_str().ok_or("no id")?;
    network.path_comes_back()?;
    drop(pair);
    let said = says("It has ended")?;
    assert_eq!(said.matches("blackholed: ").count(), 1, "{said}");
    let status = follow.wait_within(monitor_lab::testbed::wait::BOUND);
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{said}");

    // It is gone, and what was found of it is still shown: by the daemon, and by the next one out of the history.
    let gone = |daemon: &str| {
        for words in [&[id][..], &[&client, &server]] {
            let ended = finish(&mut scene(words))?;
            assert!(matches!(ended.code, Some(0 | 1)), "{daemon}: {ended:?}");
            in_order(
                &ended.stdout,
                &["It is gone", "Verdict: ", "Timeline", "blackholed: "],
            );
        }
        Ok::<(), Failed>(())
    };
    gone("the daemon that saw it")?;
    assert_eq!(daemon.stop()?, Some(0));
    let _daemon = Daemon::start(&place, &[])?;
    gone("the next one")?;
    let unknown = finish(&mut scene(&["ffffffffff-1-2"]))?;
    unknown.refused(3, &["no connection ffffffffff-1-2 is there"]);
    let unknown = finish(&mut scene(&["10.255.255.1", "10.255.255.2:1"]))?;
    unknown.refused(
        3,
        &["between 10.255.255.1 and 10.255.255.2:1", "tcplull ls"],
    );
    Ok(())
}

fn fits() -> Tested {
    let scene = Scene::begin()?;
    let client = scene.dies()?;
    let (place, server) = (&scene.place, scene.pair.server_address()?);
    let show = format!(
        "{TCPLULL} show {client} {server} --socket {}",
        place.socket().display()
    );
    let pages = [
        (80_u16, "Verdict: blackholed"),
        (120, "Verdict: blackholed"),
        (20, "blackholed"),
    ];
    for (columns, verdict) in pages {
        // Whole, however high the terminal is.
        let terminal = Terminal::open(place, columns, 300)?;
        terminal.run(&format!("clear; {show}; echo ended with $?"))?;
        terminal.shows(&[verdict, "Evidence", "conntrack", "ended with 1"])?;
        let raw = terminal.tmux(&["capture-pane", "-p", "-e"])?;
        // Bold or red, by the terminal's own colours.
        assert!(raw.contains("\u{1b}[1m"), "{raw}");
        let broken = terminal.tmux(&["capture-pane", "-p", "-J"])?;
        let (_, page) = broken.rsplit_once("Numbers").ok_or("no numbers")?;
        let (page, _) = page.split_once("Next").ok_or("no commands")?;
        let width = usize::from(columns);
        for line in page.lines() {
            assert!(
                line.trim_end().chars().count() <= width,
                "{columns}: {line}"
            );
        }
        if width == 120 {
            let screen = terminal.screen()?;
            keep("show.txt", &screen)?;
        }
        terminal.run(&format!("clear; NO_COLOR=1 {show}; echo plainly $?"))?;
        terminal.shows(&["Evidence", "plainly 1"])?;
        let raw = terminal.tmux(&["capture-pane", "-p", "-e"])?;
        assert!(!raw.contains("\u{1b}["), "{raw}");
    }
    let terminal = Terminal::open(place, 80, 24)?;
    terminal.run(&format!("clear; {show} | head -n 12; echo read"))?;
    terminal.shows(&["→", "established, stalled", "Verdict: blackholed", "read"])?;
    scene.network.path_comes_back()?;
    Ok(())
}

fn keep(name: &str, screen: &str) -> Tested {
    let Some(folder) = std::env::var_os(PICTURES) else {
        return Ok(());
    };
    let lines = screen.lines().map(str::trim_end);
    let page = lines.skip_while(|line| !line.contains('→'));
    let page: Vec<&str> = page
        .take_while(|line| !line.starts_with("ended with"))
        .collect();
    fs::write(PathBuf::from(folder).join(name), page.join("\n") + "\n")?;
    Ok(())
}

fn without() -> Tested {
    let nowhere = tempfile::tempdir()?;
    let socket = nowhere.path().join("socket").display().to_string();
    for words in [&["example.com"][..], &["a→b"], &["1", "2", "3"]] {
        let ended = finish(&mut tcplull(
            [&["show", "--socket", &socket], words].concat(),
        ))?;
        ended.refused(2, &["tcplull: "]);
    }
    let ended = finish(&mut tcplull(["show"]))?;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let ended = finish(&mut tcplull(["show", "1-2-3", "--socket", &socket]))?;
    ended.refused(3, &["no tcplull answers", "tcplull run"]);
    Ok(())
}
