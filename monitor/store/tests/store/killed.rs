//! A process that writes, killed at any moment: what it was told to be written is there.

use crate::common::{BOUND, all, at, noise};
use monitor_store::{Kind, Settings, Writer};
use std::env;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const DIR: &str = "HISTORY_OF_A_WRITER_THAT_IS_KILLED";

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test of its own: the process that is killed. It says each number once its record is written.
#[test]
fn the_writer() {
    let Some(dir) = env::var_os(DIR).map(PathBuf::from) else {
        return;
    };
    let settings = Settings {
        dir: dir.clone(),
        max_bytes: BOUND,
        max_age: None,
    };
    let first = all_or_none(&dir).last().map_or(0, |last| last + 1);
    let mut writer = Writer::open(settings, &at(first)).unwrap();
    let mut out = stdout().lock();
    writeln!(out, "\nready").unwrap();
    for number in first.. {
        writer
            .append(Kind::Finding, &noise(number, 900), &at(number))
            .unwrap();
        writeln!(out, "wrote {number}").unwrap();
    }
}

/// The numbers that are there.
fn all_or_none(dir: &std::path::Path) -> Vec<u64> {
    if !dir.exists() {
        return Vec::new();
    }
    let records = all(dir);
    let numbers = records.iter().map(|record| {
        let number = record.at.boot_ns / 1_000_000_000;
        assert_eq!(record.text, noise(number, 900));
        number
    });
    numbers.collect()
}

#[test]
fn a_writer_that_is_killed_loses_at_most_the_record_that_it_was_writing() {
    let place = crate::common::Place::new();
    for round in 0..12 {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "killed::the_writer", "--nocapture"])
            .env(DIR, place.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut child = Killed(child);
        let out = BufReader::new(child.0.stdout.take().unwrap());
        let mut told = None;
        let mut lines = out
            .lines()
            .map(Result::unwrap)
            .skip_while(|line| line != "ready")
            .skip(1);
        for line in lines.by_ref().take(37 * (round + 1)) {
            told = Some(line);
        }
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        // What it said before the signal came; its last line may be cut.
        for line in lines {
            if place_of(&line).is_some() && line.len() == told.as_deref().map_or(0, str::len) {
                told = Some(line);
            }
        }
        let told = told.as_deref().and_then(place_of).unwrap();
        let there = all_or_none(&place.dir());
        let last = *there.last().unwrap();
        assert!(
            last >= told,
            "{told} was told to be written, {last} is the last"
        );
        assert!(
            there.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "none is missing"
        );
    }
}

fn place_of(line: &str) -> Option<u64> {
    line.strip_prefix("wrote ")?.parse().ok()
}
