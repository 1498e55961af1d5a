//! What a testbed that was killed outright could not remove itself.

use super::namespace::{NAMED, PREFIX};
use super::{cgroup, tool};
use crate::names::{DIRECTORY, SOCKET};
use crate::testbed::remove_pins;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::path::Path;
use std::{env, fs};

/// Removes the namespaces, temporary directories and control groups of labs that no
/// longer live, and returns their names. Best effort: what cannot be removed stays,
/// and the next run tries again.
pub fn remove() -> Vec<String> {
    let mut removed = names_in(Path::new(NAMED));
    removed.retain(|name| {
        owner(name).is_some_and(|pid| !lives(pid)) && tool::ip(&format!("netns del {name}")).is_ok()
    });
    let place = env::temp_dir();
    let mut directories = names_in(&place);
    directories.retain(|name| {
        let dead = directory_owner(name).is_some_and(|pid| !lives(pid));
        if dead {
            remove_pins(&place.join(name).join(SOCKET));
        }
        dead && fs::remove_dir_all(place.join(name)).is_ok()
    });
    removed.append(&mut directories);
    if let Ok(Some(place)) = cgroup::mounted() {
        let mut groups = names_in(&place);
        groups.retain(|name| {
            directory_owner(name).is_some_and(|pid| !lives(pid))
                && cgroup::remove_tree(&place.join(name)).is_ok()
        });
        removed.append(&mut groups);
    }
    removed
}

fn names_in(directory: &Path) -> Vec<String> {
    // Where nobody has ever made a named namespace there is no such directory.
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The process that made the namespace `name`; `None` if it is not of our making.
fn owner(name: &str) -> Option<Pid> {
    let mut parts = name.strip_prefix(PREFIX)?.splitn(3, '-');
    let owner = pid(parts.next()?)?;
    let _number: u32 = parts.next()?.parse().ok()?;
    parts.next()?;
    Some(owner)
}

/// The process that made the directory `name`; `None` if it is not of our making.
fn directory_owner(name: &str) -> Option<Pid> {
    let (owner, _letters) = name.strip_prefix(DIRECTORY)?.split_once('-')?;
    pid(owner)
}

fn pid(digits: &str) -> Option<Pid> {
    let pid: i32 = digits.parse().ok()?;
    (pid > 0).then(|| Pid::from_raw(pid))
}

fn lives(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_form_have_an_owner() {
        assert_eq!(owner("tcplull-41-0-client"), Some(Pid::from_raw(41)));
        for stranger in [
            "production",
            "tcplull-",
            "tcplull-client",
            "tcplull-41",
            "tcplull-41-x-client",
            "tcplull--1-0-client",
            "tcplull-0-0-client",
        ] {
            assert_eq!(owner(stranger), None, "{stranger}");
        }
        assert_eq!(
            directory_owner("tcplull-lab-41-abc"),
            Some(Pid::from_raw(41))
        );
        for stranger in [
            "tcplull-lab-",
            "tcplull-lab-41",
            "tcplull-lab-x-abc",
            "x-41-abc",
        ] {
            assert_eq!(directory_owner(stranger), None, "{stranger}");
        }
    }

    #[test]
    fn this_process_lives() {
        assert!(lives(Pid::this()));
    }
}
