//! Exit codes that scripts can use, the same for every command: 0 nothing wrong, 1 findings, 2 wrong usage, 3 cannot run.

use crate::common::net::{Pair, routed};
use crate::common::place::{alone_on, place_in, watching};
use crate::common::run::{as_nobody, finish, tcplull};
use crate::common::{Test, Tested, eventually};
use std::fs::File;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::as_root("they_say_whether_what_was_shown_is_wrong", shown),
    Test::anywhere(
        "a_word_that_nobody_knows_is_answered_with_the_nearest",
        typos,
    ),
    Test::anywhere(
        "without_daemon_and_privileges_ls_says_both_in_one_line",
        alone,
    ),
];

fn shown() -> Tested {
    let network = routed()?;
    let place = place_in(&network.block, &watching(&network.block, "quick", "1s"))?;
    let daemon = alone_on(&network.client, &place, &[])?;
    let file = |name| File::create(place.path(name));
    let mut watch = place.question("watch");
    let mut watch = watch
        .stdout(file("watched")?)
        .stderr(file("watch-says")?)
        .spawn()?;
    eventually("somebody watches", || {
        let clients = daemon.metric("inspect_clients", &[])?;
        Ok((clients > 0.0).then_some(()).ok_or(clients))
    })?;
    for question in ["ls", "alerts"] {
        let ended = finish(&mut place.question(question))?;
        assert_eq!(
            ended.code,
            Some(0),
            "nothing is there yet: {question} {ended:?}"
        );
    }
    let pair = Pair::across(&network)?;
    daemon.await_finding(pair.client_address()?, "crossed")?;
    for question in ["ls", "alerts"] {
        let ended = finish(&mut place.question(question))?;
        assert_eq!(ended.code, Some(1), "{question} {ended:?}");
        // For people the same.
        let mut people = tcplull([question, "--socket"]);
        let ended = finish(people.arg(place.socket()))?;
        assert_eq!(ended.code, Some(1), "{question} {ended:?}");
    }
    let mut looks_itself = tcplull(["ls", "--config"]);
    let ended = finish(looks_itself.arg(place.file()).args(["--timeout", "10m"]))?;
    assert_eq!(ended.code, Some(1), "its path is longer: {ended:?}");
    assert_eq!(daemon.stop()?, Some(0));
    // Its daemon has stopped, and it has shown what crossed.
    assert_eq!(watch.wait()?.code(), Some(1));
    Ok(())
}

fn typos() -> Tested {
    for (arguments, meant) in [
        (&["alrets"][..], "'alerts'"),
        (&["ls", "--jsn"], "'--json'"),
        (&["run", "--watch", "snapshot"], "'snapshots'"),
        (&["run", "--log-format", "jsom"], "'json'"),
        (&["check", "--hooks", "sned=fentry"], "\"send=fentry\"?"),
    ] {
        let ended = finish(&mut tcplull(arguments))?;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        ended.says(&[meant]);
    }
    let place = TempDir::new()?;
    let file = place.path().join("config.toml");
    for (text, meant) in [
        ("[[path]]\npreset = \"azure-snta\"\n", "\"azure-snat\"?"),
        ("[metrics]\nby_workload = [\"outcom\"]\n", "\"outcome\"?"),
        ("[[paths]]\n", "\"path\"?"),
        ("[history]\nmax_byte = 0\n", "\"max_bytes\"?"),
    ] {
        std::fs::write(&file, text)?;
        let ended = finish(tcplull(["check", "--config"]).arg(&file))?;
        ended.refused(2, &["config.toml:", "did you mean", meant]);
    }
    Ok(())
}

fn alone() -> Tested {
    let place = TempDir::new()?;
    let config = place.path().join("config.toml");
    let socket = place.path().join("tcplull.sock");
    std::fs::write(&config, format!("socket = {socket:?}\n"))?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(place.path(), readable)?;
    let config = config.display().to_string();
    let ended = as_nobody(&["ls", "--config", &config], "")?;
    let socket = socket.display().to_string();
    ended.refused(
        3,
        &["no tcplull answers on ", &socket, "CAP_BPF", "CAP_PERFMON"],
    );
    Ok(())
}
