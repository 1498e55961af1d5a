//! A snapshot: what a daemon said is what every command shows of it, anywhere and as anybody; redacted, none of what it was made
//! of is left in it; and what is none is told so.

use crate::common::net::{Pair, routed, serve};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::run::{Ended, TCPLULL, as_nobody, finish, tcplull};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::Network;
use monitor_lab::testbed::{Daemon, Place};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root("what_a_daemon_said_is_what_its_snapshot_shows", shown),
    Test::as_root("without_a_daemon_it_has_what_can_be_seen", alone),
    Test::anywhere("without_privileges_it_says_what_it_lacks", unprivileged),
    Test::anywhere("what_is_no_snapshot_is_told_in_one_line", foreign),
];

/// `tcplull snapshot FILE` of the daemon that lives there.
fn taken(place: &Place, file: &Path, arguments: &[&str]) -> Result<Ended, Failed> {
    let mut command = Command::new(TCPLULL);
    command.arg("snapshot").arg(file).args(arguments);
    command.arg("--config").arg(place.file());
    Ok(finish(&mut command)?)
}

/// What a command shows of a snapshot to somebody who may nothing.
fn from(file: &Path, arguments: &[&str]) -> Result<Ended, Failed> {
    let file = file.to_str().ok_or("a path of plain text")?;
    as_nobody(&[arguments, &["--from", file]].concat(), "")
}

fn rows(ended: &Ended) -> Result<Vec<Value>, Failed> {
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    let lines = ended.stdout.lines().map(serde_json::from_str);
    Ok(lines.collect::<Result<_, _>>()?)
}

fn of(rows: &[Value], local: &str) -> Vec<Value> {
    let rows = rows.iter();
    let rows = rows.filter(|row| row["connection"]["local"] == local);
    rows.cloned().collect()
}

/// What a daemon has found on this connection.
fn findings(daemon: &Daemon, local: &str) -> Result<Vec<Value>, Failed> {
    let lines = daemon.finding_lines()?;
    let rows = lines.iter().map(|line| serde_json::from_str(line));
    Ok(of(&rows.collect::<Result<Vec<Value>, _>>()?, local))
}

/// The bytes as `tar` has them.
fn uncompressed(file: &Path) -> Result<Vec<u8>, Failed> {
    let archive = fs::File::open(file)?;
    let unpacked = Command::new("gzip")
        .arg("-dc")
        .stdin(archive)
        .stdout(Stdio::piped())
        .spawn()?;
    let unpacked = unpacked.wait_with_output()?;
    assert!(unpacked.status.success());
    Ok(unpacked.stdout)
}

struct Scene {
    files: TempDir,
    network: Network,
    place: Place,
}

fn scene() -> Result<Scene, Failed> {
    let files = TempDir::new()?;
    fs::set_permissions(files.path(), fs::Permissions::from_mode(0o755))?;
    let network = routed()?;
    let history = files.path().join("history");
    let settings = watching(&network.block, "head-office", "1s");
    let place = place_in(
        &network.block,
        &format!("{settings}[history]\ndir = {history:?}\n"),
    )?;
    Ok(Scene {
        files,
        network,
        place,
    })
}

fn readable(file: &Path) -> Tested {
    assert_eq!(fs::metadata(file)?.permissions().mode() & 0o777, 0o600);
    // As whoever attached it to a ticket would.
    Ok(fs::set_permissions(
        file,
        fs::Permissions::from_mode(0o644),
    )?)
}

fn shown() -> Tested {
    let Scene {
        files,
        network,
        place,
    } = scene()?;
    let listener = serve(&network)?;
    let daemon = alone_on(&network.client, &place, &[])?;
    let pair = Pair::open(&network.client, &listener)?;
    let client = pair.client_address()?.to_string();
    pair.exchange()?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    let file = files.path().join("ticket.tar.gz");
    let said = taken(&place, &file, &[])?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stderr.contains("--redact"), "{said:?}");
    readable(&file)?;
    let again = taken(&place, &file, &[])?;
    again.refused(2, &["is there already", "--force"]);
    let shown = eventually("an alert fires, and the history has what was found", || {
        let found = findings(&daemon, &client)?;
        assert_eq!(taken(&place, &file, &["--force"])?.code, Some(0));
        readable(&file)?;
        let shown = from(&file, &["alerts", "--json"])?;
        let fires = shown.code == Some(1);
        let watched = from(&file, &["watch", "--json"])?;
        let told = rows(&watched)?;
        let all = found.iter().all(|finding| told.contains(finding));
        let whole = fires && all && watched.code == Some(1);
        Ok(whole
            .then_some(shown)
            .ok_or(format!("{found:?} {watched:?}")))
    })?;
    let redacted = files.path().join("redacted.tar.gz");
    let said = taken(&place, &redacted, &["--redact"])?;
    assert_eq!(said.code, Some(0), "{said:?}");
    readable(&redacted)?;

    let alerts = rows(&finish(&mut place.question("alerts"))?)?;
    let listed = rows(&finish(&mut place.question("ls"))?)?;
    assert_eq!(daemon.stop()?, Some(0));
    drop(listener);

    let then = rows(&shown)?;
    assert_eq!(then.len(), alerts.len(), "{then:?} {alerts:?}");
    for (then, live) in then.iter().zip(&alerts) {
        for member in ["name", "state", "path", "owner", "since", "example"] {
            assert_eq!(then[member], live[member], "{member}");
        }
    }
    assert!(
        shown.stderr.contains("a snapshot of") && shown.stderr.lines().count() == 1,
        "{shown:?}"
    );
    let connections = rows(&from(&file, &["ls", "--json"])?)?;
    let (then, live) = (of(&connections, &client), of(&listed, &client));
    assert_eq!((then.len(), live.len()), (1, 1));
    for member in ["connection", "owner", "state", "path", "silence", "alerts"] {
        assert_eq!(then[0][member], live[0][member], "{member}");
    }
    let none = from(&file, &["ls", "--json", "--filter", "state at-risk"])?;
    assert!(of(&rows(&none)?, &client).is_empty());
    let table = from(&file, &["ls"])?;
    assert!(table.stdout.contains(&client), "{table:?}");
    let id = then[0]["connection"]["id"].as_str().ok_or("an id")?;
    let page = from(&file, &["show", id])?;
    assert_eq!(page.code, Some(1), "{page:?}");
    for part in [client.as_str(), "Verdict: crossed", "Timeline"] {
        assert!(page.stdout.contains(part), "{part}: {page:?}");
    }
    let report = from(&file, &["report"])?;
    assert_eq!(report.code, Some(0), "{report:?}");
    assert!(report.stdout.contains("head-office"), "{report:?}");
    let stood = from(&file, &["alerts", "--json", "--at", "now"])?;
    assert!(!rows(&stood)?.is_empty(), "{stood:?}");
    let top = from(&file, &["top"])?;
    assert_eq!(top.code, Some(3), "{top:?}");
    top.says(&["terminal"]);

    let host = pair.client_address()?.ip().to_string();
    let server = pair.server_address()?.ip().to_string();
    let before = String::from_utf8_lossy(&uncompressed(&file)?).into_owned();
    let after = String::from_utf8_lossy(&uncompressed(&redacted)?).into_owned();
    let owner = &then[0]["owner"];
    let mut originals = vec![host, server, "head-office".to_owned()];
    for member in ["comm", "unit", "cgroup"] {
        originals.extend(owner[member].as_str().map(str::to_owned));
    }
    for path in [&*place.file(), files.path()] {
        originals.push(path.display().to_string());
    }
    originals.retain(|original| original != "/");
    for original in &originals {
        assert!(before.contains(original), "{original} is not in {before}");
        assert!(!after.contains(original), "{original} is in {after}");
    }
    let hidden = rows(&from(&redacted, &["ls", "--json"])?)?;
    let crossed: Vec<&Value> = hidden
        .iter()
        .filter(|row| row["connection"]["id"] == then[0]["connection"]["id"])
        .collect();
    assert_eq!(crossed.len(), 1);
    assert_eq!(crossed[0]["silence"], then[0]["silence"]);
    // One that was made before can be redacted too, and written to a pipe.
    let mut piped = tcplull(["snapshot", "-", "--redact", "--from"]);
    let piped = piped.arg(&file).output()?;
    assert!(piped.status.success(), "{piped:?}");
    fs::write(&file, piped.stdout)?;
    assert_eq!(
        rows(&from(&file, &["ls", "--json"])?)?.len(),
        connections.len()
    );
    let whole = String::from_utf8_lossy(&uncompressed(&file)?).into_owned();
    assert!(!whole.contains(&client), "{client} is in {whole}");
    Ok(())
}

fn alone() -> Tested {
    let Scene {
        files,
        network,
        place,
    } = scene()?;
    let pair = Pair::across(&network)?;
    let client = pair.client_address()?.to_string();
    let file = files.path().join("alone.tar.gz");
    let said = taken(&place, &file, &[])?;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stderr.contains("by itself") && said.stderr.contains("lacks history"),
        "{said:?}"
    );
    readable(&file)?;
    let listed = from(&file, &["ls", "--json"])?;
    assert_eq!(of(&rows(&listed)?, &client).len(), 1, "{listed:?}");
    let watch = from(&file, &["watch"])?;
    assert_eq!((watch.code, watch.stdout.as_str()), (Some(3), ""));
    watch.says(&["the snapshot has no history"]);
    let check = String::from_utf8_lossy(&uncompressed(&file)?).into_owned();
    assert!(check.contains("tcplull.check_row/1") && check.contains("head-office"));
    Ok(())
}

fn unprivileged() -> Tested {
    let files = TempDir::new()?;
    fs::set_permissions(files.path(), fs::Permissions::from_mode(0o777))?;
    let file = files.path().join("little.tar.gz");
    let name = file.to_str().ok_or("a path of plain text")?;
    let said = as_nobody(&["snapshot", name, "--config", "/dev/null"], "")?;
    assert_eq!(said.code, Some(0), "{said:?}");
    said.says(&[
        "it lacks agent, alerts, connections, paths, metrics: ",
        "it lacks history: ",
    ]);
    let listed = from(&file, &["ls"])?;
    assert_eq!(listed.code, Some(3), "{listed:?}");
    assert!(
        listed.stderr.contains("the snapshot has no connections"),
        "{listed:?}"
    );
    Ok(())
}

fn foreign() -> Tested {
    let files = TempDir::new()?;
    let file = files.path().join("some.tar.gz");
    fs::write(&file, "hello, this is a letter\n")?;
    let refuses = |what: &[&str]| -> Tested {
        for command in ["ls", "alerts", "watch", "report", "top"] {
            let mut command = tcplull([command, "--from"]);
            finish(command.arg(&file))?.refused(3, what);
        }
        Ok(())
    };
    refuses(&["some.tar.gz", "it is no snapshot"])?;
    fs::write(&file, "")?;
    refuses(&["some.tar.gz"])?;
    fs::remove_file(&file)?;
    refuses(&["some.tar.gz", "cannot read it"])?;
    let mut both = tcplull(["ls", "--host", "http://127.0.0.1:1", "--from"]);
    assert_eq!(finish(both.arg(&file))?.code, Some(2));
    let mut stated = tcplull(["ls", "--timeout", "4m", "--from"]);
    let stated = finish(stated.arg(&file))?;
    assert!(matches!(stated.code, Some(2 | 3)), "{stated:?}");
    Ok(())
}
