//! What packages ship and people read besides the documentation: manual pages and completions, made from the command line.

use crate::common::run::{finish, finish_with, tcplull};
use crate::common::{Test, Tested};
use std::fs;
use std::process::Command;
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    Test::anywhere(
        "each_command_has_a_manual_page_in_which_man_finds_no_fault",
        man,
    ),
    Test::anywhere("each_shell_gets_its_completions", completions),
];

fn man() -> Tested {
    let folder = TempDir::new()?;
    let ended = finish(tcplull(["man"]).arg(folder.path()))?;
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
    for command in [
        "",
        "-run",
        "-watch",
        "-ls",
        "-check",
        "-alerts",
        "-replay",
        "-completions",
    ] {
        let file = folder.path().join(format!("tcplull{command}.1"));
        let page = fs::read_to_string(&file).map_err(|error| format!("{file:?}: {error}"))?;
        for section in ["NAME", "SYNOPSIS", "EXAMPLES", "\"EXIT STATUS\""] {
            assert!(
                page.contains(&format!("\n.SH {section}\n")),
                "{file:?} lacks {section}: {page}"
            );
        }
        // Where this machine has it: without it there is nothing to ask.
        let mut lint = Command::new("man");
        lint.args(["--warnings", "--local-file"])
            .arg(&file)
            .env("MANWIDTH", "80");
        if let Ok(shown) = finish(&mut lint) {
            assert_eq!(shown.code, Some(0), "{shown:?}");
            assert_eq!(shown.stderr, "", "{file:?}");
            assert!(shown.stdout.contains("tcplull"), "{shown:?}");
        }
    }
    assert!(!folder.path().join("tcplull-man.1").exists());
    let nowhere = folder.path().join("absent");
    finish(tcplull(["man"]).arg(nowhere))?.refused(3, &["manual pages", "No such file"]);
    Ok(())
}

fn completions() -> Tested {
    for shell in ["bash", "zsh", "fish"] {
        let made = finish(&mut tcplull(["completions", shell]))?;
        assert_eq!((made.code, &*made.stderr), (Some(0), ""), "{made:?}");
        for word in ["alerts", "self-test", "per-socket"] {
            assert!(made.stdout.contains(word), "{shell} lacks {word}");
        }
        // Where the shell is there, it has to understand them.
        if let Ok(ended) = finish_with(Command::new(shell).arg("-n"), &made.stdout) {
            assert_eq!(
                (ended.code, &*ended.stderr),
                (Some(0), ""),
                "{shell}: {ended:?}"
            );
        }
    }
    let unknown = finish(&mut tcplull(["completions", "bsh"]))?;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    unknown.says(&["'bash'"]);
    Ok(())
}
