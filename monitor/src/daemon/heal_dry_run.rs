//! What heal would do, by the configuration as it is written: a look of its own, which sets nothing and asks no daemon.

use super::heal::{Retries, socket};
use super::look_once::LookOnce;
use super::self_test;
use crate::config::Config;
use monitor_common::Fact;
use monitor_heal::{Plan, Rule, plan};
use monitor_judge::connection;
use monitor_kernel::KernelError;
use monitor_model::format::printable;
use std::path::Path;

/// What was found of one path that is to be healed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DryRun {
    /// Sockets that would be set.
    pub set: u64,
    /// Sockets that would be left alone.
    pub left: u64,
}

/// Looks at all sockets once, and hands over a line for each that is on a path with `[path.heal]`: what would be set, or why
/// nothing would be. A share is taken for the whole. Answers how many there are of each.
///
/// # Errors
/// Why the kernel side cannot look here, or that what the scope names is not there.
pub fn heal_dry_run(
    config: &Config,
    btf: &Path,
    mut each: impl FnMut(String),
) -> Result<DryRun, KernelError> {
    let look = LookOnce::load(config, btf)?;
    let (first, jiffy_ns) = (look.first_path, look.jiffy_ns);
    let mut found: Vec<(u64, usize, Fact)> = Vec::new();
    look.sweep(|fact| {
        let place = fact.path_id.checked_sub(first).map(|place| place as usize);
        let path = place.and_then(|place| Some((place, config.paths.get(place)?)));
        if let Some((place, path)) = path
            && path.heal.is_some()
            && !self_test::is_of_another(fact)
        {
            found.push((fact.socket.cookie, place, *fact));
        }
    })?;
    // One that several processes hold is shown with each of them.
    found.sort_by_key(|(cookie, ..)| *cookie);
    found.dedup_by_key(|(cookie, ..)| *cookie);
    let mut retries = Retries::default();
    let mut run = DryRun::default();
    for (_, place, fact) in &found {
        let Some((path, rule)) = config
            .paths
            .get(*place)
            .and_then(|path| Some((path, path.heal?)))
        else {
            continue;
        };
        let whole = Rule {
            share_percent: 100,
            ..rule
        };
        let socket = socket(fact, None, jiffy_ns, retries.of(fact));
        let plan = plan(&whole, path.timeout, &socket);
        match plan.changes(&socket) {
            true => run.set += 1,
            false => run.left += 1,
        }
        each(line(
            fact,
            &path.name,
            &socket.timers.change_to(&plan.to),
            &plan,
        ));
    }
    Ok(run)
}

fn line(fact: &Fact, path: &str, change: &str, plan: &Plan) -> String {
    let connection = connection(&fact.socket);
    let not: Vec<&str> = plan.not.iter().map(|why| why.words()).collect();
    let not = not.join("; ");
    let would = match (change, not.is_empty()) {
        ("", _) => format!("left alone: {not}"),
        (change, true) => change.to_owned(),
        (change, false) => format!("{change}; not all of it: {not}"),
    };
    let (id, local, remote) = (connection.id, connection.local, connection.remote);
    printable(&format!("{id} {local} → {remote} (path {path}): {would}"))
}
