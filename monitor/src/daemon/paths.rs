//! The configuration's paths in the two forms that others need: the kernel's
//! table, and what the judge must know.

use crate::config::Config;
use crate::surfaces::metrics::PathNumbers;
use monitor_common::PathClock;
use monitor_judge::JudgedPath;
use monitor_kernel::TablePath;
use monitor_model::finding::Clock;
use monitor_model::path_state::PathPreset;
use std::collections::BTreeMap;
use std::time::Duration;

/// Paths for the kernel's table, in the order of the configuration.
pub fn for_kernel(config: &Config) -> Vec<TablePath> {
    config
        .paths
        .iter()
        .map(|path| TablePath {
            remote: path.remote.clone(),
            ports: path.ports.clone(),
            timeout: path.timeout,
            warn: path.timeout.mul_f64(config.warn_at),
            clock: path.clock,
        })
        .collect()
}

/// The same paths for the judge; `first` is the path id of the first.
pub fn for_judge(config: &Config, first: u32) -> Vec<JudgedPath> {
    (first..)
        .zip(&config.paths)
        .map(|(id, path)| JudgedPath {
            id,
            name: path.name.clone(),
            timeout_ns: nanos(path.timeout),
            warn_ns: nanos(path.timeout.mul_f64(config.warn_at)),
            clock: match path.clock {
                PathClock::Packets => Clock::Packets,
                PathClock::Payload => Clock::Payload,
            },
            stated: path.stated,
            dialogue: path.dialogue,
            role: path.role,
            rules: path.rules.clone(),
        })
        .collect()
}

/// The presets that they name, or that were guessed, by the names of the paths.
pub(super) fn presets(config: &Config) -> BTreeMap<String, PathPreset> {
    let named = config.paths.iter().filter_map(|path| {
        let preset = path.preset?;
        let shown = PathPreset {
            name: preset.name.to_owned(),
            timeout_seconds: preset.timeout.as_secs_f64(),
        };
        Some((path.name.clone(), shown))
    });
    named.collect()
}

/// The same paths for the metrics.
pub(super) fn for_metrics(paths: &[JudgedPath]) -> impl Iterator<Item = PathNumbers<'_>> {
    paths.iter().map(|path| PathNumbers {
        name: &path.name,
        timeout: Duration::from_nanos(path.timeout_ns),
    })
}

/// `duration` in ns.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
