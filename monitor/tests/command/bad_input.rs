//! Wrong configurations, wrong flags and missing privileges: one line that says
//! what is wrong and what would be right, and an exit code for scripts.

use crate::common::run::{Ended, as_nobody, finish, tcplull};
use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::anywhere("a_wrong_line_is_named_with_its_remedy", wrong_lines),
    Test::anywhere("a_reading_command_refuses_the_same_file", every_command),
    Test::anywhere("a_file_that_was_named_must_be_there", no_such_file),
    Test::anywhere("a_wrong_timeout_flag_is_named", wrong_timeout),
    Test::anywhere("a_negative_timeout_flag_is_named", negative_timeout),
    Test::anywhere("an_unknown_hook_is_answered_with_all_there_is", wrong_hook),
    Test::anywhere("without_a_daemon_its_socket_is_named", no_daemon),
    Test::anywhere(
        "without_privileges_both_capabilities_are_named",
        no_privileges,
    ),
    Test::as_root("without_btf_the_kernel_option_is_named", no_btf),
    Test::as_root("a_file_that_is_no_btf_is_named", not_btf),
    Test::anywhere("a_ring_of_an_impossible_size_is_refused", ring_sizes),
    Test::as_root("verbose_adds_the_details_after_the_line", verbose),
];

/// Wrong files: the text, the line at fault, and what the message must say.
const WRONG: &[(&str, usize, &[&str])] = &[
    (
        "# a comment\nlisten = \"127.0.0.1:0\"\nsweep_intervall = \"5s\"\n",
        3,
        &["sweep_intervall", "did you mean \"sweep_interval\"?"],
    ),
    (
        "[[path]]\nname = \"nat\"\ntimeout = \"4m\"\nremote = [\n  \"10.0.0.0/8\",\n  \"10.1.0.0/33\",\n]\n",
        6,
        &["10.1.0.0/33", "10.0.0.0/8"],
    ),
    (
        "[[path]]\nname = \"nat\"\ntimeout = \"0s\"\n",
        3,
        &["timeout", "zero"],
    ),
    (
        "[[path]]\nname = \"nat\"\ntimeout = \"-4m\"\n",
        3,
        &["timeout", "negative", "4m"],
    ),
    ("sweep_interval = \"0s\"\n", 1, &["sweep_interval", "zero"]),
    (
        "[[path]]\nname = \"one\"\ntimeout = \"4m\"\n\n[[path]]\nname = \"two\"\ntimeout = \"5m\"\n",
        6,
        &["\"two\"", "second default path", "\"one\""],
    ),
    ("listen = \n", 1, &["not valid TOML"]),
];

fn wrong_lines() -> Tested {
    let place = TempDir::new()?;
    let file = place.path().join("wrong.toml");
    for (text, line, parts) in WRONG {
        fs::write(&file, text)?;
        let ended = finish(tcplull(["run", "--config"]).arg(&file))?;
        let at = format!("{}:{line}: ", file.display());
        ended.refused(2, &[at.as_str()]);
        ended.refused(2, parts);
    }
    Ok(())
}

fn every_command() -> Tested {
    let place = TempDir::new()?;
    let file = place.path().join("wrong.toml");
    fs::write(&file, "min_gap = \"soon\"\n")?;
    for command in ["run", "check", "ls", "watch", "alerts"] {
        let ended = finish(tcplull([command, "--config"]).arg(&file))?;
        ended.refused(2, &["wrong.toml:1: ", "min_gap", "\"soon\""]);
    }
    Ok(())
}

fn no_such_file() -> Tested {
    let place = TempDir::new()?;
    let file = place.path().join("absent.toml");
    let ended = finish(tcplull(["run", "--config"]).arg(&file))?;
    ended.refused(2, &["absent.toml", "No such file", "--config"]);
    Ok(())
}

fn wrong_timeout() -> Tested {
    for (value, part) in [
        ("soon", "no duration"),
        ("0s", "zero"),
        ("240", "time unit"),
    ] {
        for command in ["run", "ls"] {
            let ended = finish(&mut tcplull([command, "--timeout", value]))?;
            flag_refused(&ended, &["--timeout", value, part]);
        }
    }
    Ok(())
}

/// A minus sign must not turn the value into another flag.
fn negative_timeout() -> Tested {
    let ended = finish(&mut tcplull(["run", "--timeout", "-5s"]))?;
    flag_refused(&ended, &["--timeout", "-5s", "negative"]);
    Ok(())
}

fn wrong_hook() -> Tested {
    for value in [
        "send=kprobe",
        "sent=fentry",
        "receive",
        "receive=fentry,send=x",
    ] {
        for command in ["run", "check"] {
            let ended = finish(&mut tcplull([command, "--hooks", value]))?;
            flag_refused(&ended, &["--hooks", "there are: send=tp_btf, send=fentry,"]);
        }
    }
    Ok(())
}

/// Flags are refused by the argument parser, which points to --help below its line.
fn flag_refused(ended: &Ended, parts: &[&str]) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    ended.says(&[]);
    let line = ended.stderr.lines().next().unwrap_or_default();
    for part in parts {
        assert!(line.contains(part), "{ended:?}\nlacks {part:?}");
    }
}

fn no_daemon() -> Tested {
    let place = TempDir::new()?;
    let socket = place.path().join("tcplull.sock");
    let named = socket.display().to_string();
    for command in ["watch", "alerts", "ls"] {
        for json in [&["--json"][..], &[]] {
            let ended = finish(tcplull([command, "--socket"]).arg(&socket).args(json))?;
            ended.refused(3, &[&named, "tcplull run", "--socket"]);
        }
    }
    Ok(())
}

fn no_privileges() -> Tested {
    let place = TempDir::new()?;
    fs::set_permissions(place.path(), Permissions::from_mode(0o755))?;
    let config = place.path().join("config.toml");
    let socket = place.path().join("tcplull.sock");
    fs::write(&config, format!("socket = {socket:?}\n"))?;
    let config = config.display().to_string();
    for arguments in [
        &["run"][..],
        &["run", "--config", &config],
        &["check"],
        &["check", "--json"],
        &["ls", "--timeout", "4s"],
    ] {
        let ended = as_nobody(arguments, "")?;
        ended.refused(3, &["CAP_BPF", "CAP_PERFMON", "root", "setcap"]);
    }
    assert!(
        !socket.exists(),
        "a daemon that cannot run claimed its socket"
    );
    Ok(())
}

/// Every command that loads programs, each with `--btf` naming `file`.
fn with_btf(file: &Path) -> Result<Vec<Ended>, Failed> {
    let place = TempDir::new()?;
    let config = place.path().join("config.toml");
    let socket = place.path().join("tcplull.sock");
    fs::write(
        &config,
        format!("listen = \"127.0.0.1:0\"\nsocket = {socket:?}\n"),
    )?;
    let mut all = Vec::new();
    for arguments in [
        &["run"][..],
        &["check"],
        &["check", "--json"],
        &["ls", "--timeout", "4s"],
    ] {
        let ended = finish(
            tcplull(arguments)
                .arg("--config")
                .arg(&config)
                .arg("--btf")
                .arg(file),
        )?;
        all.push(ended);
    }
    assert!(
        !socket.exists(),
        "a daemon that did not start left its socket"
    );
    Ok(all)
}

fn no_btf() -> Tested {
    for ended in with_btf(Path::new("/nonexistent"))? {
        ended.refused(3, &["/nonexistent", "CONFIG_DEBUG_INFO_BTF", "--btf"]);
    }
    Ok(())
}

fn not_btf() -> Tested {
    let place = TempDir::new()?;
    let file = place.path().join("btf");
    for content in [
        &b""[..],
        b"no BTF at all\n",
        b"\x9f\xeb\x01\x00\x18\x00\x00\x00",
    ] {
        fs::write(&file, content)?;
        for ended in with_btf(&file)? {
            ended.refused(3, &[&file.display().to_string(), "CONFIG_DEBUG_INFO_BTF"]);
        }
    }
    Ok(())
}

fn ring_sizes() -> Tested {
    for bytes in ["0", "5000", "4294967295", "many"] {
        let ended = finish(&mut tcplull(["run", "--ring-bytes", bytes]))?;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        ended.says(&["--ring-bytes", bytes, "4096"]);
    }
    Ok(())
}

fn verbose() -> Tested {
    let run = |more: &[&str]| {
        finish(
            tcplull(["run", "--config", "/dev/null", "--listen", "127.0.0.1:0"])
                .args(["--socket", "/proc/none/tcplull.sock"])
                .args(more),
        )
    };
    let plain = run(&[])?;
    plain.refused(3, &["/proc/none"]);
    let told = run(&["--verbose"])?;
    assert_eq!(told.code, plain.code, "{told:?}");
    // The same line, and only then what is behind it.
    let (_, details) = told
        .stderr
        .split_once(&plain.stderr)
        .ok_or_else(|| format!("{told:?} lacks {:?}", plain.stderr))?;
    assert!(details.starts_with("caused by: "), "{told:?}");
    Ok(())
}
