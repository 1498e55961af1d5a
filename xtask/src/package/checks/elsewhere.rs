//! The same sources in another folder, built there from nothing: the program is the same, to the byte.

use super::packed::{Outcome, Packed, holds};
use crate::error::Error;
use crate::{command, files, workspace};
use std::fs;
use std::path::Path;
use std::process::Command;

pub fn same_program(packed: &Packed) -> Result<Outcome, Error> {
    // What was built there before would not be built now.
    let folder = packed.new_folder("elsewhere")?;
    if !copy_sources(&folder)? {
        return Ok(Outcome::Skipped(
            "the sources are in no repository of git's",
        ));
    }
    let program = &packed.tcplull;
    let again = workspace::build_static_elsewhere(&folder, program.how, program.architecture)?;
    let (one, two) = (files::read(&program.file)?, files::read(&again)?);
    let outcome = holds(one == two, || {
        let at = one.iter().zip(&two).position(|(one, two)| one != two);
        format!(
            "{} and {} bytes, which differ from byte {at:?} on",
            one.len(),
            two.len()
        )
    });
    // It takes a gigabyte; where they differ, what does is looked for in it.
    if matches!(outcome, Outcome::Passed) {
        files::remove_folder(&folder)?;
    }
    Ok(outcome)
}

/// Those that git knows, and those that it would be told of, as they are now; answers whether there is a git to ask.
fn copy_sources(to: &Path) -> Result<bool, Error> {
    let root = workspace::root();
    let mut list = Command::new("git");
    list.current_dir(&root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let Ok(listed) = command::output(&mut list) else {
        return Ok(false);
    };
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut any = false;
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root.join(name), to.join(name));
        // One that was removed, and git not told of it.
        if !from.is_file() {
            continue;
        }
        files::create_folder(to.parent().unwrap_or(&to))?;
        files::with_path("copy", &from, fs::copy(&from, &to))?;
        any = true;
    }
    Ok(any)
}
