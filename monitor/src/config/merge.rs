//! File and flags become one [`Config`], and its paths are held against each other.

use super::duration::TIMEOUT;
use super::error::{At, Fault, Place, Ports, Problem};
use super::file::{FileConfig, FilePath, PresetChoice};
use super::presets::{self, Preset};
use super::sources::Sources;
use super::table::Lined;
use super::{
    Config, DEFAULT_SOCKET, Notifications, Overrides, PathConfig, alertmanager, cpu_budget, dmi,
    history, log, prefix, rules, scope, sweeps, web,
};
use humantime::format_duration;
use ipnet::IpNet;
use monitor_common::{MAX_PATHS, PathClock};
use monitor_judge::{Limits, PathRules, PeerRole};
use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEFAULT_MIN_GAP: Duration = Duration::from_secs(1);
const DEFAULT_WARN_AT: f64 = 0.75;
/// What mends itself within ten seconds is over before anybody has read the page.
const DEFAULT_PAGE_AFTER: Duration = Duration::from_secs(10);

/// Two generations share the kernel's path table.
const MOST_PATHS: usize = MAX_PATHS as usize / 2;

/// The most pairs of prefix and port, of all paths together: what the kernel's
/// longest-prefix table takes of one generation.
const MOST_ENTRIES: usize = 4096;

const DEFAULT_PATH: &str = "default";
const TIMEOUT_FLAG: Place = Place::Flag("--timeout");

/// A path on its way into the configuration, with where its values came from.
struct Draft {
    path: PathConfig,
    /// Line of each prefix of `path.remote`, or of what implied them.
    prefix_places: Vec<Place>,
    /// Where its name stands.
    name_place: Place,
    /// Where its timeout stands.
    timeout_place: Place,
    heal_place: Place,
}

/// What a configuration rests on besides its text.
pub(super) struct Around<'a> {
    pub(super) dmi_root: &'a Path,
    pub(super) sources: &'a Sources,
    /// The wall clock, in ns since 1970.
    pub(super) wall_unix_ns: i64,
}

/// Merges, fills in defaults, and checks what concerns more than one value.
pub(super) fn merge(
    file: FileConfig,
    overrides: &Overrides,
    around: &Around<'_>,
) -> Result<Config, Fault> {
    let mut notes = Vec::new();
    let mut drafts = Vec::new();
    for path in file.paths {
        drafts.extend(draft(path, around, &mut notes)?);
    }
    if let Some(timeout) = overrides.timeout {
        override_default(&mut drafts, timeout, &mut notes)?;
    }
    let sweep_interval = sweeps::interval(overrides.sweep_interval, file.sweep_interval)?;
    let sweep_budget = file.sweep_budget.unwrap_or(sweeps::DEFAULT_BUDGET);
    let min_gap = file.min_gap.unwrap_or(DEFAULT_MIN_GAP);
    let warn_at = file.warn_at.unwrap_or(DEFAULT_WARN_AT);
    check_count(&drafts)?;
    check_names(&drafts)?;
    check_prefixes(&drafts)?;
    let alertmanagers = match overrides.alertmanagers.as_slice() {
        [] => file.alertmanagers,
        urls => alertmanager::of_flags(urls)?,
    };
    notes.extend(alertmanagers.iter().flat_map(|one| one.notes()));
    for draft in &drafts {
        check_min_gap(draft, min_gap, warn_at)?;
        check_heal(draft)?;
    }
    let rule_notes = drafts.iter().filter_map(|Draft { path, .. }| {
        rules::note(&path.name, &path.place, &path.rules, around.wall_unix_ns)
    });
    let rule_notes = rule_notes.collect();
    let socket = overrides.socket.clone().or(file.socket);
    let socket = socket.unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET));
    Ok(Config {
        listen: web::listen(
            &overrides.web.listen,
            file.listen.into_iter().chain(file.web.listen.clone()),
        )?,
        web: web::merge(&overrides.web, file.web),
        allowed_hosts: file.allowed_hosts,
        history: history::settings(file.history, &socket, env::var_os("STATE_DIRECTORY")),
        socket,
        socket_group: overrides.socket_group.clone().or(file.socket_group),
        sweep_interval,
        sweep_budget,
        sweep_interval_max: sweeps::interval_max(file.sweep_interval_max, sweep_interval)?,
        cpu_budget: cpu_budget::merge(overrides.cpu_budget, file.cpu_budget, sweep_budget)?,
        min_gap,
        warn_at,
        page_after: file.page_after.unwrap_or(DEFAULT_PAGE_AFTER),
        log_rate: file.log_rate.unwrap_or(log::DEFAULT_RATE),
        close_wait_ticket: file.close_wait_ticket.unwrap_or(Limits::CLOSE_WAIT_TICKET),
        metrics: file.metrics,
        alertmanagers,
        notifications: notifications(file.notifications, overrides)?,
        scope: scope::merge(file.scope, &overrides.scope),
        paths: drafts.into_iter().map(|draft| draft.path).collect(),
        notes,
        rule_notes,
        faults: Vec::new(),
    })
}

/// The file's, with the flag's name of this host in place of its own.
fn notifications(file: Notifications, overrides: &Overrides) -> Result<Notifications, Fault> {
    let flag = overrides.instance.clone().map(alertmanager::instance);
    let flag = flag
        .transpose()
        .map_err(|problem| Place::Flag("--alertmanager.instance").fault(problem))?;
    Ok(Notifications {
        instance: flag.or(file.instance),
        ..file
    })
}

/// What one `[[path]]` comes to; nothing for an "auto" that recognises no cloud.
fn draft(
    path: FilePath,
    around: &Around<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<Draft>, Fault> {
    match path.preset.as_ref().map(|preset| preset.value) {
        Some(PresetChoice::Auto) => auto(path, around, notes),
        Some(PresetChoice::Named(preset)) => explicit(path, Some(preset), around, notes).map(Some),
        None => explicit(path, None, around, notes).map(Some),
    }
}

fn explicit(
    path: FilePath,
    preset: Option<&'static Preset>,
    around: &Around<'_>,
    notes: &mut Vec<String>,
) -> Result<Draft, Fault> {
    let header = Place::Line(path.line);
    let heal_place = heal_place(&path);
    let preset_place = path.preset.map_or(header, |found| Place::Line(found.line));
    let missing = |key| header.fault(Problem::Missing { key });
    let (name, name_place) = match (path.name, preset) {
        (Some(name), _) => (name.value, Place::Line(name.line)),
        (None, Some(preset)) => (preset.name.to_owned(), preset_place),
        (None, None) => return Err(missing("name")),
    };
    let (timeout, timeout_place) = match (path.timeout, preset) {
        (Some(timeout), _) => (timeout.value, Place::Line(timeout.line)),
        (None, Some(preset)) => (preset.timeout, preset_place),
        (None, None) => return Err(missing("timeout")),
    };
    let clock = path
        .clock
        .map(|found| found.value)
        .or(preset.map(|preset| preset.clock))
        .unwrap_or(PathClock::Packets);
    let (remote, prefix_places): (Vec<_>, Vec<_>) = match path.remote {
        Some(list) => list
            .value
            .into_iter()
            .map(|prefix| (prefix.value, Place::Line(prefix.line)))
            .unzip(),
        None => prefix::everywhere()
            .into_iter()
            .map(|prefix| (prefix, name_place))
            .unzip(),
    };
    if preset.is_some_and(|preset| preset.within_subnet)
        && remote.iter().all(|prefix| prefix.prefix_len() == 0)
    {
        notes.push(format!(
            "path {name:?}: this box may sit inside one subnet, where a prefix of /0 does not apply; \
             name the subnet's prefix in remote to have neighbours judged too"
        ));
    }
    Ok(Draft {
        path: PathConfig {
            name,
            remote,
            ports: path.ports,
            timeout,
            clock,
            stated: true,
            preset,
            dialogue: path.dialogue,
            role: role(path.role.as_ref()),
            rules: path.rules,
            heal: path.heal.as_ref().map(|heal| heal.value),
            place: around.sources.shown(Place::Line(path.line)),
        },
        prefix_places,
        name_place,
        timeout_place,
        heal_place,
    })
}

/// What to point at where its heal is wrong.
fn heal_place(path: &FilePath) -> Place {
    Place::Line(path.heal.as_ref().map_or(path.line, |heal| heal.line))
}

/// Who connects to this host over a path, as it is written.
fn role(written: Option<&Lined<PeerRole>>) -> PeerRole {
    written.map(|found| found.value).unwrap_or_default()
}

fn auto(
    path: FilePath,
    around: &Around<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<Draft>, Fault> {
    let guessed = [
        ("timeout", path.timeout.as_ref().map(|found| found.line)),
        ("clock", path.clock.as_ref().map(|found| found.line)),
        ("remote", path.remote.as_ref().map(|found| found.line)),
    ];
    for (key, line) in guessed {
        if let Some(line) = line {
            return Err(Place::Line(line).fault(Problem::AutoWith { key }));
        }
    }
    let heal_place = heal_place(&path);
    let place = Place::Line(path.preset.map_or(path.line, |found| found.line));
    let Some(preset) = dmi::guess(around.dmi_root).and_then(presets::find) else {
        notes.push(
            "preset = \"auto\": this machine's DMI strings name neither Azure nor AWS nor GCP, \
             so it gives no path; name a preset or a timeout"
                .to_owned(),
        );
        return Ok(None);
    };
    let (name, name_place) = match path.name {
        Some(name) => (name.value, Place::Line(name.line)),
        None => (format!("auto-{}", preset.name), place),
    };
    notes.push(format!(
        "preset = \"auto\": by this machine's DMI strings path {name:?} is {:?}, {} for public addresses; \
         this is a guess, so crossing it does not alert",
        preset.name,
        format_duration(preset.timeout),
    ));
    let remote = prefix::globally_routable();
    Ok(Some(Draft {
        prefix_places: vec![place; remote.len()],
        path: PathConfig {
            name,
            remote,
            ports: path.ports,
            timeout: preset.timeout,
            clock: preset.clock,
            stated: false,
            preset: Some(preset),
            dialogue: path.dialogue,
            role: role(path.role.as_ref()),
            rules: path.rules,
            heal: path.heal.as_ref().map(|heal| heal.value),
            place: around.sources.shown(Place::Line(path.line)),
        },
        name_place,
        timeout_place: place,
        heal_place,
    }))
}

/// Puts `--timeout` in place: on the default path of the file for each family,
/// and on one of its own for a family without.
fn override_default(
    drafts: &mut Vec<Draft>,
    timeout: Duration,
    notes: &mut Vec<String>,
) -> Result<(), Fault> {
    let timeout = TIMEOUT.check(timeout).map_err(|problem| {
        let key = "timeout";
        TIMEOUT_FLAG.fault(Problem::Duration { key, problem })
    })?;
    // Who states a timeout by hand means it for the guess's addresses too, whose
    // longer prefixes would win.
    let before = drafts.len();
    drafts.retain(|draft| draft.path.stated);
    if drafts.len() < before {
        notes.push("--timeout replaces the path that preset = \"auto\" guessed".to_owned());
    }
    let mut missing = prefix::everywhere();
    for draft in drafts
        .iter_mut()
        .filter(|draft| draft.path.ports.is_empty())
    {
        let path = &mut draft.path;
        let covers = missing.len();
        missing.retain(|prefix| !path.remote.contains(prefix));
        if missing.len() < covers {
            path.timeout = timeout;
            draft.timeout_place = TIMEOUT_FLAG;
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let taken = drafts.iter().find(|draft| draft.path.name == DEFAULT_PATH);
    if let Some(Place::Line(first)) = taken.map(|draft| draft.name_place) {
        let first = at(Place::Line(first));
        return Err(TIMEOUT_FLAG.fault(Problem::DefaultNameTaken { first }));
    }
    drafts.push(Draft {
        prefix_places: vec![TIMEOUT_FLAG; missing.len()],
        path: PathConfig {
            name: DEFAULT_PATH.to_owned(),
            remote: missing,
            ports: Vec::new(),
            timeout,
            clock: PathClock::Packets,
            stated: true,
            preset: None,
            dialogue: None,
            role: PeerRole::default(),
            rules: PathRules::default(),
            heal: None,
            place: "--timeout".to_owned(),
        },
        name_place: TIMEOUT_FLAG,
        timeout_place: TIMEOUT_FLAG,
        heal_place: TIMEOUT_FLAG,
    });
    Ok(())
}

fn check_count(drafts: &[Draft]) -> Result<(), Fault> {
    if let Some(over) = drafts.get(MOST_PATHS) {
        return Err(over
            .name_place
            .fault(Problem::TooManyPaths { most: MOST_PATHS }));
    }
    let mut count = 0;
    for draft in drafts {
        count += draft.path.remote.len() * draft.path.ports.len().max(1);
        if count > MOST_ENTRIES {
            return Err(draft.name_place.fault(Problem::TooManyEntries {
                name: draft.path.name.clone(),
                count,
                most: MOST_ENTRIES,
            }));
        }
    }
    Ok(())
}

/// The line to point at; a flag's path stands in none, and it comes last, so it
/// is never pointed at.
fn at(place: Place) -> At {
    let line = match place {
        Place::Line(line) => line,
        Place::Flag(_) => 0,
    };
    At { file: None, line }
}

fn check_names(drafts: &[Draft]) -> Result<(), Fault> {
    let mut taken = HashMap::new();
    for draft in drafts {
        if let Some(first) = taken.insert(draft.path.name.as_str(), draft.name_place) {
            return Err(draft.name_place.fault(Problem::NameTaken {
                name: draft.path.name.clone(),
                first: at(first),
            }));
        }
    }
    Ok(())
}

fn check_prefixes(drafts: &[Draft]) -> Result<(), Fault> {
    let mut taken: HashMap<(IpNet, Ports), (&Draft, Place)> = HashMap::new();
    for draft in drafts {
        let ports = if draft.path.ports.is_empty() {
            vec![Ports::All]
        } else {
            draft.path.ports.iter().copied().map(Ports::One).collect()
        };
        for (&prefix, &place) in draft.path.remote.iter().zip(&draft.prefix_places) {
            for &ports in &ports {
                let Some((other, first)) = taken.insert((prefix, ports), (draft, place)) else {
                    continue;
                };
                let (other, first) = (other.path.name.clone(), at(first));
                let problem = if prefix.prefix_len() == 0 && other != draft.path.name {
                    Problem::SecondDefault {
                        name: draft.path.name.clone(),
                        other,
                        first,
                        prefix,
                        ports,
                    }
                } else {
                    Problem::PrefixTaken {
                        other,
                        first,
                        prefix,
                        ports,
                    }
                };
                return Err(place.fault(problem));
            }
        }
    }
    Ok(())
}

fn check_min_gap(draft: &Draft, min_gap: Duration, warn_at: f64) -> Result<(), Fault> {
    let timeout = draft.path.timeout;
    let warn = timeout.mul_f64(warn_at);
    if warn > min_gap {
        return Ok(());
    }
    Err(draft.timeout_place.fault(Problem::MinGap {
        name: draft.path.name.clone(),
        warn,
        share: warn_at,
        timeout,
        min_gap,
    }))
}

/// Whether what is to be set on its sockets can help there.
fn check_heal(draft: &Draft) -> Result<(), Fault> {
    let path = &draft.path;
    let Some(rule) = &path.heal else {
        return Ok(());
    };
    let payload = path.clock == PathClock::Payload;
    rule.check(path.timeout, payload).map_err(|problem| {
        draft.heal_place.fault(Problem::Heal {
            name: path.name.clone(),
            problem,
        })
    })
}
