//! What dependencies bring along: licences, sources, advisories, by deny.toml.

use crate::error::Error;
use crate::results::Results;
use crate::setup::DENY;
use crate::{command, progress};

/// What needs nothing but the crates.
const CHECKS: &str = "check licenses bans sources";

/// What needs the database of advisories, which its makers change every few days.
const ADVISORIES: &str = "check advisories";

/// Runs all checks; each that fails is one failure. Where the database cannot be fetched, that is said.
pub fn run(results: &mut Results) -> Result<(), Error> {
    DENY.ensure()?;
    check(CHECKS, results)?;
    let mut fetch = DENY.call();
    fetch
        .args(["fetch", "db"])
        // A repository that is not to be had is not to ask for a password either.
        .env("GIT_TERMINAL_PROMPT", "0");
    progress::step("cargo deny fetch db");
    if command::output(&mut fetch)?.status.success() {
        check(ADVISORIES, results)
    } else {
        progress::note(
            "the database of advisories cannot be fetched here, so no dependency was looked up in it",
        );
        Ok(())
    }
}

fn check(args: &str, results: &mut Results) -> Result<(), Error> {
    let name = format!("cargo deny {args}");
    progress::step(&name);
    let status = command::status(DENY.call().args(args.split(' ')))?;
    if status.success() {
        results.pass(1);
    } else {
        results.fail(name);
    }
    Ok(())
}
