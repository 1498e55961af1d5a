//! What users see, byte for byte as it is kept in `tests/golden`: every `--help`, the text of `/metrics` at the start,
//! and what each kept recording comes to. A change there is a change for users: where it is meant,
//! `TCPLULL_GOLDEN=write cargo test -p monitor --test golden` keeps the new text.

use monitor::surfaces::metrics::{Metrics, PathNumbers};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Holds `text` against the file `name`.
fn same_as_kept(name: &str, text: &str) {
    let file = tests().join("golden").join(name);
    if std::env::var_os("TCPLULL_GOLDEN").is_some_and(|wish| wish == "write") {
        fs::write(&file, text).expect("the golden file can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).find(|(old, new)| old != new);
    assert!(kept == text, "{name} is not as it was kept: {differs:#?}");
}

/// What `tcplull` prints to standard output for these arguments, without privileges or terminal.
fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tcplull"))
        .args(arguments)
        .output()
        .expect("tcplull starts");
    // 1 says that what is printed is wrong: `exit_codes.rs` holds that.
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1)), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("what is printed is text")
}

#[test]
fn every_help_is_as_it_was() {
    let mut text = String::new();
    let help = printed(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.map_while(|line| line.split_whitespace().next());
    let commands: Vec<&str> = listed.filter(|command| *command != "help").collect();
    for command in [""].into_iter().chain(commands) {
        for help in ["-h", "--help"] {
            let arguments: Vec<&str> = [command, help]
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect();
            text.push_str(&format!(
                "$ tcplull {}\n{}\n",
                arguments.join(" "),
                printed(&arguments)
            ));
        }
    }
    same_as_kept("help.txt", &text);
}

#[test]
fn metrics_at_the_start_are_as_they_were() {
    let path = |name, seconds| PathNumbers {
        name,
        timeout: Duration::from_secs(seconds),
    };
    let paths = [path("nat", 240), path("gateway", 350)];
    same_as_kept("metrics.txt", &Metrics::new(paths).render());
}

#[test]
fn every_recording_comes_to_what_it_came_to() {
    let recordings = fs::read_dir(tests().join("recordings")).expect("recordings are kept");
    let mut files: Vec<PathBuf> = recordings
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "facts"));
    files.sort();
    let mut text = String::new();
    for file in &files {
        let path = file.to_str().expect("a name of plain text");
        let name = file.file_stem().expect("a file's name").display();
        for way in [&["--json"][..], &[], &["--alerts", "--json"]] {
            let arguments = [&["replay", path], way].concat();
            text.push_str(&format!(
                "$ tcplull replay {name} {}\n{}",
                way.join(" "),
                printed(&arguments)
            ));
        }
    }
    same_as_kept("findings.txt", &text);
}
