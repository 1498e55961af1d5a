//! Cgroups of a scope: by path, and by the unit that systemd made one for.

use crate::cgroup_root;
use monitor_common::{MISSING, Offsets, ScopeGroup};
use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The most directories of one search for a unit. A node of 250 pods has about 1,500 cgroups.
const MOST_DIRECTORIES: usize = 65_536;

/// What names of units end in (systemd.unit(5)); one that ends in none of them is a service's, as for systemctl.
const KINDS: [&str; 7] = [
    ".service", ".scope", ".slice", ".socket", ".mount", ".swap", ".device",
];

/// The cgroup v2 hierarchy of the host.
#[derive(Debug)]
pub(super) struct Groups {
    root: PathBuf,
    /// Where the unit was found last.
    unit: Option<PathBuf>,
}

impl Groups {
    /// Where it is mounted, if this kernel shows a socket's place in it.
    pub(super) fn new(offsets: &Offsets) -> Result<Self, String> {
        let lists = [offsets.cgroup_ancestors, offsets.cgroup_ancestor_ids];
        let needed = [offsets.sk_cgrp_data, offsets.cgroup_level];
        if needed.contains(&MISSING) || lists == [MISSING; 2] {
            return Err(
                "this kernel keeps a socket's cgroup where tcplull cannot read it (before 5.16, or without \
                 CONFIG_SOCK_CGROUP_DATA): use --netns or --pid"
                    .to_owned(),
            );
        }
        Ok(Self {
            root: cgroup_root::place()?,
            unit: None,
        })
    }

    /// Whether a path can be one in this hierarchy.
    pub(super) fn check(&self, path: &Path) -> Result<(), String> {
        let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
        if path.is_absolute() && path.components().all(plain) {
            Ok(())
        } else {
            Err(format!(
                "{} is no path in the hierarchy; write it as /system.slice or {}/system.slice",
                path.display(),
                self.root.display()
            ))
        }
    }

    /// The cgroup at this path, if it is there.
    pub(super) fn at(&self, path: &Path) -> Option<ScopeGroup> {
        let below = match path.strip_prefix(&self.root) {
            Ok(below) => below,
            Err(_) => path.strip_prefix("/").ok()?,
        };
        let found = fs::metadata(self.root.join(below)).ok()?;
        found.is_dir().then(|| ScopeGroup {
            // In cgroup v2 the id is the inode number of the directory (kernfs, 64-bit kernels).
            id: found.ino(),
            level: u32::try_from(below.components().count()).unwrap_or(u32::MAX),
            reserved: 0,
        })
    }

    /// The cgroup of this unit, if it is there. It is looked for where it was last before it is searched.
    pub(super) fn of_unit(&mut self, unit: &str) -> Option<ScopeGroup> {
        if let Some(found) = self.unit.as_ref().and_then(|place| self.at(place)) {
            return Some(found);
        }
        self.unit = self.search(&unit_name(unit));
        self.unit.as_ref().and_then(|place| self.at(place))
    }

    /// The uppermost directory of this name: the units of the system's manager lie above those of users' managers.
    fn search(&self, name: &str) -> Option<PathBuf> {
        let mut waiting = VecDeque::from([self.root.clone()]);
        let mut seen = 0;
        while let Some(directory) = waiting.pop_front() {
            // A cgroup may go while the search is under way.
            let Ok(entries) = fs::read_dir(&directory) else {
                continue;
            };
            let directories = entries
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            for entry in directories {
                if entry.file_name() == *name {
                    return Some(entry.path());
                }
                seen += 1;
                if seen > MOST_DIRECTORIES {
                    tracing::warn!(
                        "unit {name} is not among the first {MOST_DIRECTORIES} cgroups: name it by --cgroup"
                    );
                    return None;
                }
                waiting.push_back(entry.path());
            }
        }
        None
    }
}

fn unit_name(unit: &str) -> String {
    if KINDS.iter().any(|kind| unit.ends_with(kind)) {
        unit.to_owned()
    } else {
        format!("{unit}.service")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, Groups) {
        let place = tempfile::tempdir().unwrap();
        for path in [
            "user.slice/user-1.slice/user@1.service/app.slice/api.service",
            "system.slice/api.service/worker",
        ] {
            fs::create_dir_all(place.path().join(path)).unwrap();
        }
        let root = place.path().to_owned();
        (place, Groups { root, unit: None })
    }

    #[test]
    fn a_cgroup_is_named_by_its_path_in_the_hierarchy_or_by_its_directory() {
        let (place, groups) = tree();
        let path = Path::new("/system.slice/api.service");
        let found = groups.at(path).unwrap();
        let directory = place.path().join("system.slice/api.service");
        assert_eq!(found.id, fs::metadata(&directory).unwrap().ino());
        assert_eq!(found.level, 2);
        assert_eq!(groups.at(&directory), Some(found));
        assert_eq!(groups.at(Path::new("/")).unwrap().level, 0);
        assert_eq!(groups.at(Path::new("/system.slice/other")), None);
        assert!(groups.check(path).is_ok());
        for wrong in ["system.slice", "/system.slice/../user.slice"] {
            assert!(groups.check(Path::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_units_with_one_name_the_systems_is_found_also_when_it_is_started_anew() {
        let (place, mut groups) = tree();
        let directory = place.path().join("system.slice/api.service");
        for name in ["api.service", "api"] {
            let found = groups.of_unit(name).unwrap();
            assert_eq!(found.id, fs::metadata(&directory).unwrap().ino());
        }
        assert_eq!(groups.of_unit("api.service").unwrap().level, 2);
        assert_eq!(
            Groups {
                unit: None,
                ..groups
            }
            .of_unit("other"),
            None
        );
    }
}
