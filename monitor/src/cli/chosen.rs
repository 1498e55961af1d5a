//! Which findings `watch` shows, of those that the daemon tells: chosen by what the kernel said of connection and owner.

use super::exit::CliError;
use monitor_kernel::{Netns, Scope};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What a finding must have to be shown.
pub(super) struct Chosen {
    scope: Scope,
    /// Inode of the scope's network namespace.
    netns: Option<u64>,
}

impl Chosen {
    /// By this scope, as it is now.
    pub(super) fn by(scope: Scope) -> Result<Self, CliError> {
        let file = |netns: &Netns| match netns {
            Netns::Path(path) => path.clone(),
            Netns::OfProcess(pid) => PathBuf::from(format!("/proc/{pid}/ns/net")),
        };
        let netns = scope.netns.as_ref().map(file);
        let netns = netns.map(|file| fs::metadata(file).map(|found| found.ino()));
        let netns = netns.transpose().map_err(|source| CliError::Io {
            what: "--netns: there is no such network namespace",
            source,
        })?;
        Ok(Self { scope, netns })
    }

    /// Whether a finding is shown. One whose owner is not known is of no cgroup, unit or process.
    pub(super) fn takes(&self, finding: &Value) -> bool {
        let owner = &finding["owner"];
        let cgroup = owner["cgroup"].as_str();
        let below =
            |path: &PathBuf| cgroup.is_some_and(|found| is_below(found, &path.to_string_lossy()));
        let of_unit = |unit: &String| {
            let service = format!("{unit}.service");
            let mut parts = cgroup.unwrap_or_default().split('/');
            parts.any(|part| part == unit || part == service)
        };
        self.netns
            .is_none_or(|netns| finding["connection"]["netns"] == netns)
            && self.scope.pid.is_none_or(|pid| owner["pid"] == pid)
            && self.scope.cgroup.as_ref().is_none_or(below)
            && self.scope.unit.as_ref().is_none_or(of_unit)
    }
}

/// Whether a path of the hierarchy is that of `group`, or below it. A directory of the file system has the path behind
/// it.
fn is_below(path: &str, group: &str) -> bool {
    const MOUNTS: [&str; 2] = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
    let mounted = MOUNTS.iter().find_map(|mount| {
        let rest = group.strip_prefix(mount)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    });
    let group = mounted.unwrap_or(group).trim_end_matches('/');
    let rest = path.strip_prefix(group);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn takes(scope: Scope) -> bool {
        let finding = json!({
            "connection": {"netns": 7},
            "owner": {"pid": 12, "cgroup": "/system.slice/api.service/worker"},
        });
        Chosen { netns: None, scope }.takes(&finding)
    }

    #[test]
    fn a_finding_is_chosen_by_its_owner() {
        for (cgroup, taken) in [
            ("/", true),
            ("/system.slice", true),
            ("/system.slice/", true),
            ("/sys/fs/cgroup/unified/system.slice/api.service", true),
            ("/system", false),
            ("/system.slice/api.service/worker/deeper", false),
        ] {
            let scope = Scope {
                cgroup: Some(cgroup.into()),
                ..Scope::default()
            };
            assert_eq!(takes(scope), taken, "{cgroup}");
        }
        for (unit, taken) in [("api.service", true), ("api", true), ("ap", false)] {
            let scope = Scope {
                unit: Some(unit.into()),
                ..Scope::default()
            };
            assert_eq!(takes(scope), taken, "{unit}");
        }
        for (pid, taken) in [(12, true), (13, false)] {
            let scope = Scope {
                pid: Some(pid),
                ..Scope::default()
            };
            assert_eq!(takes(scope), taken, "{pid}");
        }
    }

    #[test]
    fn one_of_another_namespace_or_of_nobody_is_left_out() {
        let finding = json!({"connection": {"netns": 7}, "owner": {"pid": null, "cgroup": null}});
        let mut chosen = Chosen {
            scope: Scope::default(),
            netns: Some(7),
        };
        assert!(chosen.takes(&finding));
        chosen.netns = Some(8);
        assert!(!chosen.takes(&finding));
        let scope = Scope {
            cgroup: Some("/".into()),
            ..Scope::default()
        };
        assert!(!Chosen { scope, netns: None }.takes(&finding));
    }
}
